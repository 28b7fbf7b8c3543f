from __future__ import annotations

from typing import Any

import pytest
import time_machine
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    NoCredentialsError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from monitor_runtime.cloud.aws_errors import to_cloud_error
from monitor_runtime.cloud.interface import CloudError, ErrorKind

URL = "https://s3.us-east-1.amazonaws.com/"


def _answer(code: str, status: int = 400, message: str = "words of AWS") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")


def _kind(error: Exception) -> ErrorKind:
    return to_cloud_error("service:Operation", error).kind


@pytest.mark.parametrize(
    "code",
    [
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "SlowDown",
        "OperationAborted",
        "RequestTimeout",
        "RequestExpired",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncorrectInstanceState",
        "IncorrectState",
        "ConcurrentTagAccess",
        "EC2ThrottledException",
        "Throttled",
        "KMSThrottling",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeoutException",
        "InternalError",
        "Unavailable",
    ],
)
def test_what_was_answered_for_the_moment_can_pass_though_its_status_says_otherwise(code: str) -> None:
    assert _kind(_answer(code)) is ErrorKind.TRANSIENT


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InternalServerException", 500),
        ("InternalServiceFault", 500),
        ("ServiceUnavailable", 503),
        ("502", 502),
        ("GatewayTimeout", 504),
        ("Unknown", 599),
    ],
)
def test_a_failure_of_the_service_itself_can_pass_whatever_its_code(code: str, status: int) -> None:
    assert _kind(_answer(code, status)) is ErrorKind.TRANSIENT


@pytest.mark.parametrize("code", ["SomeNewThrottling", "ConcurrentModificationException"])
def test_too_many_requests_can_pass_whatever_the_code(code: str) -> None:
    assert _kind(_answer(code, 429)) is ErrorKind.TRANSIENT


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("AccessDeniedException", 403),
        ("UnauthorizedOperation", 403),
        ("AuthorizationError", 403),
        ("OperationNotPermitted", 400),
        ("InvalidParameterValue", 400),
        ("ValidationException", 400),
        ("InvalidInstanceId", 400),
        ("AllAccessDisabled", 403),
        ("PermanentRedirect", 301),
        ("InvalidClientTokenId", 403),
        ("SomethingNew", 400),
        ("SomethingNew", 499),
    ],
)
def test_a_denial_a_protection_or_an_invalid_request_is_refused(code: str, status: int) -> None:
    assert _kind(_answer(code, status)) is ErrorKind.REFUSED


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("InvalidInstanceID.NotFound", 400),
        ("InvalidSpotInstanceRequestID.NotFound", 400),
        ("NoSuchKey", 404),
        ("NoSuchUpload", 404),
        ("ResourceNotFoundException", 404),
    ],
)
def test_what_is_not_there_is_not_found(code: str, status: int) -> None:
    assert _kind(_answer(code, status)) is ErrorKind.NOT_FOUND


def test_a_schedule_that_exists_already_is_a_conflict() -> None:
    assert _kind(_answer("ConflictException", 409)) is ErrorKind.CONFLICT


def test_an_instance_that_cannot_be_stopped_is_unsupported() -> None:
    assert _kind(_answer("UnsupportedOperation")) is ErrorKind.UNSUPPORTED


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        ProxyConnectionError(proxy_url=URL),
        SSLError(endpoint_url=URL, error=OSError("certificate")),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ResponseParserError("Unable to parse response"),
        NoCredentialsError(),
        KeyError("Contents"),
        ValueError("not a date"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_kept_an_answer_from_arriving_or_from_being_read_can_pass(error: Exception) -> None:
    told = to_cloud_error("s3:ListObjectsV2", error)
    assert (told.kind, told.code) == (ErrorKind.TRANSIENT, type(error).__name__)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"Error": {}},
        {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {}},
        {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 0}},
    ],
)
def test_an_answer_without_a_status_is_no_refusal(answer: Any) -> None:
    assert _kind(ClientError(answer, "Operation")) is ErrorKind.TRANSIENT


def test_a_person_reads_which_call_failed_and_why() -> None:
    error = to_cloud_error("ec2:StopInstances", _answer("OperationNotPermitted", message="protected"))
    assert str(error) == "ec2:StopInstances: OperationNotPermitted: protected"
    assert (error.operation, error.code) == ("ec2:StopInstances", "OperationNotPermitted")


def test_an_error_without_code_or_message_is_told_all_the_same() -> None:
    answer: Any = {"ResponseMetadata": {"HTTPStatusCode": 400}}
    error = to_cloud_error("ec2:StopInstances", ClientError(answer, "Operation"))
    assert str(error) == "ec2:StopInstances: Unknown: "


# Asking for fewer requests.


def _busy(headers: dict[str, str], code: str = "ServiceUnavailable", status: int = 503) -> CloudError:
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    answer: Any = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata}
    return to_cloud_error("ec2:StopInstances", ClientError(answer, "Operation"))


@pytest.mark.parametrize(
    "code",
    ["RequestLimitExceeded", "Throttling", "ThrottlingException", "SlowDown", "TooManyRequestsException", "Throttled"],
)
def test_a_service_that_asks_for_fewer_requests_is_told_from_one_that_fails(code: str) -> None:
    assert to_cloud_error("service:Operation", _answer(code, 503)).throttled


def test_too_many_requests_is_throttling_whatever_the_code() -> None:
    assert to_cloud_error("service:Operation", _answer("SomethingNew", 429)).throttled


@pytest.mark.parametrize(
    "error",
    [
        _answer("InternalError", 500),
        _answer("AccessDenied", 403),
        _answer("Unavailable", 503),
        ReadTimeoutError(endpoint_url=URL),
    ],
)
def test_a_service_that_fails_does_not_ask_for_fewer_requests(error: Exception) -> None:
    assert not to_cloud_error("service:Operation", error).throttled


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        (
            {"date": "Mon, 02 Mar 2026 09:00:00 GMT", "retry-after": "Mon, 02 Mar 2026 09:00:20 GMT"},
            20.0,
        ),
        ({"date": "Mon, 02 Mar 2026 09:00:00 GMT", "retry-after": "Mon, 02 Mar 2026 08:00:00 GMT"}, 0.0),
        ({"date": "Mon, 02 Mar 2026 09:00:00 GMT", "retry-after": "Mon, 02 Mar 2026 09:00:20"}, 20.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_when_aws_may_be_asked_again_is_read_from_its_answer(headers: dict[str, str], seconds: float | None) -> None:
    assert _busy(headers).retry_after_seconds == seconds


def test_a_date_in_an_answer_without_one_counts_from_the_present_moment() -> None:
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False):
        assert _busy({"retry-after": "Mon, 02 Mar 2026 09:01:00 GMT"}).retry_after_seconds == 60


def test_who_says_when_to_come_again_asks_for_fewer_requests() -> None:
    assert _busy({"retry-after": "7"}).throttled


@pytest.mark.parametrize("headers", [{"retry-after": "7"}, {"retry-after": "soon"}])
def test_what_kind_of_error_it_is_does_not_hang_on_when_to_come_again(headers: dict[str, str]) -> None:
    assert _busy(headers).kind is ErrorKind.TRANSIENT
