"""The on-box runner, for the Python of the image from 3.9 on: runs the command and tells how it ended."""
