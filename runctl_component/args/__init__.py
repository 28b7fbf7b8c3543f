"""What can be declared: every arg with its rule, its default and the limits it must fit."""
