"""What the plan says of the longest run holds when something fails, and is not much longer than what happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.contract import names
from monitor_runtime.contract.hold_time import MAX_HOLD
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client
from sandbox.aws.outages import failing
from sandbox.demo.scenarios import SCENARIOS, Scenario
from sandbox.demo.story import RUN, Story, play
from sandbox.demo.training import Training, crash, lose_checkpoint, succeed, write_outputs
from sandbox.sandbox import Sandbox

LATENESS = timedelta(seconds=65)
"""Of EventBridge, and of the call."""
WORK = timedelta(minutes=21)
HOUR = {"max_runtime_hours": 1}
Twist = Callable[[Sandbox, Training], None]


def _plan(story: Story) -> dict[str, Any]:
    return story.deployment.outputs[RUN]["plan"]


def _ended_after(story: Story, since: timedelta) -> timedelta:
    """From a moment after the launch to when the instance began to end."""
    ended_at = next(change.at for change in story.changes if change.state in {"stopping", "shutting-down"})
    return ended_at - story.launched_at - since


def _at(sandbox: Sandbox, delay: timedelta, action: Callable[[], None]) -> None:
    sandbox.clock.at(sandbox.clock.now() + delay, action)


def _loses_events(_: Sandbox, training: Training) -> None:
    client("s3").put_bucket_notification_configuration(Bucket=training.bucket, NotificationConfiguration={})


def _loses_checks(start: timedelta, end: timedelta) -> Twist:
    """Every invocation between two moments fails, and is repeated in vain."""

    def twist(sandbox: Sandbox, _: Training) -> None:
        def set_broken(broken: bool) -> None:
            sandbox.functions.broken = broken

        _at(sandbox, start, lambda: set_broken(True))
        _at(sandbox, end, lambda: set_broken(False))

    return twist


def _loses_s3(start: timedelta) -> Twist:
    def twist(sandbox: Sandbox, _: Training) -> None:
        now = sandbox.clock.now()
        failing("s3", "ListObjectsV2", sandbox.clock, now + start, now + timedelta(days=1))

    return twist


@dataclass(frozen=True)
class Failing:
    """Something that fails, from when the bound for it counts, and how much shorter the truth may be."""

    failure: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    since: timedelta = WORK
    finish: Callable[[Training], None] | None = succeed
    works_for: timedelta = WORK
    twist: Twist | None = None
    looser: timedelta = timedelta(0)
    """Than an interval and the documented lateness: what a bound has to count in that does not happen here."""

    def play(self) -> Story:
        lasts = timedelta(hours=1, minutes=30)
        return play(Scenario("", None, "", self.args, self.finish, self.works_for, self.twist, lasts))


NEVER = timedelta(days=1)
SHUTDOWN = timedelta(minutes=2)
FAILING = {
    "default": Failing("nothing_fails"),
    "rare checks, short grace": Failing("nothing_fails", {"max_interval_seconds": 1200, "grace_seconds": 60}),
    "checks that do not grow rarer": Failing("nothing_fails", {"backoff_multiplier": 1, "grace_seconds": 0}),
    "long grace": Failing("nothing_fails", {"grace_seconds": 1800}),
    "an event": Failing("nothing_fails", {"s3_events": True, "grace_seconds": 0}),
    "an event, and a grace that is shorter than a follow-up": Failing(
        "nothing_fails", {"s3_events": True, "grace_seconds": 30}
    ),
    "crash": Failing("nothing_fails", finish=crash),
    "outputs alone": Failing(
        "nothing_fails",
        {"markers": [], "expected_outputs": ["model/*.safetensors", "metrics.json"]},
        since=WORK + timedelta(minutes=10),
        finish=write_outputs,
        looser=timedelta(minutes=5),
    ),
    "a failure that is only reported": Failing(
        "training_fails", {**HOUR, "on_failure": "report"}, since=timedelta(0), finish=crash, looser=SHUTDOWN
    ),
    "a success that is only reported": Failing(
        "nothing_fails", {**HOUR, "on_complete": "report"}, since=timedelta(0), looser=SHUTDOWN
    ),
    "no event": Failing("events_lost", {"s3_events": True}, twist=_loses_events),
    "no heartbeat": Failing("trigger_lost", twist=_loses_checks(WORK, timedelta(minutes=27))),
    "no follow-up": Failing(
        "trigger_lost",
        {"max_interval_seconds": 600},
        since=timedelta(seconds=1190),
        works_for=timedelta(seconds=1190),
        twist=_loses_checks(timedelta(seconds=1425), timedelta(seconds=1560)),
    ),
    "S3 silent once the marker was seen": Failing(
        "s3_silent",
        {**HOUR, "grace_seconds": 1800},
        since=timedelta(0),
        works_for=timedelta(minutes=45),
        twist=_loses_s3(timedelta(minutes=55)),
        looser=SHUTDOWN,
    ),
    "a checkpoint that never arrives": Failing("unverified", finish=lose_checkpoint),
    "a checkpoint that never arrives, with little patience": Failing(
        "unverified", {"verify_timeout_seconds": 0, "grace_seconds": 0}, finish=lose_checkpoint
    ),
    "a checkpoint that never arrives, on one-time spot": Failing(
        "unverified", {**HOUR, "spot": "one-time"}, since=timedelta(0), finish=lose_checkpoint
    ),
    "a hang that writes nothing": Failing(
        "stalls",
        {"stalled": {"patterns": ["checkpoints/*.pt"], "minutes": 30}},
        since=timedelta(minutes=20),
        finish=None,
        looser=SHUTDOWN,
    ),
    "a hang": Failing("hangs", HOUR, since=timedelta(0), finish=None, looser=SHUTDOWN),
    "a hang of 10 minutes": Failing(
        "hangs", {"max_runtime_hours": 0.17, "grace_seconds": 60}, since=timedelta(0), finish=None, looser=SHUTDOWN
    ),
    "no monitor": Failing("monitor_fails", HOUR, since=timedelta(0), twist=_loses_checks(timedelta(minutes=10), NEVER)),
}


@pytest.mark.parametrize("name", FAILING)
def test_the_instance_ends_within_its_bound_which_is_not_much_longer(name: str) -> None:
    case = FAILING[name]
    story = case.play()
    bound = timedelta(seconds=_plan(story)["longest_run_seconds"][case.failure])
    interval = timedelta(seconds=case.args.get("max_interval_seconds", 300))
    assert bound - interval - LATENESS - case.looser <= _ended_after(story, case.since) <= bound


def test_an_idle_instance_ends_within_its_bound() -> None:
    story = play(SCENARIOS["idle"])
    bound = timedelta(seconds=_plan(story)["longest_run_seconds"]["idles"])
    ended_after = _ended_after(story, SCENARIOS["idle"].works_for)
    assert bound - timedelta(minutes=15) - LATENESS - SHUTDOWN <= ended_after <= bound


def _is_held(sandbox: Sandbox, training: Training, until: timedelta) -> None:
    tag = {"Key": names.TAG_HOLD_UNTIL, "Value": format_time(sandbox.clock.now() + until)}
    client("ec2").create_tags(Resources=[training.instance_id], Tags=[tag])


def test_a_hold_at_the_last_moment_keeps_an_instance_no_longer_than_its_bound() -> None:
    """The hold is shorter here than it may be."""
    hold, last_moment = timedelta(minutes=30), WORK + timedelta(minutes=4, seconds=30)

    def twist(sandbox: Sandbox, training: Training) -> None:
        _at(sandbox, last_moment, lambda: _is_held(sandbox, training, hold))

    story = Failing("held", twist=twist).play()
    bound = timedelta(seconds=_plan(story)["longest_run_seconds"]["held"]) - MAX_HOLD + hold
    assert bound - timedelta(minutes=5) - 2 * LATENESS <= _ended_after(story, WORK) <= bound


def _is_held_again_and_again(sandbox: Sandbox, training: Training) -> None:
    for minutes in (0, 30, 60):
        _at(sandbox, timedelta(minutes=minutes), lambda: _is_held(sandbox, training, timedelta(minutes=45)))


UNBOUND = {
    "no deadline": Failing("hangs", {"max_runtime_hours": 0}, finish=None),
    "a deadline that is only reported": Failing("hangs", {**HOUR, "on_deadline": "report"}, finish=None),
    "no monitor, and no deadline": Failing(
        "monitor_fails", {"max_runtime_hours": 0}, twist=_loses_checks(timedelta(minutes=10), NEVER)
    ),
    "no monitor, and a deadline that is only reported": Failing(
        "monitor_fails", {**HOUR, "on_deadline": "report"}, twist=_loses_checks(timedelta(minutes=10), NEVER)
    ),
    "S3 silent, and no deadline": Failing("s3_silent", {"max_runtime_hours": 0}, twist=_loses_s3(WORK)),
    "unverified on one-time spot, without a deadline": Failing(
        "unverified", {"max_runtime_hours": 0, "spot": "one-time"}, finish=lose_checkpoint
    ),
}


@pytest.mark.parametrize("name", UNBOUND)
def test_what_is_said_to_be_without_bound_ends_by_nothing(name: str) -> None:
    case = UNBOUND[name]
    story = case.play()
    assert _plan(story)["longest_run"][case.failure].startswith("without bound: ")
    assert case.failure not in _plan(story)["longest_run_seconds"]
    assert story.state == "running"


def test_holds_in_a_row_are_without_bound() -> None:
    case = Failing("held", HOUR, twist=_is_held_again_and_again)
    story = case.play()
    assert "with each hold" in _plan(story)["longest_run"][case.failure]
    assert story.state == "running"
