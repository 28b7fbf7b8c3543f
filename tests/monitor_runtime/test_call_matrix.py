"""Every AWS call of every path made to fail, once and for ever, each with a stated result.

What is stated: whether the check replies or raises, whether the run is ended nevertheless, and that the trigger after
the fault finishes the job.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.contract import names

from .cloud.aws_failures import DENIED, PASSING, error, raiser
from .cloud.moto_cloud import MONITOR, Cloud, moto_cloud
from .handler_paths import PATHS, Path, completed_and_due
from .stated_results import ANYWAY, LISTED, NOTED, STATED


@pytest.mark.parametrize("name", PATHS)
def test_every_call_of_a_path_has_a_stated_result(name: str) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        cloud.faults.update(_EVENTS_ON)
        path.prepare(cloud)
        cloud.handle(path.event(cloud))
        assert {(name, call) for call in cloud.made()} == {stated for stated in STATED if stated[0] == name}
        assert cloud.state == path.state


# Moto does not tell of EventBridge in a bucket's notifications.
_EVENTS_ON: dict[str, Callable[[], object]] = {
    "s3:GetBucketNotificationConfiguration": lambda: {"EventBridgeConfiguration": {}}
}
_FOREVER = ("throttled", "denied")
_ENDING_TOO = ("5xx", "timeout", "unreachable", "malformed")
CASES = [
    (name, call, kind) for name, call in STATED for kind in (*_FOREVER, *(_ENDING_TOO if name == "ending" else ()))
]


def _fault(kind: str) -> Callable[[], object]:
    return DENIED if kind == "denied" else PASSING[kind]


def _judge(cloud: Cloud, path: Path, call: str, stated: str | type[Exception]) -> None:
    """What the check itself makes of a call that fails for ever."""
    if isinstance(stated, type):
        with pytest.raises(stated, match=call):
            cloud.handle(path.event(cloud))
        return
    reply = cloud.handle(path.event(cloud))
    if stated == NOTED:
        assert "training" in " ".join(reply["seen"])
    else:
        told = " ".join(reply["problems"])
        assert call in told or (stated == LISTED and "is absent" in told)
    if stated in {ANYWAY, NOTED}:
        assert cloud.state == path.state


@pytest.mark.parametrize(("name", "call", "kind"), CASES)
def test_a_call_that_fails_for_ever_has_its_stated_result_and_the_next_trigger_finishes_the_job(
    name: str, call: str, kind: str
) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        cloud.faults.update(_EVENTS_ON)
        path.prepare(cloud)
        cloud.faults[call] = _fault(kind)
        _judge(cloud, path, call, STATED[name, call])
        del cloud.faults[call]
        cloud.faults.update(_EVENTS_ON)
        _finish(cloud, path)


ONCE = [(name, call, tuple(PASSING)[number % len(PASSING)]) for number, (name, call) in enumerate(STATED)]
"""Each call fails once, in one of the ways in turn: what a way means is the same for every call."""


@pytest.mark.parametrize(("name", "call", "kind"), ONCE)
def test_a_call_that_fails_once_leaves_nothing_that_the_next_trigger_does_not_finish(
    name: str, call: str, kind: str
) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        cloud.faults.update(_EVENTS_ON)
        path.prepare(cloud)
        cloud.faults[call] = lambda: _once(cloud, call, kind)
        with suppress(CloudError):
            cloud.handle(path.event(cloud))
        assert cloud.faults == _EVENTS_ON
        _finish(cloud, path)


def _finish(cloud: Cloud, path: Path) -> None:
    """Two heartbeats on, everything is as if nothing had failed."""
    if path is PATHS["removal"]:
        return
    for _ in range(2):
        cloud.pass_time(minutes=5 if path.state != "running" else 0)
        cloud.check()
    assert cloud.state == (path.state if path is not PATHS["noticing"] else "running")
    if path.state != "running":
        assert names.TAG_OUTCOME in cloud.tags
        assert not cloud.tags.get(names.TAG_ARMED)
        assert cloud.switch_name not in cloud.schedules()
        assert len(cloud.messages()) >= 1
    else:
        assert cloud.tags[names.TAG_MONITOR] == MONITOR


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("ending", "ec2:StopInstances"),
        ("ending", "ec2:CreateTags"),
        ("ending", "sns:Publish"),
        ("terminating", "ec2:TerminateInstances"),
        ("forcing", "ec2:StopInstances"),
        ("kept", "ec2:TerminateInstances"),
    ],
)
def test_a_call_of_an_ending_that_fails_once_is_tried_again_after_two_seconds(name: str, call: str, kind: str) -> None:
    path = PATHS[name]
    with moto_cloud(**path.fields) as cloud:
        path.prepare(cloud)
        began = cloud.clock.now()
        cloud.faults[call] = lambda: _once(cloud, call, kind)
        reply = cloud.handle(path.event(cloud))
        assert not [problem for problem in reply["problems"] if call in problem]
        assert cloud.state == path.state
        assert (cloud.clock.now() - began).total_seconds() == 2


def _once(cloud: Cloud, call: str, kind: str) -> object:
    del cloud.faults[call]
    cloud.faults.update(_EVENTS_ON)
    return PASSING[kind]()


def test_an_ending_that_fails_is_tried_at_0_2_6_and_14_seconds() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        tried: list[float] = []
        began = cloud.clock.now()

        def fail() -> object:
            tried.append((cloud.clock.now() - began).total_seconds())
            return PASSING["5xx"]()

        cloud.faults["ec2:StopInstances"] = fail
        with pytest.raises(EndingFailedError):
            cloud.check()
        assert tried == [0, 2, 6, 14]


def test_a_stop_that_is_denied_is_asked_for_three_times_in_all() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        asked: list[int] = []
        cloud.faults["ec2:StopInstances"] = lambda: (asked.append(1), DENIED())
        for _ in range(3):
            with pytest.raises(EndingFailedError):
                cloud.check()
        assert cloud.check()["decision"] == "refused"
        assert len(asked) == 3


def test_what_cannot_be_stopped_is_terminated() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:StopInstances"] = raiser(error("UnsupportedOperation", 400))
        reply = cloud.check()
        assert (reply["action"], cloud.state) == ("terminate", "terminated")


def test_what_can_be_neither_stopped_nor_terminated_is_a_failure_and_not_told_as_kept() -> None:
    with moto_cloud() as cloud:
        completed_and_due(cloud)
        cloud.faults["ec2:StopInstances"] = raiser(error("UnsupportedOperation", 400))
        cloud.faults["ec2:TerminateInstances"] = raiser(error("UnsupportedOperation", 400))
        with pytest.raises(EndingFailedError, match="stop failed"):
            cloud.check()
        assert cloud.messages() == []
        assert names.TAG_REFUSED not in cloud.tags
