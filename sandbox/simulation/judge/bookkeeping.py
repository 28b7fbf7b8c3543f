"""Invariants about the record: one notification an ending, true outcomes, declared errors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.observe.first_check import FirstCheckError
from monitor_runtime.observe.locate import UnwatchedError
from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import MAX_REFUSALS
from sandbox.simulation.judge.safety import dues_of, outcome_of
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.function import BrokenFunctionError
from sandbox.simulation.world.machine import ALIVE, Launch, SpotKind
from sandbox.simulation.world.record import Check, Notification, Tagging
from sandbox.simulation.world.tampering import Tampering
from sandbox.simulation.world.timeline import HOUR, to_milliseconds, whole_seconds
from sandbox.simulation.world.weather import Weather

DECLARED = (EndingFailedError, CloudError, FirstCheckError, BrokenFunctionError)
EVENTS = frozenset({"s3-event", "spot-warning"})
"""Triggers whose run has to be looked up first: that look-up may fail the check."""
CHANGES = 3
"""To stop, to terminate, to tag."""


def an_ending_is_told_once(truth: Truth) -> Iterator[Found]:
    """One notification an ending, and an interruption that came to nothing, or before the work had arrived, is one.

    One more when checks overlap, or when it could not be remembered that it was told. An instance that somebody
    stripped of the monitor's tag takes no tags that could remember it.
    """
    by_launch = defaultdict[str, list[Notification]](list)
    for notification in truth.record.notifications:
        by_launch[notification.launched_at].append(notification)
    for told in by_launch.values():
        tellers = [entry.check for entry in told]
        recorders = [entry.check for entry in truth.record.taggings if _is_recorded_since(truth, entry, told)]
        went_on = truth.record.scenario.interrupted_in_vain or len({entry.outcome for entry in told}) > 1
        one_time = truth.record.scenario.machine.spot is SpotKind.ONE_TIME
        kept = one_time and any(entry.outcome is Outcome.UNVERIFIED for entry in told)
        interrupted = truth.record.interrupted_at is not None and went_on
        allowed = (_endings(truth, told) if _reports(truth) else 1 + interrupted) + kept
        # Who forgives a refusal takes away what remembers that the instance was kept.
        allowed += kept and told[0].at <= (truth.record.unprotected_at or -1) <= told[-1].at
        ended_by_us = any(ending.launch.stamped == told[0].launched_at for ending in truth.record.endings)
        leaves_a_state = ended_by_us and not kept and not _reports(truth)
        allowed += _overlap(truth, tellers + recorders, leaves_a_state=leaves_a_state)
        allowed += sum(check.disturbed or check.killed for check in tellers) + _forgotten(truth, told)
        if len(told) > allowed and not truth.is_tampered_with({Tampering.MONITOR_STRIPPED}, told[-1].at):
            yield Found(told[-1].at, f"{len(told)} notifications of one launch: {', '.join(e.outcome for e in told)}")


def _is_recorded_since(truth: Truth, tagging: Tagging, told: list[Notification]) -> bool:
    """Whether an outcome was recorded after another had been told. By a check that overlaps, it is news again."""
    of_it = truth.record.launches[tagging.launch].stamped == told[0].launched_at
    return of_it and "runctl:outcome" in tagging.tags and told[0].at <= tagging.at <= told[-1].at


def _forgotten(truth: Truth, told: list[Notification]) -> bool:
    """Whether it was forgotten that it was told: somebody may have stripped the tags that remember it, or were to."""
    plan, at = truth.record.scenario.tampering, truth.record.tampered_at
    stripped = plan is not None and plan.kind is Tampering.TAGS_STRIPPED
    return stripped and at is not None and told[0].check.started_at <= at <= told[-1].at


def _endings(truth: Truth, told: list[Notification]) -> int:
    """A run that was reported may still end: with another outcome, or because EC2 takes its instance."""
    return len({entry.outcome for entry in told}) + (truth.record.interrupted_at is not None)


def _overlap(truth: Truth, checks: list[Check], *, leaves_a_state: bool) -> int:
    """How many notifications more overlapping checks may send: one, or one each where calls are slow.

    A report, and what is kept or found ended, changes no state of the instance, by which checks tell who ended it.
    """
    spans = sorted({(check.started_at, check.ended_at or check.started_at, check.number) for check in checks})
    overlaps = sum(later[0] <= earlier[1] for earlier, later in pairwise(spans))
    calm = truth.record.scenario.weather is Weather.CALM
    return min(overlaps, 1) if calm and leaves_a_state else overlaps


def _reports(truth: Truth) -> bool:
    """Whether some outcome is only reported."""
    settings = truth.settings
    return Action.REPORT in {settings.on_complete, settings.on_failure, settings.on_deadline}


def the_recorded_outcome_is_true(truth: Truth) -> Iterator[Found]:
    """The outcome that stands in the tags at the end is one that the launch truly had."""
    for launch in truth.record.launches:
        recorded = truth.recorded(launch)
        if not recorded or _recorded_blindly(truth, recorded[-1]) or _recorded_over_another(truth, recorded):
            continue
        if truth.may_hide_a_marker(launch, recorded[-1].at):
            continue
        at, outcome = recorded[-1].at, Outcome(recorded[-1].tags["runctl:outcome"])
        true = _true_outcomes(truth, launch, at, recorded[-1].check.looked_at or at) | truth.refused_before(launch, at)
        for moment in _worked_out_at(truth, recorded):
            true |= _true_outcomes(truth, launch, moment, moment)
        if outcome not in true:
            yield Found(at, f"launch {launch.number} is recorded as {outcome}, true is {', '.join(sorted(true))}")


def _worked_out_at(truth: Truth, recorded: Sequence[Tagging]) -> Iterator[int]:
    """When else the outcome may have been worked out: what is carried, by an earlier check.

    Another instance of the run may have written since the check looked. What was recorded as EC2 took it back stays.
    """
    tagging = recorded[-1]
    told_at = to_milliseconds(datetime.fromisoformat(tagging.tags["runctl:ended-at"]))
    if truth.record.replaced_at is not None:
        yield tagging.check.first_described_at or tagging.at
    if truth.record.replaced_at is not None or told_at < whole_seconds(tagging.check.started_at):
        yield told_at
    if truth.record.interrupted_at is not None:
        same = [each for each in recorded[:-1] if each.tags["runctl:outcome"] == tagging.tags["runctl:outcome"]]
        yield from (each.check.looked_at or each.at for each in same)


def _recorded_blindly(truth: Truth, tagging: Tagging) -> bool:
    """What S3 denies is unverified or unknown, and what it did not tell of a terminated instance is lost: soon gone.

    The check that was blind may have left it to a later one to record.
    """
    outcome, earlier = tagging.tags["runctl:outcome"], [c for c in truth.record.checks if c.started_at <= tagging.at]
    if "S3 unknown" in tagging.tags["runctl:reason"]:
        return any(check.disturbed or check.denied for check in earlier)
    authors = [tagging.check, *(check for check in earlier if (check.reply or {}).get("outcome") == outcome)]
    return any(
        (author.disturbed or author.denied)
        and (outcome == Outcome.UNVERIFIED or author.state_at_start is InstanceState.TERMINATED)
        for author in authors
    )


def _recorded_over_another(truth: Truth, recorded: Sequence[Tagging]) -> bool:
    """Whether EC2 did not let a check see that another one had recorded the ending while it asked for it again."""
    if len(recorded) < 2 or recorded[-1].check.started_at > recorded[-2].at:
        return False
    span = range(recorded[-2].at, recorded[-1].at + 1)
    return any(kind == "describe_instance" and at in span for at, kind in truth.record.injected)


def _true_outcomes(truth: Truth, launch: Launch, at: int, looked_at: int) -> set[Outcome]:
    """By the ending of the monitor, if it could be recorded; else by what lay in S3, the deadline, or neither.

    A marker may have been taken away after the end, before a check looked.
    """
    record = truth.record
    true = {outcome for ending in record.endings if ending.launch is launch and (outcome := outcome_of(ending))}
    unsaid = [ending for ending in record.endings if ending.launch is launch and not ending.check.is_about(launch)]
    true |= {due.outcome for ending in unsaid for due in dues_of(truth, ending)}
    true |= {due.outcome for check in _reporters(truth, launch) for due in truth.dues(launch, check.looked_at, at)}
    end = at if launch.left_running_at is None else launch.left_running_at
    finishes = [finish for moment in (end, looked_at, at) if (finish := truth.finish(launch, moment))]
    deadline = truth.deadline(launch)
    forgotten = any(ending.launch is launch and ending.check.disturbed for ending in record.endings)
    if launch.left_by != "monitor" or record.interrupted_at is not None or forgotten:
        readings = [reading for finish in finishes for reading in finish.readings()]
        true |= {truth.due_of(launch, reading, moment).outcome for reading in readings for moment in (end, at)}
        if deadline is not None and max(end, launch.stopped_at or end) >= deadline:
            true.add(Outcome.DEADLINE)
        if not truth.finish(launch, looked_at) or record.interrupted_at is not None:
            true.add(Outcome.INTERRUPTED)
    return true


def _reporters(truth: Truth, launch: Launch) -> Iterator[Check]:
    """The checks that recorded an outcome and left the instance running: by report, or because EC2 refused.

    An audit looks itself where no heartbeat does, and its reply does not say what it decided.
    """
    for check in truth.record.checks:
        audited = check.trigger == "audit" and check.looked_at is not None
        if check.launch == launch.number and (check.decision in {"end", "refused"} or audited):
            yield check


def only_declared_errors_come_out(truth: Truth) -> Iterator[Found]:
    """The monitor fails only in the ways it declares, and without faults it never runs into Lambda's timeout.

    An instance that somebody took out of Pulumi's state outlives its schedule: that is to be an error of its events.
    """
    destroyed_at = truth.record.destroyed_at if truth.has_two_instances else None
    for check in truth.record.checks:
        unwatched = destroyed_at is not None and check.started_at >= destroyed_at
        if unwatched and isinstance(check.error, UnwatchedError):
            continue
        undeclared = CloudError if check.trigger not in EVENTS else ()
        if check.error is not None and (not isinstance(check.error, DECLARED) or isinstance(check.error, undeclared)):
            yield Found(check.started_at, f"check {check.number} raised {check.error!r}")
        if check.killed and not check.disturbed:
            yield Found(check.started_at, f"check {check.number} ran into the timeout")


def a_refusal_is_not_asked_for_ever(truth: Truth) -> Iterator[Found]:
    """A check that finds three refusals recorded asks EC2 for the same once an hour, until a person forgives."""
    for check in truth.record.checks:
        looked_at = check.first_described_at
        if not check.asked_for_an_end or looked_at is None or check.state_at_start not in ALIVE:
            continue
        forgiven_at = truth.record.unprotected_at
        recorded = _refusals_recorded(truth, check, looked_at)
        if not recorded:
            continue
        count, at, _ = recorded[-1]
        # A check that waited looks again before it asks.
        last_look = check.described_at or looked_at
        recent = last_look - to_milliseconds(datetime.fromisoformat(at)) < HOUR
        # Another outcome begins the count anew: one that no tag had recorded, this check may have known.
        known = {refused for _, _, refused in _refusals_recorded(truth, check, check.ended_at or looked_at)}
        again = recent and int(count) >= MAX_REFUSALS and known == {(check.reply or {}).get("outcome")}
        forgiven = forgiven_at is not None and forgiven_at <= (check.ended_at or looked_at)
        if again and not forgiven:
            yield Found(check.started_at, f"check {check.number} asked again for what was refused")


def _refusals_recorded(truth: Truth, check: Check, until: int) -> list[list[str]]:
    """What the tags of its launch said by then: how often, when, what."""
    return [
        tagging.tags["runctl:ending-refused"].split()
        for tagging in truth.record.taggings
        if "runctl:ending-refused" in tagging.tags and tagging.launch == check.launch and tagging.at < until
    ]


def a_refusal_is_asked_for_again(truth: Truth) -> Iterator[Found]:
    """No undisturbed check lets a refusal stand that is older than an hour: what refused may have been lifted."""
    noted = [each for each in truth.record.taggings if "runctl:ending-refused" in each.tags]
    for check in truth.record.checks:
        if not check.completed or check.decision != "refused":
            continue
        refused_at = [
            each.at
            for each in (*noted, *truth.record.refusals)
            if each.launch == check.launch and each.at <= (check.ended_at or check.started_at)
        ]
        if refused_at and check.started_at - max(refused_at) > HOUR:
            yield Found(check.started_at, f"check {check.number} did not ask again for what was refused long ago")


def a_first_check_tries_what_ends_the_run(truth: Truth) -> Iterator[Found]:
    """A first check that lets ``pulumi up`` succeed has asked EC2 for each change, and said that the run is watched.

    Not that of an instance which somebody ends meanwhile. Where an abandoned instance lives on, EC2 may know no other
    yet, and of that one it was said before.
    """
    told = {entry.check.number for entry in truth.record.statuses if entry.status == "watched"}
    for check in truth.record.checks:
        if check.trigger != "first-check" or not check.completed or check.state_at_start not in ALIVE:
            continue
        if check.kinds["try_out"] < CHANGES:
            yield Found(check.started_at, f"check {check.number} did not try what ends the run")
        ended = check.state_at_end not in ALIVE
        if truth.record.scenario.notifies and not (truth.has_two_instances or ended) and check.number not in told:
            yield Found(check.started_at, f"check {check.number} did not say that the run is watched")


BOOKKEEPING = (
    a_first_check_tries_what_ends_the_run,
    an_ending_is_told_once,
    the_recorded_outcome_is_true,
    only_declared_errors_come_out,
    a_refusal_is_not_asked_for_ever,
    a_refusal_is_asked_for_again,
)
