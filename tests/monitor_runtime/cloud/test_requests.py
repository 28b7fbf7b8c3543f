"""How many requests botocore really sends: its own client, up to the socket."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from monitor_runtime.act.ending import end_instance, with_retries
from monitor_runtime.cloud import aws
from monitor_runtime.cloud.aws import AwsCloud
from monitor_runtime.cloud.interface import CALL_SECONDS, CloudError
from monitor_runtime.cloud.resources import MonitorResources
from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.outcomes import Action

from ..builders import INSTANCE_ID, instance
from ..fakes import FakeClock
from .moto_cloud import ENVIRONMENT

Answer = Callable[[], AWSResponse]
ARN = "arn:aws:lambda:us-east-1:123456789012:function:monitor"
RESOURCES = MonitorResources(
    ARN, "group", "arn:role", "arn:queue", "document", "arn:aws:sns:us-east-1:123456789012:topic"
)


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content


def _answer(status: int, content: str, **headers: str) -> Answer:
    given = HTTPHeaders()
    for name, value in headers.items():
        given[name.replace("_", "-")] = value
    return lambda: AWSResponse("https://aws", status, given, _Body(content.encode()))


def _fault(code: str) -> str:
    return f"<Response><Errors><Error><Code>{code}</Code><Message>m</Message></Error></Errors></Response>"


def _raising(error: Exception) -> Answer:
    def answer() -> AWSResponse:
        raise error

    return answer


LIMITED = _answer(503, _fault("RequestLimitExceeded"))
BROKEN = _answer(500, _fault("InternalError"))
TIMED_OUT = _raising(ReadTimeoutError(endpoint_url="https://aws"))
CLOSED = _raising(ConnectionClosedError(endpoint_url="https://aws"))
NOTHING_FOUND = _answer(200, "<DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>")


def _was(state: str) -> Answer:
    item = (
        f"<item><instanceId>{INSTANCE_ID}</instanceId><previousState><code>16</code><name>{state}</name>"
        "</previousState><currentState><code>64</code><name>stopping</name></currentState></item>"
    )
    return _answer(200, f"<StopInstancesResponse><instancesSet>{item}</instancesSet></StopInstancesResponse>")


class _Wire:
    """Answers the requests in turn, the last answer for ever; ``at`` has the seconds at which each was sent."""

    def __init__(self, clock: FakeClock, *answers: Answer) -> None:
        self._clock, self._answers, self._began = clock, list(answers), clock.now()
        self.at: list[float] = []

    def __call__(self, **_: Any) -> AWSResponse:
        self.at.append((self._clock.now() - self._began).total_seconds())
        return (self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])()


@contextmanager
def _wired(monkeypatch: pytest.MonkeyPatch, *answers: Answer) -> Generator[tuple[AwsCloud, FakeClock, _Wire]]:
    """The monitor's own clients, each request answered at the place where it would leave the machine."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    clock = FakeClock()
    wire = _Wire(clock, *answers)
    events = [aws.client(service, RESOURCES.region).meta.events for service in ("ec2", "sns", "scheduler", "s3")]
    for each in events:
        each.register_first("before-send", wire)
    try:
        yield AwsCloud(RESOURCES), clock, wire
    finally:
        for each in events:
            each.unregister("before-send", wire)


def _endless() -> float:
    return 900


@pytest.mark.parametrize("answer", [LIMITED, BROKEN, TIMED_OUT, CLOSED], ids=["limited", "broken", "late", "closed"])
def test_an_ending_that_fails_is_four_requests_at_0_2_6_and_14_seconds(
    monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    with _wired(monkeypatch, answer) as (cloud, clock, wire):
        with pytest.raises(CloudError):
            end_instance(cloud, clock, instance(), Action.STOP, _endless)
        assert (wire.at, cloud.calls) == ([0, 2, 6, 14], {"ec2": 4})


REPEATED: Mapping[str, Callable[[AwsCloud], object]] = {
    "terminate": lambda cloud: cloud.terminate_instance(INSTANCE_ID),
    "cancel": lambda cloud: cloud.cancel_spot_request("sir-1"),
    "tag": lambda cloud: cloud.tag_instance(INSTANCE_ID, {"runctl:outcome": "failed"}),
    "publish": lambda cloud: cloud.publish("subject", "message"),
    "delete": lambda cloud: cloud.delete_schedule("llama-ft.follow-up"),
}


@pytest.mark.parametrize("name", REPEATED)
@pytest.mark.parametrize("answer", [BROKEN, CLOSED], ids=["broken", "closed"])
def test_whatever_the_monitor_tries_again_is_one_request_a_time(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, name: str
) -> None:
    with _wired(monkeypatch, answer) as (cloud, clock, wire):
        with pytest.raises(CloudError):
            with_retries(clock, lambda: REPEATED[name](cloud), _endless)
        assert wire.at == [0, 2, 6, 14]


def test_the_next_request_comes_when_aws_has_said(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = _answer(503, _fault("Unavailable"), Retry_After="30")
    with _wired(monkeypatch, busy, busy, _was("running")) as (cloud, clock, wire):
        end_instance(cloud, clock, instance(), Action.STOP, _endless)
        assert wire.at == [0, 30, 60]


def test_an_ending_whose_answer_was_lost_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    with _wired(monkeypatch, TIMED_OUT, _was("stopping")) as (cloud, clock, wire):
        ended = end_instance(cloud, clock, instance(), Action.STOP, _endless)
        assert (ended.change.previous, ended.by_us, len(wire.at)) == (InstanceState.STOPPING, True, 2)


def test_an_ending_that_somebody_else_had_begun_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    with _wired(monkeypatch, _was("stopping")) as (cloud, clock, _):
        assert not end_instance(cloud, clock, instance(), Action.STOP, _endless).by_us


@pytest.mark.parametrize("answer", [LIMITED, BROKEN, TIMED_OUT], ids=["limited", "broken", "late"])
def test_a_look_that_fails_is_one_request(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    with _wired(monkeypatch, answer) as (cloud, _, wire):
        with pytest.raises(CloudError):
            cloud.find_instances({"runctl:run": "llama-ft"})
        with pytest.raises(CloudError):
            cloud.list_folder("outputs", "runs/")
        assert (len(wire.at), cloud.calls) == (2, {"ec2": 1, "s3": 1})


def test_a_connection_that_had_been_closed_while_the_function_was_frozen_is_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with _wired(monkeypatch, CLOSED, NOTHING_FOUND) as (cloud, _, _):
        assert cloud.find_instances({"runctl:run": "llama-ft"}) == ()
        assert cloud.calls == {"ec2": 2}


def test_a_connection_is_opened_again_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with _wired(monkeypatch, CLOSED) as (cloud, _, wire):
        with pytest.raises(CloudError):
            cloud.find_instances({"runctl:run": "llama-ft"})
        assert len(wire.at) == 2


def test_no_call_takes_longer_than_is_reckoned_with() -> None:
    config: Any = aws.CLIENT_CONFIG
    assert config.connect_timeout + config.read_timeout == CALL_SECONDS
