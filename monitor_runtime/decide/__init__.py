"""What to do about a run: pure functions from what was seen to a decision."""
