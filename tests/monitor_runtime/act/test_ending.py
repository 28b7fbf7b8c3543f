from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor_runtime.act.ending import (
    ATTEMPT_SECONDS,
    RETRY_SECONDS,
    Ended,
    RemainingSeconds,
    end_instance,
    with_retries,
)
from monitor_runtime.cloud.interface import CloudError, ErrorKind
from monitor_runtime.cloud.values import InstanceState, StateChange
from monitor_runtime.contract.outcomes import Action

from ..builders import INSTANCE_ID, instance
from ..fakes import FakeClock, ScriptedCloud, failure

PENDING, RUNNING, STOPPING = InstanceState.PENDING, InstanceState.RUNNING, InstanceState.STOPPING
STOPPED, SHUTTING_DOWN, TERMINATED = InstanceState.STOPPED, InstanceState.SHUTTING_DOWN, InstanceState.TERMINATED
THROTTLED = failure(ErrorKind.TRANSIENT, "RequestLimitExceeded")
UNSUPPORTED = failure(ErrorKind.UNSUPPORTED, "UnsupportedOperation")
REFUSED = failure(ErrorKind.REFUSED, "OperationNotPermitted")
NOT_FOUND = failure(ErrorKind.NOT_FOUND, "InvalidInstanceID.NotFound")
SPOT = instance(spot_request_id="sir-1")
STOP = ("stop_instance", INSTANCE_ID)
TERMINATE = ("terminate_instance", INSTANCE_ID)
CANCEL = ("cancel_spot_request", "sir-1")
FOR_EVER = 4


def _endless() -> float:
    return 900


def _end(action: Action, answers: dict[str, list[Any]], **fields: Any) -> tuple[Ended, ScriptedCloud, FakeClock]:
    scripted = {method: [_changed(each) for each in given] for method, given in answers.items()}
    cloud, clock = ScriptedCloud(scripted), FakeClock()
    return end_instance(cloud.cloud, clock, instance(**fields), action, _endless), cloud, clock


def _changed(answer: Any) -> Any:
    return StateChange(answer, STOPPING) if isinstance(answer, InstanceState) else answer


# Asking again.


@pytest.mark.parametrize(("failures", "slept"), [(0, []), (1, [2]), (2, [2, 4]), (3, [2, 4, 8])])
def test_what_can_pass_is_tried_again_after_2_4_and_8_seconds(failures: int, slept: list[float]) -> None:
    ended, cloud, clock = _end(Action.STOP, {"stop_instance": [*[THROTTLED] * failures, RUNNING]})
    assert ended == Ended(Action.STOP, _changed(RUNNING), by_us=True)
    assert cloud.made == [STOP] * (failures + 1)
    assert clock.slept == slept


def test_what_does_not_pass_is_raised_after_the_fourth_attempt() -> None:
    cloud, clock = ScriptedCloud({"stop_instance": [THROTTLED]}), FakeClock()
    with pytest.raises(CloudError) as caught:
        end_instance(cloud.cloud, clock, instance(), Action.STOP, _endless)
    assert caught.value is THROTTLED
    assert (len(cloud.made), sum(clock.slept)) == (FOR_EVER, RETRY_SECONDS)


@pytest.mark.parametrize("action", [Action.STOP, Action.TERMINATE])
@pytest.mark.parametrize("kind", [ErrorKind.REFUSED, ErrorKind.CONFLICT])
def test_a_denial_is_raised_and_not_tried_again(kind: ErrorKind, action: Action) -> None:
    denied = failure(kind)
    cloud, clock = ScriptedCloud({"stop_instance": [denied], "terminate_instance": [denied]}), FakeClock()
    with pytest.raises(CloudError) as caught:
        end_instance(cloud.cloud, clock, instance(), action, _endless)
    assert caught.value is denied
    assert (len(cloud.made), clock.slept) == (1, [])


def test_only_an_error_of_the_cloud_is_tried_again() -> None:
    cloud, clock = ScriptedCloud({"stop_instance": [RuntimeError("ours")]}), FakeClock()
    with pytest.raises(RuntimeError):
        with_retries(clock, lambda: cloud.cloud.stop_instance(INSTANCE_ID), _endless)
    assert (len(cloud.made), clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("asked_for", "slept"),
    [(None, [2, 4, 8]), (0.0, [2, 4, 8]), (1.0, [2, 4, 8]), (5.0, [5, 5, 8]), (120.0, [120, 120, 120])],
)
def test_aws_is_left_alone_for_as_long_as_it_asks(asked_for: float | None, slept: list[float]) -> None:
    busy = CloudError("ec2:Operation", "Unavailable", "", ErrorKind.TRANSIENT, retry_after_seconds=asked_for)
    _, cloud, clock = _end(Action.STOP, {"stop_instance": [busy, busy, busy, RUNNING]})
    assert (clock.slept, len(cloud.made)) == (slept, 4)


def _within(seconds: float, clock: FakeClock) -> RemainingSeconds:
    """An invocation that ends so many seconds after the present moment."""
    end = clock.now() + timedelta(seconds=seconds)

    def remaining_seconds() -> float:
        return (end - clock.now()).total_seconds()

    return remaining_seconds


@pytest.mark.parametrize(
    ("left", "slept"),
    [
        (ATTEMPT_SECONDS, []),
        (ATTEMPT_SECONDS + 2, [2]),
        (ATTEMPT_SECONDS + 13, [2, 4]),
        (ATTEMPT_SECONDS + 14, [2, 4, 8]),
    ],
)
def test_an_attempt_that_the_invocation_has_no_time_for_is_left_to_the_next_trigger(
    left: float, slept: list[float]
) -> None:
    cloud, clock = ScriptedCloud({"stop_instance": [THROTTLED]}), FakeClock()
    with pytest.raises(CloudError) as caught:
        with_retries(clock, lambda: cloud.cloud.stop_instance(INSTANCE_ID), _within(left, clock))
    assert (caught.value, clock.slept) == (THROTTLED, slept)


def test_aws_is_not_waited_for_beyond_the_end_of_the_invocation() -> None:
    busy = CloudError("ec2:Operation", "Unavailable", "", ErrorKind.TRANSIENT, retry_after_seconds=3600)
    cloud, clock = ScriptedCloud({"stop_instance": [busy]}), FakeClock()
    with pytest.raises(CloudError):
        with_retries(clock, lambda: cloud.cloud.stop_instance(INSTANCE_ID), _within(900, clock))
    assert (len(cloud.made), clock.slept) == (1, [])


def test_without_time_for_a_call_none_is_made() -> None:
    cloud, clock = ScriptedCloud({"stop_instance": [RUNNING]}), FakeClock()
    with pytest.raises(CloudError, match="17 s are left of this invocation") as caught:
        with_retries(clock, lambda: cloud.cloud.stop_instance(INSTANCE_ID), _within(17, clock))
    assert (cloud.made, caught.value.kind) == ([], ErrorKind.TRANSIENT)


# One rung up.


def test_what_cannot_be_stopped_is_terminated_and_it_is_said_why() -> None:
    ended, cloud, clock = _end(Action.STOP, {"stop_instance": [UNSUPPORTED], "terminate_instance": [RUNNING]})
    assert ended == Ended(Action.TERMINATE, _changed(RUNNING), by_us=True, climbed=str(UNSUPPORTED))
    assert (cloud.made, clock.slept) == ([STOP, TERMINATE], [])


def test_a_one_time_spot_instance_is_terminated_after_its_request_was_cancelled() -> None:
    answers: dict[str, list[Any]] = {
        "stop_instance": [UNSUPPORTED],
        "cancel_spot_request": [None],
        "terminate_instance": [RUNNING],
    }
    ended, cloud, _ = _end(Action.STOP, answers, spot_request_id="sir-1")
    assert ended.climbed == str(UNSUPPORTED)
    assert cloud.made == [STOP, CANCEL, TERMINATE]


def test_a_termination_that_is_unsupported_too_is_raised() -> None:
    cloud = ScriptedCloud({"stop_instance": [UNSUPPORTED], "terminate_instance": [UNSUPPORTED]})
    with pytest.raises(CloudError):
        end_instance(cloud.cloud, FakeClock(), instance(), Action.STOP, _endless)
    assert cloud.made == [STOP, TERMINATE]


# Spot.


def test_a_spot_instance_that_can_be_stopped_keeps_its_request() -> None:
    _, cloud, _ = _end(Action.STOP, {"stop_instance": [RUNNING]}, spot_request_id="sir-1")
    assert cloud.made == [STOP]


@pytest.mark.parametrize(
    ("cancelling", "cancels"),
    [
        ([None], 1),
        ([THROTTLED, THROTTLED, None], 3),
        ([NOT_FOUND], 1),
        ([THROTTLED, NOT_FOUND], 2),
    ],
    ids=["at once", "at last", "forgotten", "forgotten meanwhile"],
)
def test_a_spot_request_is_cancelled_before_its_instance_is_terminated(cancelling: list[Any], cancels: int) -> None:
    answers: dict[str, list[Any]] = {"cancel_spot_request": cancelling, "terminate_instance": [RUNNING]}
    ended, cloud, _ = _end(Action.TERMINATE, answers, spot_request_id="sir-1")
    assert ended == Ended(Action.TERMINATE, _changed(RUNNING), by_us=True)
    assert cloud.made == [CANCEL] * cancels + [TERMINATE]


@pytest.mark.parametrize(("error", "cancels"), [(REFUSED, 1), (THROTTLED, FOR_EVER)])
def test_an_instance_is_not_terminated_while_its_request_would_launch_another(error: CloudError, cancels: int) -> None:
    cloud = ScriptedCloud({"cancel_spot_request": [error], "terminate_instance": [_changed(RUNNING)]})
    with pytest.raises(CloudError) as caught:
        end_instance(cloud.cloud, FakeClock(), SPOT, Action.TERMINATE, _endless)
    assert caught.value is error
    assert cloud.made == [CANCEL] * cancels


def test_what_must_be_kept_is_not_terminated_when_it_cannot_be_stopped() -> None:
    cloud = ScriptedCloud({"stop_instance": [UNSUPPORTED], "terminate_instance": [_changed(RUNNING)]})
    with pytest.raises(CloudError):
        end_instance(cloud.cloud, FakeClock(), instance(), Action.STOP, _endless, climbs=False)
    assert cloud.made == [STOP]


# Whose ending it is.


@pytest.mark.parametrize(
    ("previous", "by_us"),
    [
        (PENDING, True),
        (RUNNING, True),
        (STOPPING, False),
        (SHUTTING_DOWN, False),
        (TERMINATED, False),
    ],
)
@pytest.mark.parametrize(
    ("action", "method"), [(Action.STOP, "stop_instance"), (Action.TERMINATE, "terminate_instance")]
)
def test_an_ending_is_ours_when_our_call_changed_the_instance(
    action: Action, method: str, previous: InstanceState, by_us: bool
) -> None:
    ended, _, _ = _end(action, {method: [previous]})
    assert ended == Ended(action, StateChange(previous, STOPPING), by_us)


@pytest.mark.parametrize(
    ("action", "method", "by_us"),
    [(Action.STOP, "stop_instance", False), (Action.TERMINATE, "terminate_instance", True)],
)
def test_a_stopped_instance_is_ended_by_its_termination_alone(action: Action, method: str, by_us: bool) -> None:
    assert _end(action, {method: [STOPPED]})[0].by_us is by_us


@pytest.mark.parametrize(
    ("previous", "by_us"),
    [(RUNNING, True), (STOPPING, True), (SHUTTING_DOWN, True), (STOPPED, True), (TERMINATED, False)],
)
def test_a_call_that_failed_on_its_way_back_may_have_ended_it(previous: InstanceState, by_us: bool) -> None:
    ended, _, _ = _end(Action.TERMINATE, {"terminate_instance": [THROTTLED, previous]})
    assert ended.by_us is by_us


def test_an_attempt_to_stop_does_not_make_a_termination_by_others_ours() -> None:
    answers: dict[str, list[Any]] = {
        "stop_instance": [THROTTLED, UNSUPPORTED],
        "terminate_instance": [SHUTTING_DOWN],
    }
    assert not _end(Action.STOP, answers)[0].by_us


@pytest.mark.parametrize("attempts", [[NOT_FOUND], [THROTTLED, NOT_FOUND]])
def test_an_instance_that_is_gone_was_not_ended_by_us(attempts: list[Any]) -> None:
    ended, _, _ = _end(Action.STOP, {"stop_instance": attempts})
    assert ended == Ended(Action.STOP, StateChange(InstanceState.GONE, InstanceState.GONE), by_us=False)
