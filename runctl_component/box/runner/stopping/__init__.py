"""Which processes are the training, who of them is asked to end, and when it is over."""
