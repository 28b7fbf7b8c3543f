"""One look at AWS: which run an event is about, and what is true of it now."""
