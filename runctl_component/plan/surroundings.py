"""What of a run's resources matters to its end, beside its settings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """As far as a preview knows it: None is unknown, or a secret, where nothing else is said."""

    spot: str | None = None
    """None is on demand; else ``one-time`` or ``persistent``."""
    instance_type: str | None = None
    notifies: bool | None = None
    """Whether the monitor has a topic."""
    encrypted_topic: bool = False
    """Whether that has a key of its own."""
    has_dashboard: bool = True
    """Whether the monitor has one."""
    powers_off_unmarked: bool = True
    """Whether the instance may give up on a marker that it cannot write."""
    command: str | None = None
    """Also None where ``user_data`` starts the training."""
    output_uri: str | None = None
    """Where the training writes: ``s3://bucket/prefix/``."""
