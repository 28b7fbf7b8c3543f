"""The rules for a run that is complete: its grace, its verification, and how it ends."""

from __future__ import annotations

from datetime import timedelta

from monitor_runtime.contract.lateness import STILL
from monitor_runtime.contract.memory import Refusable
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.case import Case, end, wait, wait_for
from monitor_runtime.decide.completion import Completion
from monitor_runtime.decide.decisions import Decision, Wait
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.decide.verification import last_movement, verification_gap

RECHECK_UNVERIFIED = timedelta(minutes=1)
_SHARE_OF_THE_WAIT = 1 / 4
"""Of the time that verification has taken so far, how much passes until the next look."""


def verdict(case: Case, found: Completion) -> tuple[Outcome, str]:
    """Outcome and evidence of a completion that there is no more time to verify."""
    gap = verification_gap(case.settings, case.seen, case.launched_at) if found.outcome is Outcome.SUCCEEDED else None
    if gap is None:
        return found.outcome, found.evidence
    return Outcome.UNVERIFIED, f"{found.evidence}, but {gap.cause if isinstance(gap, Unknown) else gap}"


def failure(case: Case) -> Decision | None:
    """5. The training failed; its log has the grace period to arrive."""
    found = case.completion
    if found is None or found.outcome is not Outcome.FAILED:
        return None
    return _in_grace(case, found) or end(
        case,
        Outcome.FAILED,
        case.settings.on_failure,
        found.evidence,
        due_since=found.grace_over(case.settings),
        evidence_at=found.since,
    )


def success(case: Case) -> Decision | None:
    """6 and 7. The training is complete: grace, then verification, then the ending."""
    found = case.completion
    if found is None or found.outcome is not Outcome.SUCCEEDED:
        return None
    if grace := _in_grace(case, found):
        return grace
    # What was reported before is not looked into again.
    return None if case.seen.uploads is None else _verified(case, found)


def complete_at_deadline(case: Case) -> Decision | None:
    """4. What was complete before the deadline ends as what it is, at the latest by the last look after it.

    A run whose completion is only reported is ended by its deadline.
    """
    found, due, latest = case.completion, case.deadline, case.last_look
    if found is None or due is None or not _ends_as_complete(case, found):
        return None
    if latest is None or case.now < latest:
        return failure(case) or success(case)
    outcome, evidence = verdict(case, found)
    action = own_action(case.settings, outcome) or case.settings.on_deadline
    return end(case, outcome, action, evidence, due_since=latest, evidence_at=due)


def own_action(settings: Settings, outcome: Outcome) -> Action | None:
    """What ends a run of this outcome by its own rule; None for what is only reported, or was not complete."""
    declared = {
        Outcome.SUCCEEDED: settings.on_complete,
        Outcome.FAILED: settings.on_failure,
        Outcome.UNVERIFIED: Action.REPORT if settings.on_complete is Action.REPORT else Action.STOP,
    }
    action = declared.get(outcome)
    return None if action is Action.REPORT else action


def _ends_as_complete(case: Case, found: Completion) -> bool:
    """Whether the deadline, if it comes, finds a run that was complete before it, and ends as that."""
    due = case.deadline
    if due is None or min(found.since, found.modified_at) >= due:
        return False
    return own_action(case.settings, found.outcome) is not None


def unread_marker(case: Case) -> Wait | None:
    """What the marker says is not known, and may be that the training failed."""
    body = case.seen.marker_body
    if case.completion is None or not isinstance(body, Unknown) or body.permanent or case.past_last_look:
        return None
    return wait_for(case, body, f"{case.completion.evidence} cannot be read yet: {body.cause}")


def _in_grace(case: Case, found: Completion) -> Wait | None:
    """Until its grace period is over, a completion waits for the last logs and checkpoints to arrive."""
    grace_over = found.grace_over(case.settings)
    if case.now >= grace_over or case.past_last_look:
        return None
    reason = f"{found.evidence}: grace period until {format_time(grace_over)}"
    if _ends_as_complete(case, found):
        return Wait(reason, min(grace_over, case.last_look or grace_over))
    return wait(case, reason, grace_over)


def _verified(case: Case, found: Completion) -> Decision | None:
    """The ending of a completed run, which waits as long as an upload gets on."""
    grace_over = found.grace_over(case.settings)
    gap = verification_gap(case.settings, case.seen, case.launched_at)
    if gap is None:
        action = case.settings.on_complete
        return end(case, Outcome.SUCCEEDED, action, found.evidence, due_since=grace_over, evidence_at=found.since)
    if isinstance(gap, Unknown):
        return wait_for(case, gap, f"verification unknown: {gap.cause}")
    reason = f"{found.evidence}, but {gap}"
    give_up = grace_over + timedelta(seconds=case.settings.verify_timeout_seconds)
    if moved_at := last_movement(case.seen):
        give_up = max(give_up, moved_at + STILL)
    if case.now < give_up:
        pause = max(RECHECK_UNVERIFIED, (case.now - grace_over) * _SHARE_OF_THE_WAIT)
        return wait(case, reason, min(give_up, case.now + pause))
    if case.memory.refusals(Refusable.STOP_UNSUPPORTED):
        return wait(case, f"{reason}; kept: EC2 cannot stop this instance", None)
    action = own_action(case.settings, Outcome.UNVERIFIED) or Action.REPORT
    return end(case, Outcome.UNVERIFIED, action, reason, due_since=give_up, evidence_at=found.since, climbs=False)
