"""A check ends well inside the function's timeout, however slow AWS is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.act.release import release
from monitor_runtime.act.report import Report
from monitor_runtime.check import check
from monitor_runtime.cloud.interface import Cloud, CloudError, CommandState, ErrorKind
from monitor_runtime.cloud.pages import Page, UploadPage
from monitor_runtime.cloud.values import InstanceState, StateChange
from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.triggers import ForgetTrigger

from .builders import LAUNCH, instance, settings, stored
from .fakes import FakeClock, failure

SLOW, SLOWEST = 9.0, 13.0
TIMEOUT, REPLY = 900.0, 5.0
BUSY = CloudError("ec2:Operation", "Unavailable", "", ErrorKind.TRANSIENT, retry_after_seconds=120)
FAILS = failure(ErrorKind.TRANSIENT, "InternalError")
UNSUPPORTED = failure(ErrorKind.UNSUPPORTED, "UnsupportedOperation")
COMPLETED = LAUNCH + timedelta(hours=2)
ANSWERS: Mapping[str, object] = {
    "find_instances": (
        instance(
            spot_request_id="sir-1", tags={names.TAG_MONITOR: "m", names.TAG_ARMED: "2026-03-03T09:10:00Z stop by m"}
        ),
    ),
    "list_folder": Page((stored("done", COMPLETED),), None),
    "describe_instance": instance(),
    "read_object": b"",
    "list_uploads": UploadPage(()),
    "stop_unit": "c-1",
    "command_state": CommandState.RUNNING,
    "schedule_input": "{}",
    "stop_instance": StateChange(InstanceState.RUNNING, InstanceState.STOPPING),
    "terminate_instance": StateChange(InstanceState.RUNNING, InstanceState.SHUTTING_DOWN),
}


class _SlowCloud:
    """Each call takes so many seconds and gives the same answer each time; an exception is raised."""

    def __init__(self, clock: FakeClock, seconds: float, answers: Mapping[str, object]) -> None:
        self._clock, self._seconds, self._answers = clock, seconds, {**ANSWERS, **answers}
        self.made: list[str] = []

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def answer(*_: object, **__: object) -> object:
            self.made.append(method)
            self._clock.sleep(self._seconds)
            found = self._answers.get(method)
            if isinstance(found, Exception):
                raise found
            return found

        return answer


def _checked(run: Settings, cloud: _SlowCloud, clock: FakeClock, timeout: float = TIMEOUT) -> float:
    """How long a check takes."""
    began = clock.now()
    report = Report(run.run, "heartbeat", began)

    def remaining_seconds() -> float:
        return timeout - (clock.now() - began).total_seconds()

    with suppress(EndingFailedError):
        check(CheckContext(run, cast("Cloud", cloud), clock, report, remaining_seconds, notifies=True))
    return (clock.now() - began).total_seconds()


def _clock(moment: datetime) -> FakeClock:
    clock = FakeClock()
    clock.sleep((moment - clock.now()).total_seconds())
    return clock


WORST: Mapping[str, Mapping[str, object]] = {
    "nothing fails": {},
    "the stop fails": {"stop_instance": FAILS},
    "two ladders": {"stop_instance": UNSUPPORTED, "cancel_spot_request": FAILS},
    "three ladders": {"stop_instance": UNSUPPORTED, "terminate_instance": FAILS},
    "everything is busy": dict.fromkeys(("stop_instance", "tag_instance", "publish", "delete_schedule"), BUSY),
    "nothing can be recorded": dict.fromkeys(("tag_instance", "publish", "delete_schedule"), FAILS),
}


@pytest.mark.parametrize("seconds", [SLOW, SLOWEST])
@pytest.mark.parametrize("name", WORST)
@pytest.mark.parametrize(
    "moment", [COMPLETED + timedelta(minutes=5), COMPLETED + timedelta(minutes=4), LAUNCH + timedelta(days=2)]
)
def test_a_check_ends_in_time_though_every_call_is_slow(name: str, seconds: float, moment: datetime) -> None:
    clock = _clock(moment)
    run = settings(shutdown_timeout_seconds=600)
    assert _checked(run, _SlowCloud(clock, seconds, WORST[name]), clock) <= TIMEOUT - REPLY


@pytest.mark.parametrize("seconds", [SLOW, SLOWEST])
def test_a_slow_signal_leaves_the_time_that_the_ending_needs(seconds: float) -> None:
    clock = _clock(LAUNCH + timedelta(hours=24))
    cloud = _SlowCloud(clock, seconds, {"stop_instance": UNSUPPORTED, "terminate_instance": FAILS})
    _checked(settings(shutdown_timeout_seconds=600), cloud, clock, timeout=300)
    assert cloud.made.count("terminate_instance") == 4


def test_an_ending_is_tried_even_in_a_short_invocation() -> None:
    clock = _clock(LAUNCH + timedelta(hours=24))
    cloud = _SlowCloud(clock, SLOW, {})
    assert _checked(settings(), cloud, clock, timeout=60) <= 60 - REPLY
    assert "stop_instance" in cloud.made


def test_a_removal_ends_in_time_though_every_call_is_slow_and_fails() -> None:
    clock = FakeClock()
    many = tuple(instance() for _ in range(20))
    failing = dict.fromkeys(("tag_instance", "delete_schedule"), FAILS)
    cloud = _SlowCloud(clock, SLOW, {"find_instances": many, **failing})
    began = clock.now()

    def remaining_seconds() -> float:
        return TIMEOUT - (clock.now() - began).total_seconds()

    problems = release(cast("Cloud", cloud), clock, ForgetTrigger("llama-ft", "m"), remaining_seconds).problems
    assert (clock.now() - began).total_seconds() <= TIMEOUT - REPLY
    assert any("are left of this invocation" in problem for problem in problems)
