"""What the runner knows of its machine: files, metadata service, tags, time, and how to power it off."""
