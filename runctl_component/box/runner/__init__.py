"""What runs on the instance: a program for its system's Python, 3.9 or later, without anything else installed."""
