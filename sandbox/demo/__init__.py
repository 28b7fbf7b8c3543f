"""make demo: one training run as a story, with its timeline and picture."""
