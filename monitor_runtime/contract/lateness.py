"""How late what ends a run may come: what the monitor keeps to, and a plan promises."""

from __future__ import annotations

from datetime import timedelta

LEAD = timedelta(seconds=60)
"""EventBridge Scheduler fires up to 59 s late: asked for a minute early, a follow-up is never too late, and the rest
of the time is waited for. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html"""
SOONEST = timedelta(seconds=15)
"""A schedule must be in the future when EventBridge reads it."""
STILL = timedelta(minutes=5)
"""An upload that got no part for so long is not on its way any more: one part takes a slow line a minute or two."""
INTERRUPTION = timedelta(minutes=5)
"""From a spot warning to the end, with a margin: an instance that still runs then is watched as before."""
TIMEOUT_SECONDS = 900
"""The most that Lambda gives an invocation: a check waits up to 75 s, and for the end of a grace period as long again
where there is time; a training has up to 600 s to react to its signal.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
