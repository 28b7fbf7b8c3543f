"""Lambda's own Python runtime, in the emulator that AWS ships, and AWS as a function in it sees it."""
