"""Before the command runs: whether its end could be told, its secrets, its code."""
