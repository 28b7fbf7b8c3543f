"""What AWS's error codes mean for the next step."""

from __future__ import annotations

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
    return CloudError(operation, code, str(details.get("Message", "")), _KINDS.get(code, fallback))
