"""The cloud that is AWS: the only module that imports boto3."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError

from monitor_runtime.cloud.aws_answers import (
    bucket_region,
    command_state,
    read_instances,
    read_object,
    read_outputs,
    read_uploads,
)
from monitor_runtime.cloud.aws_errors import to_cloud_error
from monitor_runtime.cloud.aws_filters import not_ended, tagged, tagged_below
from monitor_runtime.cloud.interface import (
    CloudError,
    CommandState,
    DeadlineSwitch,
    ErrorKind,
    FollowUp,
    MetricWindow,
    Page,
    UploadMarker,
    UploadPage,
)
from monitor_runtime.cloud.resources import MonitorResources
from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action

Value = TypeVar("Value")

CLIENT_CONFIG = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1}, tcp_keepalive=True
)
"""One attempt, of `CALL_SECONDS` at most: what is worth another one is tried again by whoever calls, or by the next
trigger. So a service that fails gets no more requests than one that works."""
REPEATED_BY_PERSIST = frozenset(
    {"StopInstances", "TerminateInstances", "CancelSpotInstanceRequests", "CreateTags", "DeleteSchedule", "Publish"}
)
"""Operations of `monitor_runtime.act.ending.persist`, which has to know of each request that may have worked."""

_ACTIONS = {Action.STOP: "stopInstances", Action.TERMINATE: "terminateInstances"}
_DELIVERY = {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 3}
_SWITCH_DELIVERY = {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 60}


@cache
def client(service: str, region: str) -> Any:
    """One client a service, kept while the function is warm."""
    return boto3.client(service, region_name=region, config=CLIENT_CONFIG)  # pyright: ignore[reportUnknownMemberType, reportCallIssue, reportArgumentType, reportUnknownVariableType]


class AwsCloud:
    """`monitor_runtime.cloud.interface.Cloud` on AWS."""

    def __init__(self, resources: MonitorResources) -> None:
        self._resources = resources
        self._calls: Counter[str] = Counter()

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests sent so far, by service."""
        return self._calls

    def describe_instance(self, instance_id: str) -> Instance:
        """See `Cloud.describe_instance`."""
        try:
            # With a filter, EC2 counts the call against a limit that is twice as high:
            # https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
            only = {"Name": "instance-id", "Values": [instance_id]}
            found = self._describe({"InstanceIds": [instance_id], "Filters": [only]})
        except CloudError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            found = []
        return found[0] if found else Instance(instance_id, InstanceState.GONE)

    def find_instances(self, tags: Mapping[str, str], *, ended: bool = False) -> Sequence[Instance]:
        """See `Cloud.find_instances`."""
        return self._describe({"Filters": [*tagged(tags), *(() if ended else (not_ended(),))]})

    def outputs_below(self, monitor: str, place: str) -> Collection[str] | None:
        """See `Cloud.outputs_below`. A page that is empty may have another one after it."""
        mine = [*tagged({names.TAG_MONITOR: monitor}), tagged_below(names.TAG_OUTPUT, place), not_ended()]
        return self._call("ec2", "DescribeInstances", {"Filters": mine, "MaxResults": 20}, read_outputs)

    def _describe(self, parameters: Mapping[str, Any]) -> list[Instance]:
        return self._call("ec2", "DescribeInstances", parameters, read_instances)

    def list_folder(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_folder`. With a delimiter a folder below counts as one entry, however full it is."""
        further = {"ContinuationToken": token} if token else {}
        return self._call(
            "s3",
            "ListObjectsV2",
            {"Bucket": bucket, "Prefix": prefix, "Delimiter": "/", **further},
            lambda answer: Page(
                tuple(read_object(entry) for entry in answer.get("Contents", [])), answer.get("NextContinuationToken")
            ),
        )

    def read_object(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """See `Cloud.read_object`. S3 answers 416 to a range of an empty object."""
        wanted = {"Bucket": bucket, "Key": key, "Range": f"bytes=0-{max_bytes - 1}"}
        try:
            return self._call("s3", "GetObject", wanted, lambda answer: answer["Body"].read())
        except CloudError as error:
            if error.code != "InvalidRange":
                raise
            return b""

    def list_uploads(self, bucket: str, prefix: str, after: UploadMarker | None = None) -> UploadPage:
        """See `Cloud.list_uploads`. Encoded, since XML cannot hold every key."""
        wanted = {"Bucket": bucket, "Prefix": prefix, "EncodingType": "url"}
        begins = {"KeyMarker": after.key, "UploadIdMarker": after.upload_id} if after else {}
        return self._call("s3", "ListMultipartUploads", {**wanted, **begins}, read_uploads)

    def metric_maxima(self, instance_id: str, window: MetricWindow) -> Sequence[float]:
        """See `Cloud.metric_maxima`."""
        namespace, _, name = window.metric.rpartition("/")
        metric = {
            "Namespace": namespace or "AWS/EC2",
            "MetricName": name,
            "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
        }
        statistic = {"Metric": metric, "Period": window.period_seconds, "Stat": "Maximum"}
        return self._call(
            "cloudwatch",
            "GetMetricData",
            {
                "MetricDataQueries": [{"Id": "maximum", "MetricStat": statistic}],
                "StartTime": window.start,
                "EndTime": window.end,
            },
            lambda answer: [float(value) for value in answer["MetricDataResults"][0]["Values"]],
        )

    def stop_instance(self, instance_id: str, *, force: bool = False) -> InstanceState:
        """See `Cloud.stop_instance`."""
        further = {"Force": True} if force else {}
        return self._call(
            "ec2",
            "StopInstances",
            {"InstanceIds": [instance_id], **further},
            lambda answer: InstanceState(answer["StoppingInstances"][0]["PreviousState"]["Name"]),
        )

    def terminate_instance(self, instance_id: str) -> InstanceState:
        """See `Cloud.terminate_instance`."""
        return self._call(
            "ec2",
            "TerminateInstances",
            {"InstanceIds": [instance_id]},
            lambda answer: InstanceState(answer["TerminatingInstances"][0]["PreviousState"]["Name"]),
        )

    def cancel_spot_request(self, request_id: str) -> None:
        """See `Cloud.cancel_spot_request`."""
        self._call("ec2", "CancelSpotInstanceRequests", {"SpotInstanceRequestIds": [request_id]})

    def tag_instance(self, instance_id: str, tags: Mapping[str, str]) -> None:
        """See `Cloud.tag_instance`."""
        entries = [{"Key": key, "Value": str(value)} for key, value in sorted(tags.items())]
        self._call("ec2", "CreateTags", {"Resources": [instance_id], "Tags": entries})

    def stop_unit(self, instance_id: str, unit: str, timeout_seconds: int) -> str:
        """See `Cloud.stop_unit`."""
        parameters = {
            "InstanceIds": [instance_id],
            "DocumentName": "AWS-RunShellScript",
            "TimeoutSeconds": timeout_seconds,
            "Parameters": {"commands": [f"systemctl stop {unit}"], "executionTimeout": [str(timeout_seconds)]},
        }
        return self._call("ssm", "SendCommand", parameters, lambda answer: answer["Command"]["CommandId"])

    def command_state(self, command_id: str, instance_id: str) -> CommandState:
        """See `Cloud.command_state`. Right after it was sent, SSM may not know the invocation yet."""
        try:
            return self._call(
                "ssm", "GetCommandInvocation", {"CommandId": command_id, "InstanceId": instance_id}, command_state
            )
        except CloudError as error:
            if error.code != "InvocationDoesNotExist":
                raise
            return CommandState.RUNNING

    def put_follow_up(self, follow_up: FollowUp) -> None:
        """See `Cloud.put_follow_up`."""
        target = {"Arn": self._resources.function_arn, "Input": follow_up.input, "RetryPolicy": _DELIVERY}
        self._put_schedule(follow_up.name, follow_up.at, target)

    def put_deadline_switch(self, switch: DeadlineSwitch) -> None:
        """See `Cloud.put_deadline_switch`. EventBridge Scheduler calls EC2 itself, with the scheduler's role."""
        target = {
            "Arn": f"arn:{self._resources.partition}:scheduler:::aws-sdk:ec2:{_ACTIONS[switch.action]}",
            "Input": json.dumps({"InstanceIds": [switch.instance_id]}),
            "RetryPolicy": _SWITCH_DELIVERY,
        }
        self._put_schedule(switch.name, switch.at, target)

    def _put_schedule(self, name: str, at: datetime, target: Mapping[str, Any]) -> None:
        """Updating replaces the whole schedule, so both calls get all of it; it may come or go between two calls."""
        moment = (at + timedelta(microseconds=999_999)).astimezone(UTC).replace(microsecond=0, tzinfo=None)
        schedule = {
            "GroupName": self._resources.schedule_group,
            "Name": name,
            "ScheduleExpression": f"at({moment.isoformat()})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": {
                **target,
                "RoleArn": self._resources.scheduler_role_arn,
                "DeadLetterConfig": {"Arn": self._resources.dead_letter_arn},
            },
        }
        try:
            self._call("scheduler", "CreateSchedule", schedule)
        except CloudError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
            self._call("scheduler", "UpdateSchedule", schedule)

    def delete_schedule(self, name: str) -> None:
        """See `Cloud.delete_schedule`."""
        try:
            self._call("scheduler", "DeleteSchedule", {"GroupName": self._resources.schedule_group, "Name": name})
        except CloudError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise

    def schedule_input(self, name: str) -> str:
        """See `Cloud.schedule_input`."""
        wanted = {"GroupName": self._resources.schedule_group, "Name": name}
        return self._call("scheduler", "GetSchedule", wanted, lambda answer: answer["Target"]["Input"])

    def publish(self, subject: str, message: str) -> None:
        """See `Cloud.publish`. A subject has at most 100 characters."""
        self._call(
            "sns", "Publish", {"TopicArn": self._resources.topic_arn, "Subject": subject[:100], "Message": message}
        )

    def bucket_region(self, bucket: str) -> str:
        """See `Cloud.bucket_region`."""
        return self._call(
            "s3", "GetBucketLocation", {"Bucket": bucket}, lambda answer: bucket_region(answer["LocationConstraint"])
        )

    def bucket_sends_events(self, bucket: str) -> bool:
        """See `Cloud.bucket_sends_events`."""
        return self._call(
            "s3",
            "GetBucketNotificationConfiguration",
            {"Bucket": bucket},
            lambda answer: "EventBridgeConfiguration" in answer,
        )

    def _call(
        self, service: str, operation: str, parameters: Mapping[str, Any], read: Callable[[Any], Value] = lambda _: None
    ) -> Value:
        """Every request goes through here: its failure, also one to read the answer, is made a CloudError."""
        try:
            return read(self._send(service, operation, parameters))
        except (ClientError, BotoCoreError, ResponseParserError, LookupError, TypeError, ValueError) as error:
            raise to_cloud_error(f"{service}:{operation}", error) from error

    def _send(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Any:
        """Send a request, counted; once more where the connection turns out to be closed.

        A connection that was kept while Lambda had frozen the function may be: that shows when it is used.
        """
        method = getattr(client(service, self._resources.region), xform_name(operation))
        self._calls[service] += 1
        try:
            return method(**parameters)
        except ConnectionClosedError:
            if operation in REPEATED_BY_PERSIST:
                raise
        self._calls[service] += 1
        return method(**parameters)
