"""Carrying a decision out, and making sure that the next check comes."""
