"""A cloud on a laptop: the real program and the real handler on moto, in virtual time."""
