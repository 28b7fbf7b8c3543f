"""The longest that an instance can run after the training, by what may fail.

A bound of the monitor counts from the end of the training: from its marker, its last output or, where it hangs, the
last that it did. One of a deadline counts from the launch, and holds for a training that had ended at once. The
instance runs until the call that ends it; how long its operating system then takes is not part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitor_runtime.contract.deadline import BOX_DELAY, BOX_LOOKS_EVERY, LAST_LOOK, SWITCH_DELAY, UNMARKED_DELAY
from monitor_runtime.contract.hold_time import MAX_HOLD
from monitor_runtime.contract.lateness import STILL
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings
from runctl_component.plan import waits
from runctl_component.plan.durations import SECONDS_PER_HOUR, in_words
from runctl_component.plan.endings import has_layers, misses_failures
from runctl_component.plan.surroundings import Surroundings

METRIC_LATENESS_SECONDS = 600
"""A window of `idle` ends up to two periods of the metric, of five minutes each, before the check."""

FAILURES = {
    "nothing_fails": "nothing fails",
    "training_fails": "the training fails",
    "events_lost": "S3's events are lost",
    "trigger_lost": "a heartbeat or follow-up is lost",
    "s3_silent": "S3 does not answer the monitor",
    "marker_unwritten": "the instance cannot write its marker",
    "unverified": "what was written cannot be verified",
    "stalls": "it hangs, and writes nothing more",
    "idles": "it hangs, and does nothing more",
    "hangs": "it hangs, or ends without a marker",
    "monitor_fails": "the monitor fails",
    "eventbridge_fails": "EventBridge fails too, or EC2 refuses the call",
    "held": "somebody holds it",
}
"""What may fail, in the order of the layers, in words that follow an "if"."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How long the instance may run: ``seconds``, or None without bound. ``words`` say since when, by whom and why."""

    seconds: float | None
    words: str


def longest_runs(settings: Settings, around: Surroundings) -> dict[str, Bound]:
    """The bound for each thing that may fail, in their order; those that cannot happen to this run are left out."""
    found = dict(_bounds(settings, around))
    return {failure: found[failure] for failure in FAILURES if failure in found}


def _bounds(settings: Settings, around: Surroundings) -> Iterator[tuple[str, Bound]]:
    complete = dict(_when_complete(settings, around))
    yield from complete.items()
    failed = _when_failed(settings)
    if failed != complete["nothing_fails"]:
        yield "training_fails", failed
    yield "s3_silent", _while_s3_is_silent(settings)
    if settings.box_reports:
        yield "marker_unwritten", _unmarked(settings, around)
    yield from _when_hung(settings)
    yield "monitor_fails", _by_switch(settings)
    yield "eventbridge_fails", _by_timer(settings)
    yield "held", _held(complete["nothing_fails"])


def _when_complete(settings: Settings, around: Surroundings) -> Iterator[tuple[str, Bound]]:
    if settings.on_complete is Action.REPORT:
        yield "nothing_fails", _by_deadline(settings, "on_complete is report")
        return
    event = None if _told_by_outputs(settings) else waits.by_event(settings)
    yield "nothing_fails", _polled(settings) if event is None else _by_monitor(event)
    if event is not None:
        yield "events_lost", _polled(settings)
    lost = waits.seen_within_one_lost(settings)
    on_time = settings.grace_seconds + settings.max_interval_seconds + waits.LATENESS_SECONDS
    late = settings.grace_seconds + lost if _told_by_outputs(settings) else max(on_time, lost)
    further = f", and {in_words(settings.max_interval_seconds)} more for each further one"
    yield "trigger_lost", _by_monitor(late + waits.CALL_SECONDS, further)
    yield "unverified", _unverified(settings, around)


def _when_failed(settings: Settings) -> Bound:
    if settings.on_failure is Action.REPORT:
        return _by_deadline(settings, "on_failure is report")
    if misses_failures(settings):
        return _by_deadline(settings, "there are no failure_markers")
    event = waits.by_event(settings)
    return _by_monitor(waits.by_poll(settings) if event is None else event)


def _told_by_outputs(settings: Settings) -> bool:
    """Whether it may be outputs alone that tell of the end: our runner always writes its marker."""
    return bool(settings.expected_outputs) and not (settings.box_reports and settings.markers)


def _polled(settings: Settings) -> Bound:
    by_outputs = _told_by_outputs(settings)
    return _by_monitor(waits.large_outputs_by_poll(settings) if by_outputs else waits.by_poll(settings))


def _by_monitor(seconds: float, more: str = "") -> Bound:
    return Bound(seconds, f"{in_words(seconds)} after the training, by the monitor{more}")


def _unverified(settings: Settings, around: Surroundings) -> Bound:
    """What stands still is waited for up to its timeout; what EC2 cannot stop is kept until the deadline."""
    if around.spot == "one-time":
        return _after_launch(
            settings,
            LAST_LOOK.total_seconds() + waits.LATENESS_SECONDS,
            "by its deadline (EC2 cannot stop one-time spot)",
            "EC2 cannot stop one-time spot, and {}",
        )
    patience = settings.grace_seconds + settings.verify_timeout_seconds
    by_outputs = waits.seen_within(settings) + patience if _told_by_outputs(settings) else 0
    seconds = max(patience, by_outputs, waits.seen_within(settings), STILL.total_seconds()) + waits.CALL_SECONDS
    return _by_monitor(seconds, f", or {in_words(STILL.total_seconds())} after an upload stands still")


def _while_s3_is_silent(settings: Settings) -> Bound:
    """What tags remember of a completion is looked for once more; the switch does not wait for that."""
    reacted = LAST_LOOK.total_seconds() + settings.shutdown_timeout_seconds
    late = min(reacted, SWITCH_DELAY.total_seconds()) + waits.LATENESS_SECONDS
    return _after_launch(
        settings, late, "by its deadline, unless S3 answers before", "nothing is ended while S3 is silent, and {}"
    )


def _unmarked(settings: Settings, around: Surroundings) -> Bound:
    if not around.powers_off_unmarked:
        return _by_deadline(settings, "the instance keeps trying")
    seconds = (UNMARKED_DELAY + BOX_LOOKS_EVERY).total_seconds()
    return Bound(seconds, f"{in_words(seconds)} after the training, by the instance itself")


def _when_hung(settings: Settings) -> Iterator[tuple[str, Bound]]:
    noticed = waits.seen_within(settings) + settings.shutdown_timeout_seconds + waits.CALL_SECONDS
    watched = settings.on_failure is not Action.REPORT
    if settings.stalled and watched:
        seconds = settings.stalled.minutes * 60 + noticed
        yield "stalls", Bound(seconds, f"{in_words(seconds)} after the last that it wrote, by stalled")
    if settings.idle and watched:
        seconds = settings.idle.minutes * 60 + METRIC_LATENESS_SECONDS + noticed
        never = in_words(seconds + settings.idle.warm_up_minutes * 60)
        words = f"{in_words(seconds)} after it was last active, or {never} after the launch if it never was, by idle"
        yield "idles", Bound(seconds, words)
    looking = [name for name in ("stalled", "idle") if getattr(settings, name) and watched]
    yield (
        "hangs",
        _by_deadline(settings, f"not noticed by {' or '.join(looking)}" if looking else "nothing looks for it"),
    )


def _held(unheld: Bound) -> Bound:
    """A hold may be set at the last moment before the end, and is set anew as often as somebody likes."""
    if unheld.seconds is None:
        return unheld
    hold = MAX_HOLD.total_seconds()
    return Bound(unheld.seconds + hold + waits.LATENESS_SECONDS, f"up to {in_words(hold)} longer with each hold")


def _by_deadline(settings: Settings, why: str) -> Bound:
    late = settings.shutdown_timeout_seconds + waits.LATENESS_SECONDS
    return _after_launch(settings, late, f"by its deadline ({why})", f"{why}, and {{}}")


def _by_switch(settings: Settings) -> Bound:
    late = SWITCH_DELAY.total_seconds() + waits.LATENESS_SECONDS
    return _after_launch(
        settings, late, "by EventBridge Scheduler, which calls EC2 itself", "{}, so there is no switch"
    )


def _by_timer(settings: Settings) -> Bound:
    late = (BOX_DELAY + BOX_LOOKS_EVERY).total_seconds()
    if not settings.box_reports and has_layers(settings):
        return Bound(None, "without bound: with user_data, there is no timer on the instance")
    bound = _after_launch(settings, late, "by the timer on the instance", "{}, so there is no timer")
    return Bound(bound.seconds, bound.words.replace("after the launch", "after the boot"))


def _after_launch(settings: Settings, late: float, ends: str, unless: str) -> Bound:
    """``late``: seconds after the deadline. ``unless``: what follows where nothing ends a run then, "{}" being why."""
    if not has_layers(settings):
        why = "on_deadline is report" if settings.max_runtime_hours else "there is no deadline"
        return Bound(None, f"without bound: {unless.format(why)}")
    seconds = settings.max_runtime_hours * SECONDS_PER_HOUR + late
    return Bound(seconds, f"{in_words(seconds)} after the launch, {ends}")
