"""What the monitor can see and do in AWS: one interface, its values, and botocore behind it."""
