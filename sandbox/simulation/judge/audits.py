"""Invariants about what somebody takes away from a run: noticed within the hour, made good where it can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.simulation.judge.invariants import Found
from sandbox.simulation.judge.liveness import CARRIED
from sandbox.simulation.judge.truth import Truth
from sandbox.simulation.world.function import BrokenFunctionError
from sandbox.simulation.world.machine import ALIVE
from sandbox.simulation.world.record import Check
from sandbox.simulation.world.tampering import OF_SWITCH, OF_TAGS, Tampering
from sandbox.simulation.world.timeline import HOUR
from sandbox.simulation.world.weather import OF_AUDITS

RECENT = 3 * HOUR
"""So long a listing says that a schedule was changed: what no audit could see until then, none reads any more."""
FLAWS = {
    Tampering.SWITCH_DELETED: "no-switch",
    Tampering.SWITCH_DISABLED: "switch-disabled",
    Tampering.SWITCH_MOVED: "switch-wrong",
    Tampering.HEARTBEAT_DISABLED: "heartbeat-disabled",
    Tampering.TAGS_STRIPPED: "lost-tags",
    Tampering.MONITOR_STRIPPED: "lost-tags",
}


def an_audit_tells_what_was_taken_away(truth: Truth) -> Iterator[Found]:
    """An undisturbed audit names what keeps a run that goes on from being ended."""
    for check in _audits_of_tampered_runs(truth):
        found: list[Any] = (check.reply or {}).get("findings", [])
        flaw = FLAWS[check.tampered] if check.tampered else ""
        if flaw not in {each["flaw"] for each in found}:
            yield Found(check.started_at, f"audit {check.number} does not tell: {check.tampered}")


def an_audit_arms_the_switch_again(truth: Truth) -> Iterator[Found]:
    """After an undisturbed audit of a run that goes on, a switch that somebody took away is there again."""
    for check in _audits_of_tampered_runs(truth):
        if check.tampered in OF_SWITCH and check.tampered_after is not None:
            yield Found(check.started_at, f"audit {check.number} left it so: {check.tampered_after}")


def an_audit_checks_the_run_whose_heartbeat_is_disabled(truth: Truth) -> Iterator[Found]:
    """In place of the heartbeat."""
    for check in _audits_of_tampered_runs(truth):
        reply = check.reply or {}
        refused = any(" failed (" in problem for problem in reply.get("problems", []))
        if check.tampered is Tampering.HEARTBEAT_DISABLED and not reply.get("checks") and not refused:
            yield Found(check.started_at, f"audit {check.number} did not check the run")


def a_check_tells_that_its_instance_lost_its_tags(truth: Truth) -> Iterator[Found]:
    """An undisturbed check does not take an instance that cannot be found by its tags for one that is not there."""
    for check in truth.record.checks:
        lost = OF_TAGS.issuperset({check.tampered, check.tampered_after}) and goes_on(truth, check)
        lost = lost and check.is_whole and check.trigger in CARRIED
        told = any("has lost the tags" in problem for problem in (check.reply or {}).get("problems", []))
        if lost and not told:
            yield Found(check.started_at, f"check {check.number} does not tell: {check.tampered}")


def an_audit_says_what_it_could_not_see(truth: Truth) -> Iterator[Found]:
    """An audit one of whose looks failed goes on with the others, and has more problems than findings.

    But for a dry run that is refused, which is a finding.
    """
    for check in truth.record.checks:
        found: list[Any] = (check.reply or {}).get("findings", [])
        denied = any(each["flaw"] == "ending-denied" for each in found)
        failed = [kind for kind in OF_AUDITS if check.failed[kind] and not (denied and kind == "may_end")]
        over = check.trigger == "audit" and check.ended_at is not None and not check.killed
        if not over or not failed or isinstance(check.error, BrokenFunctionError):
            continue
        reply = check.reply or {"problems": [], "checks": [], "findings": []}
        problems = sum(len(each["problems"]) for each in (reply, *reply["checks"]))
        if problems <= len(reply["findings"]):
            yield Found(check.started_at, f"audit {check.number} does not say that {', '.join(failed)} failed")


def _audits_of_tampered_runs(truth: Truth) -> Iterator[Check]:
    for check in truth.record.checks:
        whole = check.is_whole and check.trigger == "audit" and check.reply is not None
        since = check.started_at - (truth.record.tampered_at or 0)
        told_late = check.tampered is Tampering.SWITCH_MOVED and since >= RECENT
        armed = any(other.kinds["put_deadline_switch"] for other in truth.overlapping(check))
        made_good = check.tampered in OF_SWITCH and armed
        if whole and check.tampered is not None and not (told_late or made_good) and goes_on(truth, check):
            yield check


def goes_on(truth: Truth, check: Check) -> bool:
    """Whether the run was neither ended nor about to be removed, from the beginning of a check to its end.

    EC2 may not know a new instance yet. Once its deadline switch is gone, nothing names an instance any more that has
    lost all its tags.
    """
    launch, ended_at = truth.record.launches[check.launch], check.ended_at or check.started_at
    nameless = check.tampered is Tampering.TAGS_STRIPPED and check.switch_after is None
    alive = check.state_at_start in ALIVE and check.state_at_end in ALIVE
    known = launch.previous is not None or check.started_at >= launch.at + truth.record.scenario.machine.unknown_for
    changed = check.tampered_after not in {None, check.tampered}
    destroyed = truth.record.destroyed_at is not None and truth.record.destroyed_at < ended_at
    return (
        alive
        and known
        and not nameless
        and not changed
        and not destroyed
        and not truth.is_going(launch, check.started_at, ended_at)
    )


AUDITS = (
    an_audit_tells_what_was_taken_away,
    an_audit_arms_the_switch_again,
    an_audit_checks_the_run_whose_heartbeat_is_disabled,
    a_check_tells_that_its_instance_lost_its_tags,
    an_audit_says_what_it_could_not_see,
)
