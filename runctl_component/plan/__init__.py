"""What a preview says of a run: checks, endings, calls and dollars."""
