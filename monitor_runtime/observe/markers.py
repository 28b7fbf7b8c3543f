"""What all markers of a run say together: any of them may tell of a failure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.completion import MarkerBody
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.marker_body import MAX_BODY_BYTES, parse_body

MAX_MARKERS_READ = 100
"""A GetObject each, at every look at a run that is complete."""


def read_markers(cloud: Cloud, settings: Settings, keys: Sequence[str]) -> MarkerBody | Unknown:
    """What the objects say, the earliest first. A failure that one tells of is known, whatever cannot be read."""
    bodies: dict[str, MarkerBody] = {}
    denied: Unknown | None = None
    for key in keys[:MAX_MARKERS_READ]:
        name = key[len(settings.prefix) :]
        try:
            bodies[name] = parse_body(cloud.read_object(settings.bucket, key, MAX_BODY_BYTES))
        except CloudError as error:
            denied = Unknown.of(error)
            if not denied.permanent:
                return denied
            continue
        if bodies[name].failed:
            return MarkerBody.together(bodies)
    if denied or not bodies:
        return denied or MarkerBody()
    read = MarkerBody.together(bodies)
    if len(keys) > MAX_MARKERS_READ:
        return replace(read, not_understood=f"{len(keys)} markers have one, and only {MAX_MARKERS_READ} are read")
    return read
