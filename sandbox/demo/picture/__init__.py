"""The timeline of a story as a picture, which tells it by itself."""
