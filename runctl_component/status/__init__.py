"""What is going on: which runs there are, in which state each is, and how it ended."""
