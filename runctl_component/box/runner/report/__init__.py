"""What the runner tells: the log and the marker, and how they reach S3."""
