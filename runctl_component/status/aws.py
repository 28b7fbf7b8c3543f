"""AWS, read with the caller's own rights: the only module of the room that knows boto3. It has no call that changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from monitor_runtime.contract import names
from runctl_component.status.values import (
    Function,
    Instance,
    LogLine,
    NothingReadableError,
    ReadError,
    Schedule,
    ScheduleDetail,
)

Value = TypeVar("Value")

OPERATIONS: Mapping[str, Sequence[str]] = {
    "ec2": ("DescribeInstances",),
    "scheduler": ("ListSchedules", "GetSchedule"),
    "lambda": ("GetFunctionConfiguration",),
    "logs": ("FilterLogEvents",),
}
"""Every operation that is ever sent, by service; each needs the IAM action of its name."""
PAGE_SIZES: Mapping[str, int] = {"DescribeInstances": 1000, "ListSchedules": 100, "FilterLogEvents": 10_000}
"""The most that each list gives at once."""
CONNECTIONS = 10
"""How many requests are under way at once, at most."""
MAX_IDS = 200
"""Values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html"""
_CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 8},
    max_pool_connections=CONNECTIONS,
)
_FIND_TAGS = (names.TAG_MONITOR, names.TAG_RUN, names.TAG_SCHEDULE, names.TAG_OUTPUT)
_REASON_TIME = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")
_DENIED = re.compile("Denied|Unauthorized|NotAuthorized|NotPermitted")
_BAD_CREDENTIALS = {
    *("AuthFailure", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId"),
    *("UnrecognizedClientException", "InvalidSignatureException", "SignatureDoesNotMatch", "OptInRequired"),
}
"""Codes by which AWS refuses the caller, whatever the call is:
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
_NO_CREDENTIALS = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError, SSOError, TokenRetrievalError)
"""What botocore raises before a call is sent: a session of IAM Identity Center that has expired, for example."""
_LOG_IN = "log in again (aws sso login, aws configure), or name another profile with --profile or AWS_PROFILE"


class Aws:
    """One account and region."""

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        """Empty ones are those of the environment and the AWS configuration.

        Raises:
            NothingReadableError: when there is no such profile, no region, or no credentials.
        """
        try:
            session = boto3.Session(profile_name=profile or None, region_name=region or None)
            create: Any = session.client  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            self._clients: dict[str, Any] = {service: create(service, config=_CONFIG) for service in OPERATIONS}
        except ProfileNotFound as error:
            message = f"{error}. Name one of the AWS configuration with --profile, or leave it out"
            raise NothingReadableError(message) from None
        except NoRegionError:
            message = "No AWS region is set. Pass --region, or set AWS_REGION or the region of the profile"
            raise NothingReadableError(message) from None
        except _NO_CREDENTIALS as error:
            raise _without_credentials(error) from None
        except BotoCoreError as error:
            raise NothingReadableError(str(error)) from None
        self.region: str = session.region_name or ""

    def instances(self) -> Sequence[Instance]:
        """All that carry a tag of a run, those that were terminated within the last hour too.

        Raises:
            ReadError: when EC2 does not tell.
        """
        return self._instances({"Name": "tag-key", "Values": list(_FIND_TAGS)})

    def instances_by_id(self, instance_ids: Sequence[str]) -> Sequence[Instance]:
        """Those of them that EC2 knows.

        Raises:
            ReadError: when EC2 does not tell.
        """
        parts = [instance_ids[start : start + MAX_IDS] for start in range(0, len(instance_ids), MAX_IDS)]
        return [found for part in parts for found in self._instances({"Name": "instance-id", "Values": list(part)})]

    def _instances(self, only: Mapping[str, Any]) -> Sequence[Instance]:
        pages = self._pages("ec2", "DescribeInstances", {"Filters": [only]})
        return [
            _read_instance(entry) for page in pages for group in page["Reservations"] for entry in group["Instances"]
        ]

    def schedules(self) -> Sequence[Schedule]:
        """All schedules of the account, without their inputs, which a listing does not have.

        Raises:
            ReadError: when EventBridge Scheduler does not tell.
        """
        pages = self._pages("scheduler", "ListSchedules", {})
        return [_read_schedule(entry) for page in pages for entry in page["Schedules"]]

    def schedule(self, schedule: Schedule) -> ScheduleDetail:
        """One of them with its input.

        Raises:
            ReadError: when EventBridge Scheduler does not tell.
        """
        wanted = {"GroupName": schedule.group, "Name": schedule.name}
        answer = self._call("scheduler", "GetSchedule", wanted)
        return ScheduleDetail(answer["ScheduleExpression"], answer["Target"].get("Input", ""))

    def function(self, arn: str) -> Function:
        """A function as far as it tells of a monitor.

        Raises:
            ReadError: when Lambda does not tell.
        """
        try:
            answer = self._call("lambda", "GetFunctionConfiguration", {"FunctionName": arn})
        except ReadError as error:
            if error.code != "ResourceNotFoundException":
                raise
            return Function(exists=False)
        variables = answer.get("Environment", {}).get("Variables", {})
        log_group = answer.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{answer['FunctionName']}"
        return Function(variables.get(names.ENV_MONITOR, ""), variables.get(names.ENV_SCHEDULE_GROUP, ""), log_group)

    def log_lines(self, log_group: str, pattern: str, since: datetime) -> Sequence[LogLine]:
        """The lines of a log group that match a filter pattern.

        Raises:
            ReadError: when CloudWatch Logs does not tell.
        """
        wanted = {
            "logGroupName": log_group,
            "startTime": int(since.timestamp() * 1000),
            "filterPattern": pattern,
        }
        pages = self._pages("logs", "FilterLogEvents", wanted)
        return [
            LogLine(datetime.fromtimestamp(entry["timestamp"] / 1000, UTC), entry["message"])
            for page in pages
            for entry in page["events"]
        ]

    def _pages(self, service: str, operation: str, wanted: Mapping[str, Any]) -> Sequence[Any]:
        paginator = self._clients[service].get_paginator(xform_name(operation))
        return _answered(
            f"{service}:{operation}",
            lambda: list(paginator.paginate(**wanted, PaginationConfig={"PageSize": PAGE_SIZES[operation]})),
        )

    def _call(self, service: str, operation: str, wanted: Mapping[str, Any]) -> Any:
        method = getattr(self._clients[service], xform_name(operation))
        return _answered(f"{service}:{operation}", lambda: method(**wanted))


def _answered(right: str, call: Callable[[], Value]) -> Value:
    try:
        return call()
    except _NO_CREDENTIALS as error:
        raise _without_credentials(error) from None
    except ClientError as error:
        details = error.response.get("Error", {})
        code, message = str(details.get("Code", "")), str(details.get("Message", ""))
        if code in _BAD_CREDENTIALS:
            raise NothingReadableError(f"AWS refuses these credentials ({code}: {message}); {_LOG_IN}") from None
        raise ReadError(right, message, code, denied=bool(_DENIED.search(code))) from error
    except BotoCoreError as error:
        raise ReadError(right, str(error)) from error


def _without_credentials(error: BotoCoreError) -> NothingReadableError:
    if isinstance(error, NoCredentialsError):
        return NothingReadableError(f"No AWS credentials were found. To have some, {_LOG_IN}")
    said = " ".join(str(error).split()).rstrip(".:")
    return NothingReadableError(f"The AWS configuration gives no credentials ({said}); {_LOG_IN}")


def _read_instance(answer: Mapping[str, Any]) -> Instance:
    reason = _REASON_TIME.search(answer.get("StateTransitionReason") or "")
    return Instance(
        instance_id=answer["InstanceId"],
        state=answer["State"]["Name"],
        launched_at=answer["LaunchTime"].astimezone(UTC),
        tags={tag["Key"]: tag.get("Value", "") for tag in answer.get("Tags", [])},
        state_changed_at=datetime.fromisoformat(f"{reason[1]}+00:00") if reason else None,
    )


def _read_schedule(answer: Mapping[str, Any]) -> Schedule:
    """A schedule is enabled unless it is said not to be."""
    target = answer.get("Target", {}).get("Arn", "")
    return Schedule(answer["GroupName"], answer["Name"], answer.get("State") != "DISABLED", target)
