"""Carrying a decision out, and seeing to it that the next check comes."""
