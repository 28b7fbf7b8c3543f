"""The stack program: runs and their shared monitor from the stack's config."""
