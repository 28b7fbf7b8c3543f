"""Invariants about runs that do nothing, or nothing any more, and boxes that never report."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.names import TAG_BOX, TAG_OUTCOME
from monitor_runtime.contract.outcomes import Action
from sandbox.simulation.judge.activity import BOOT, PERIOD
from sandbox.simulation.judge.facts import is_named
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

REPORT = 20 * MINUTE
"""From the launch to the report of its box."""
NO_SIGN = "no sign of life"


def a_metric_without_data_is_told(truth: Truth) -> Iterator[Found]:
    """An undisturbed check of a run at work names a metric that had no data for a whole window since the boot."""
    idle = truth.settings.idle
    if idle is None or truth.record.scenario.has_metric:
        return
    for check in truth.record.checks:
        launch, reply = truth.record.launches[check.launch], check.reply or {}
        looks = check.completed and check.trigger in CARRIED and check.is_about(launch)
        trains = check.state_at_start is InstanceState.RUNNING and str(reply.get("reason", "")).startswith("training")
        if not looks or not trains:
            continue
        whole = launch.at + BOOT + idle.minutes * MINUTE + 3 * PERIOD
        completed = check.looked_at is None or truth.finish(launch, check.looked_at) is not None
        if check.started_at >= whole and not completed and idle.metric not in " ".join(reply["problems"]):
            yield Found(check.started_at, f"check {check.number} did not say that {idle.metric} has no data")


def a_stalled_run_is_ended_in_time(truth: Truth) -> Iterator[Found]:
    """When all services work, a run that has stalled is signalled within 90 seconds of its time, and then ended.

    What S3 dates back counts from when it was first seen, by a check that a heartbeat brings, and where no tag can tell
    of that, anew at each check. In the grace period of a marker that was taken away later, nothing stalls.
    """
    record, settings = truth.record, truth.settings
    calm = record.scenario.weather is Weather.CALM and not record.holds and record.interrupted_at is None
    if not calm or record.tampered_at or record.scenario.machine.protected or settings.on_failure is Action.REPORT:
        return
    for launch in () if record.replaced_at or record.destroyed_at else record.launches:
        end = record.finished_at if launch.left_running_at is None else launch.left_running_at
        noticed = settings.max_interval_seconds * SECOND + 2 * MINUTE
        idles = truth.finish(launch, end) or truth.started_again(launch, end)
        stalled_at = None if idles else truth.stalled_at(launch, end, noticed)
        large = any(written.multipart for written in truth.signs_of_progress(launch, end))
        if stalled_at is None or (large and record.lacks(Right.TAG, end)):
            continue
        latest = (
            max(stalled_at, _looked_for_at(truth, launch, end, noticed))
            + settings.shutdown_timeout_seconds * SECOND
            + 90 * SECOND
        )
        if latest < end:
            yield Found(latest, f"launch {launch.number} had stalled, and ran on for {(end - latest) / SECOND:.0f} s")


def _looked_for_at(truth: Truth, launch: Launch, end: int, noticed: int) -> int:
    """From when on a check surely looks whether the launch has stalled.

    Who starts an instance again, or takes a marker away, tells nobody, and a first check that fails plans nothing: a
    heartbeat finds it.
    """
    planned = any(
        check.trigger == "first-check" and check.launch == launch.number and check.error is None
        for check in truth.record.checks
    )
    removed = [at + noticed for at, _ in truth.record.bucket.removed if launch.at <= at <= end]
    return max(launch.at if planned else launch.at + noticed, *removed, 0)


def a_silent_box_is_told(truth: Truth) -> Iterator[Found]:
    """An undisturbed check of a run at work, from 20 minutes after its launch on, leaves no silent box untold."""
    if not truth.settings.box_reports:
        return
    for check in truth.record.checks:
        launch, end = truth.record.launches[check.launch], check.ended_at
        looked_at = check.first_described_at
        looks = check.completed and check.trigger in CARRIED and check.is_about(launch) and check.decision == "wait"
        if not looks or looked_at is None or end is None or check.started_at < launch.stamp + REPORT:
            continue
        if check.looked_at is None or truth.is_going(launch, looked_at, end) or _has_own_object(truth, launch, end):
            continue
        silent = truth.reported_at(launch, end) is None
        if silent and not _is_known(truth, launch, end):
            yield Found(end, f"check {check.number} did not tell that the box of launch {launch.number} is silent")


def _has_own_object(truth: Truth, launch: Launch, moment: int) -> bool:
    """Whether a marker or an output of the launch was there by then."""
    settings = truth.settings
    patterns = settings.markers + settings.failure_markers + settings.expected_outputs
    return any(is_named(name, patterns) for name in truth.objects(launch, moment))


def _is_known(truth: Truth, launch: Launch, moment: int) -> bool:
    """Whether it was told by then, or is remembered as told."""
    told = any(_tells_silence(check, launch) for check in truth.record.checks if check.started_at <= moment)
    return told or any(
        entry.launch == launch.number and entry.tags.get(TAG_BOX, "").endswith("told") and entry.at <= moment
        for entry in truth.record.taggings
    )


def _tells_silence(check: Check, launch: Launch) -> bool:
    problems = " ".join((check.reply or {}).get("problems", ()))
    return f"not reported since its launch at {launch.stamped}" in problems


def a_finished_box_is_stopped_again(truth: Truth) -> Iterator[Found]:
    """An undisturbed check ends what had finished in an earlier launch, and was told to do nothing, after an hour."""
    for check in truth.record.checks:
        launch, looked_at, end = truth.record.launches[check.launch], check.first_described_at, check.ended_at
        looks = check.completed and check.trigger in CARRIED and check.is_about(launch) and check.decision == "wait"
        if not looks or looked_at is None or end is None or check.state_at_end is not InstanceState.RUNNING:
            continue
        if truth.finish(launch, looked_at) or _has_own_object(truth, launch, end) or truth.is_held(end):
            continue
        excused = truth.record.tampered_at is not None or truth.is_going(launch, looked_at, end)
        if excused or truth.record.lacks(Right.LIST_BUCKET, end) or truth.record.lacks(Right.GET_OBJECT, end):
            continue
        recorded = _recorded_before(truth, launch)
        due = [each for each in truth.started_again(launch, end) if each.outcome == recorded and each.at <= looked_at]
        if due and _is_remembered(truth, launch, check.started_at):
            yield Found(end, f"check {check.number} left launch {launch.number} running, which was only started again")


def _recorded_before(truth: Truth, launch: Launch) -> str | None:
    """The outcome that the tags name at the launch, and that nothing in it has replaced."""
    taggings = [entry for entry in truth.record.taggings if TAG_OUTCOME in entry.tags]
    own = any(entry.launch == launch.number for entry in taggings)
    before = [entry for entry in taggings if launch.previous and entry.launch == launch.previous.number]
    return before[-1].tags[TAG_OUTCOME] if before and not own and before[-1].at < launch.at else None


def _is_remembered(truth: Truth, launch: Launch, moment: int) -> bool:
    """Whether a tag said before then that it was told."""
    known = [
        entry.tags[TAG_BOX]
        for entry in truth.record.taggings
        if entry.launch == launch.number and entry.at < moment
        if TAG_BOX in entry.tags
    ]
    return bool(known) and known[-1].endswith("told")


def a_box_that_reports_is_not_told(truth: Truth) -> Iterator[Found]:
    """No box is told to be silent that had reported when the check began, or that has its 20 minutes still."""
    for launch in truth.record.launches:
        for check in truth.record.checks:
            if not _tells_silence(check, launch):
                continue
            if truth.reported_at(launch, check.started_at) is not None:
                yield Found(check.started_at, f"check {check.number} told a box silent that had reported")
            if (check.ended_at or check.started_at) < launch.stamp + REPORT:
                yield Found(check.started_at, f"check {check.number} told a box silent that had time to report")


def a_box_is_told_once(truth: Truth) -> Iterator[Found]:
    """One message of a launch's box; more only when checks overlap, or when it could not be remembered."""
    for launch in truth.record.launches:
        told = [
            entry for entry in truth.record.statuses if entry.status == NO_SIGN and entry.launched_at == launch.stamped
        ]
        tellers = sorted((entry.check for entry in told), key=lambda check: check.started_at)
        overlaps = sum(
            later.started_at <= (earlier.ended_at or later.started_at) for earlier, later in pairwise(tellers)
        )
        forgotten = sum(check.disturbed or check.killed for check in tellers) + (truth.record.tampered_at is not None)
        if len(told) > 1 + overlaps + forgotten:
            yield Found(told[-1].at, f"the box of launch {launch.number} was told {len(told)} times")


HANGING = (
    a_metric_without_data_is_told,
    a_stalled_run_is_ended_in_time,
    a_silent_box_is_told,
    a_finished_box_is_stopped_again,
    a_box_that_reports_is_not_told,
    a_box_is_told_once,
)
