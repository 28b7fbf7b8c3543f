"""What Lambda runs: one check of one training run, from trigger to ending."""
