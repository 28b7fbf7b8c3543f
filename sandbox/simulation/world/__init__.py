"""One simulated lifecycle: machine, bucket, schedules, box, faults, and the record of it."""
