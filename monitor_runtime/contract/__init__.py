"""What the component writes and the monitor reads."""
