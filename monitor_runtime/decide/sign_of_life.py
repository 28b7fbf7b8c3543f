"""Whether the box has reported since its launch: its runner writes an object before the training begins."""

from __future__ import annotations

from datetime import datetime

from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import REPORT_DELAY, STARTED_AGAIN
from monitor_runtime.contract.memory import BoxNews
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.completed import own_action
from monitor_runtime.decide.completion import fresh, matching
from monitor_runtime.decide.observation import Observation, SignOfLife


def sign_is_due(settings: Settings, seen: Observation, now: datetime) -> bool:
    """Whether a running box should have reported by now, and nothing else says yet that it has, or has not.

    A run that is complete, or that has written an output in this launch, needs no other sign.
    """
    launched_at = seen.instance.launched_at
    if not settings.box_reports or launched_at is None or now < launched_at + REPORT_DELAY:
        return False
    stops_at = stops_again_at(settings, seen)
    known = seen.memory.box and not (stops_at and now >= stops_at)
    if known or seen.memory.may_be_going(now) or seen.completion:
        return False
    if not isinstance(seen.objects, tuple):
        return False
    written = fresh(seen.objects, launched_at)
    return not any(matching(settings, output, written) for output in settings.expected_outputs)


def stops_again_at(settings: Settings, seen: Observation) -> datetime | None:
    """When a silent box is stopped again, since its training had finished in an earlier launch; None if it is not.

    Not while nobody was told that it is silent, nor where what finishes is only reported.
    """
    memory, launched_at = seen.memory, seen.instance.launched_at
    if not settings.box_reports or launched_at is None or memory.box is not BoxNews.TOLD:
        return None
    return launched_at + STARTED_AGAIN if _had_finished(settings, seen) else None


def _had_finished(settings: Settings, seen: Observation) -> bool:
    before = seen.memory.outcome_before
    return before is not None and own_action(settings, before) is not None


def silence(settings: Settings, seen: Observation) -> str | None:
    """Why nothing is known of the box, and what to do, for people; None when it reported, or nobody can say."""
    sign, launched_at = seen.sign_of_life, seen.instance.launched_at
    if not isinstance(sign, SignOfLife) or launched_at is None:
        return None
    report = settings.output_uri + names.STARTED
    if sign.is_of(launched_at):
        return f"{report} is there, and cannot be read ({sign.unreadable}): {_TO_BE_READ}" if sign.unreadable else None
    instance_id = seen.instance.instance_id
    silent = f"the box of {instance_id} has not reported since its launch at {format_time(launched_at)}"
    if _had_finished(settings, seen):
        stops_at = format_time(launched_at + STARTED_AGAIN)
        return (
            f"{silent}: its training had {seen.memory.outcome_before} in an earlier launch, and is not started again;"
            f" the instance is stopped at {stops_at}, unless it trains by then or is held ({names.TAG_HOLD_UNTIL})"
        )
    older = f"older than this launch: {_FINISHED}, or" if sign.written_at else "absent:"
    return (
        f"{silent}; {report} is {older}"
        " its user data failed, it has no AWS CLI, or it cannot write to S3: read /var/log/cloud-init-output.log"
        f" through Session Manager, or aws ec2 get-console-output --latest --instance-id {instance_id}"
    )


_TO_BE_READ = (
    "neither could a marker's body be, and a success would end as unverified; allow the monitor's role s3:GetObject,"
    " and set kms_key_arn where the bucket is encrypted with a key of your own"
)
_FINISHED = "its training had finished before, and is not started again"
