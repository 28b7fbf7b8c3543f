"""What the runner knows of its machine: files, metadata service, tags, other units, time, and how to power it off."""
