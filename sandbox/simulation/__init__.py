"""A deterministic simulation of runs, their monitor and a failing cloud, in the manner of FoundationDB."""
