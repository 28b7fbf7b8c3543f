"""Invariants about the record: one notification an ending, true outcomes, bounded calls, declared errors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

from monitor_runtime.act import EndingFailedError
from monitor_runtime.cloud import CloudError
from monitor_runtime.first_check import FirstCheckError
from monitor_runtime.settings import Action
from monitor_runtime.world import InstanceState, Outcome
from sandbox.simulation.engine import HOUR, MINUTE, SECOND
from sandbox.simulation.faults import Weather
from sandbox.simulation.function import BrokenFunctionError
from sandbox.simulation.invariants import Found
from sandbox.simulation.liveness import CARRIED, MAX_REFUSALS
from sandbox.simulation.machine import ALIVE, Launch
from sandbox.simulation.record import Check, Notification
from sandbox.simulation.safety import outcome_of
from sandbox.simulation.truth import Truth

DECLARED = (EndingFailedError, CloudError, FirstCheckError, BrokenFunctionError)
LISTINGS = 24
"""Calls to S3 that one look may cost with the patterns that scenarios draw, every folder truncated."""


def an_ending_is_told_once(truth: Truth) -> Iterator[Found]:
    """One notification an ending; one more when checks overlap, or when what was told could not be remembered."""
    settings, by_launch = truth.settings, defaultdict[str, list[Notification]](list)
    for notification in truth.record.notifications:
        by_launch[notification.launched_at].append(notification)
    actions = (settings.on_complete, settings.on_failure, settings.on_deadline)
    for told in by_launch.values():
        tellers = [entry.check for entry in told]
        allowed = 1 + (len({entry.outcome for entry in told}) - 1 if Action.REPORT in actions else 0)
        allowed += _overlap(truth, tellers) + sum(check.disturbed or check.killed for check in tellers)
        if len(told) > allowed:
            yield Found(told[-1].at, f"{len(told)} notifications of one launch: {', '.join(e.outcome for e in told)}")


def _overlap(truth: Truth, checks: list[Check]) -> int:
    """How many notifications more overlapping checks may send: one, or one each where calls are slow."""
    spans = sorted({(check.started_at, check.ended_at or check.started_at, check.number) for check in checks})
    overlaps = sum(later[0] <= earlier[1] for earlier, later in pairwise(spans))
    return min(overlaps, 1) if truth.record.scenario.weather is Weather.CALM else overlaps


def the_recorded_outcome_is_true(truth: Truth) -> Iterator[Found]:
    """The outcome that stands in the tags at the end is one that the launch truly had."""
    for launch in truth.record.launches:
        recorded = [
            (tagging.at, Outcome(tagging.tags["runctl:outcome"]))
            for tagging in truth.record.taggings
            if tagging.launch == launch.number and "runctl:outcome" in tagging.tags
        ]
        if not recorded:
            continue
        at, outcome = recorded[-1]
        true = _true_outcomes(truth, launch, at)
        if outcome not in true:
            yield Found(at, f"launch {launch.number} is recorded as {outcome}, true is {', '.join(sorted(true))}")


def _true_outcomes(truth: Truth, launch: Launch, at: int) -> set[Outcome]:
    """By the ending of the monitor, if it could be recorded; else by what lay in S3, the deadline, or neither."""
    record = truth.record
    true = {outcome for ending in record.endings if ending.launch is launch and (outcome := outcome_of(ending))}
    true |= {due.outcome for check in _reporters(truth, launch) for due in truth.dues(launch, check.looked_at, at)}
    end = at if launch.left_running_at is None else launch.left_running_at
    finishes = [finish for moment in (end, at) if (finish := truth.finish(launch, moment))]
    deadline = truth.deadline(launch)
    forgotten = any(ending.launch is launch and ending.check.disturbed for ending in record.endings)
    if launch.left_by != "monitor" or record.interrupted_at is not None or forgotten:
        true |= {finish.outcome for finish in finishes}
        if deadline is not None and max(end, launch.stopped_at or end) >= deadline:
            true.add(Outcome.DEADLINE)
        if not finishes or record.interrupted_at is not None:
            true.add(Outcome.INTERRUPTED)
    return true


def _reporters(truth: Truth, launch: Launch) -> Iterator[Check]:
    """The checks that recorded an outcome and left the instance running: by report, or because EC2 refused."""
    for check in truth.record.checks:
        if check.launch == launch.number and check.decision in {"end", "refused"}:
            yield check


def calls_are_bounded(truth: Truth) -> Iterator[Found]:
    """In no hour does the watch of a run cost more calls than its intervals, and what follows a completion, explain."""
    settings = truth.settings
    hours = Counter(check.started_at // HOUR for check in truth.record.checks if check.trigger in CARRIED)
    copies = 1 if truth.record.scenario.weather == "calm" else 3
    due = HOUR // (settings.max_interval_seconds * SECOND) + 1
    early = HOUR // (settings.initial_interval_seconds * SECOND) + 1
    for hour, count in hours.items():
        first = any(
            hour * HOUR <= launch.at + HOUR and launch.at <= (hour + 1) * HOUR for launch in truth.record.launches
        )
        bound = copies * (due + (early if first else 0) + 2 * HOUR // MINUTE)
        if count > bound:
            yield Found(hour * HOUR, f"{count} checks in an hour, at most {bound} were expected")
    for check in truth.record.checks:
        if check.trigger not in CARRIED:
            continue
        listings, looks = check.kinds["list_folder"], max(1, int((check.reply or {}).get("checks", 1)))
        if listings > LISTINGS * looks:
            yield Found(check.started_at, f"check {check.number} made {listings} listings")


def an_ended_run_costs_one_call(truth: Truth) -> Iterator[Found]:
    """A check of a run that is over, recorded and told is one DescribeInstances and nothing else."""
    for check in truth.record.checks:
        over = check.completed and check.trigger in CARRIED and check.decision == "over"
        if over and check.state_at_start in {InstanceState.STOPPED, InstanceState.TERMINATED}:
            if check.kinds != Counter({"describe_instance": 1}):
                yield Found(check.started_at, f"check {check.number} of an ended run made {dict(check.kinds)}")


def only_declared_errors_come_out(truth: Truth) -> Iterator[Found]:
    """The monitor fails only in the ways it declares, and without faults it never runs into Lambda's timeout."""
    for check in truth.record.checks:
        if check.error is not None and not isinstance(check.error, DECLARED):
            yield Found(check.started_at, f"check {check.number} raised {check.error!r}")
        if check.killed and not check.disturbed:
            yield Found(check.started_at, f"check {check.number} ran into the timeout")


def a_refusal_is_not_asked_for_ever(truth: Truth) -> Iterator[Found]:
    """EC2 is asked at most three times to do what it refuses, and once more by each check that overlaps."""
    for launch in truth.record.launches:
        count = truth.refusals(launch, truth.record.finished_at)
        disturbed = sum(check.disturbed for check in truth.record.checks if check.launch == launch.number)
        if count > 2 * MAX_REFUSALS + disturbed:
            yield Found(truth.record.finished_at, f"{count} endings of launch {launch.number} were refused")


def a_warning_reaches_the_training(truth: Truth) -> Iterator[Found]:
    """A check that hears of a spot interruption signals the training, if it is still at work."""
    for check in truth.record.checks:
        heard = check.completed and check.trigger == "spot-warning" and check.state_at_start is InstanceState.RUNNING
        launch, training = truth.record.launches[check.launch], truth.record.trainings[check.launch]
        if not heard or not truth.record.scenario.has_agent or check.decision in {"ignored", "over"}:
            continue
        working = check.looked_at is not None and truth.finish(launch, check.looked_at) is None
        if working and check.ended_at is not None and (training.signalled_at or check.ended_at + 1) > check.ended_at:
            yield Found(check.started_at, f"check {check.number} did not signal the training")


def an_interruption_is_recorded(truth: Truth) -> Iterator[Found]:
    """An undisturbed check of a spot warning leaves an outcome of this launch in the tags."""
    for check in truth.record.checks:
        heard = check.completed and check.trigger == "spot-warning" and check.state_at_start in ALIVE
        if not heard or check.ended_at is None or (check.reply or {}).get("decision") == "ignored":
            continue
        if not any(
            tagging.launch == check.launch and "runctl:outcome" in tagging.tags and tagging.at <= check.ended_at
            for tagging in truth.record.taggings
        ):
            yield Found(check.ended_at, f"check {check.number} left the interruption unrecorded")


BOOKKEEPING = (
    an_ending_is_told_once,
    the_recorded_outcome_is_true,
    calls_are_bounded,
    an_ended_run_costs_one_call,
    only_declared_errors_come_out,
    a_refusal_is_not_asked_for_ever,
    a_warning_reaches_the_training,
    an_interruption_is_recorded,
)
