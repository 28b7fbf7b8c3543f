"""What must hold in every lifecycle, judged from the record alone."""
