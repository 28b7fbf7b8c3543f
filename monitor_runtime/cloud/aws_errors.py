"""What AWS's error codes mean for the next step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from botocore.exceptions import ClientError

from monitor_runtime.cloud.interface import CloudError, ErrorKind

_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429

_KINDS = {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    "InvalidInstanceID.NotFound": ErrorKind.NOT_FOUND,
    "InvalidSpotInstanceRequestID.NotFound": ErrorKind.NOT_FOUND,
    "UnsupportedOperation": ErrorKind.UNSUPPORTED,
    "IncorrectInstanceState": ErrorKind.TRANSIENT,
    "IncorrectState": ErrorKind.TRANSIENT,
    "ConcurrentTagAccess": ErrorKind.TRANSIENT,
    "EC2ThrottledException": ErrorKind.TRANSIENT,
    "RequestLimitExceeded": ErrorKind.TRANSIENT,
    "InternalError": ErrorKind.TRANSIENT,
    "Unavailable": ErrorKind.TRANSIENT,
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "NoSuchBucket": ErrorKind.REFUSED,
    "NoSuchKey": ErrorKind.NOT_FOUND,
    "NoSuchUpload": ErrorKind.NOT_FOUND,
    "OperationAborted": ErrorKind.TRANSIENT,
    "RequestTimeout": ErrorKind.TRANSIENT,
    "SlowDown": ErrorKind.TRANSIENT,
    # https://docs.aws.amazon.com/scheduler/latest/APIReference/CommonErrors.html
    "ConflictException": ErrorKind.CONFLICT,
    "ResourceNotFoundException": ErrorKind.NOT_FOUND,
    "RequestExpired": ErrorKind.TRANSIENT,
    "ExpiredToken": ErrorKind.TRANSIENT,
    "ExpiredTokenException": ErrorKind.TRANSIENT,
    "Throttling": ErrorKind.TRANSIENT,
    "ThrottlingException": ErrorKind.TRANSIENT,
    "ThrottledException": ErrorKind.TRANSIENT,
    "TooManyRequestsException": ErrorKind.TRANSIENT,
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    "Throttled": ErrorKind.TRANSIENT,
    "KMSThrottling": ErrorKind.TRANSIENT,
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    "BandwidthLimitExceeded": ErrorKind.TRANSIENT,
    "PriorRequestNotComplete": ErrorKind.TRANSIENT,
    "RequestThrottled": ErrorKind.TRANSIENT,
    "RequestThrottledException": ErrorKind.TRANSIENT,
    "RequestTimeoutException": ErrorKind.TRANSIENT,
}

_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "KMSThrottling",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Of the codes above, those that ask for fewer requests."""


def to_cloud_error(operation: str, error: Exception) -> CloudError:
    """Any failure of a call as a `CloudError`.

    What AWS answered with a code is judged by the code, then by the status: 429 and 5xx can pass, other answers are
    refusals. Whatever kept an answer from arriving or from being read can pass.
    """
    if not isinstance(error, ClientError):
        return CloudError(operation, type(error).__name__, str(error), ErrorKind.TRANSIENT)
    details = error.response.get("Error", {})
    code = str(details.get("Code", "Unknown"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    can_pass = status >= _SERVER_ERROR or status in {0, _TOO_MANY_REQUESTS}
    fallback = ErrorKind.TRANSIENT if can_pass else ErrorKind.REFUSED
    wait = _retry_after_seconds(error.response)
    return CloudError(
        operation,
        code,
        str(details.get("Message", "")),
        _KINDS.get(code, fallback),
        throttled=code in _THROTTLED or status == _TOO_MANY_REQUESTS or wait is not None,
        retry_after_seconds=wait,
    )


def _retry_after_seconds(response: Mapping[str, Any]) -> float | None:
    """How long AWS asks to be left alone: the header has seconds, or a date to be read beside that of the answer.

    https://www.rfc-editor.org/rfc/rfc9110.html#field.retry-after
    """
    headers = {str(name).lower(): value for name, value in _headers_of(response).items()}
    value = str(headers.get("retry-after", ""))
    with suppress(ValueError):
        return max(0.0, float(value)) if isfinite(float(value)) else None
    with suppress(ValueError):
        return max(0.0, (_date(value) - _answered_at(headers)).total_seconds())
    return None


def _headers_of(response: Mapping[str, Any]) -> Mapping[str, Any]:
    return response.get("ResponseMetadata", {}).get("HTTPHeaders", {})


def _answered_at(headers: Mapping[str, Any]) -> datetime:
    """By the clock of AWS where the answer says it."""
    with suppress(ValueError):
        return _date(str(headers.get("date", "")))
    return datetime.now(UTC)


def _date(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
