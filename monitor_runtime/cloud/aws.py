"""The cloud that is AWS: the only module that sends requests, by botocore."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from botocore.parsers import ResponseParserError
from botocore.session import Session, get_session

from monitor_runtime.cloud.aws_answers import (
    bucket_region,
    command_state,
    read_instance_page,
    read_outputs,
    read_page,
    read_parts,
    read_uploads,
    read_written_at,
    state_change,
)
from monitor_runtime.cloud.aws_errors import to_cloud_error
from monitor_runtime.cloud.aws_filters import literal, not_ended, tagged, tagged_below
from monitor_runtime.cloud.aws_metrics import metric_query, read_maxima
from monitor_runtime.cloud.aws_schedules import ScheduleCalls
from monitor_runtime.cloud.dry_run import COULD_BE_DONE, trial
from monitor_runtime.cloud.interface import Change, CloudError, CommandState, ErrorKind, MetricWindow
from monitor_runtime.cloud.pages import InstancePage, Page, PartPage, UploadMarker, UploadPage
from monitor_runtime.cloud.resources import MonitorResources
from monitor_runtime.cloud.values import Instance, InstanceState, StateChange
from monitor_runtime.contract import names

Value = TypeVar("Value")

MAX_INSTANCES = 1000
"""https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html"""
CLIENT_CONFIG = Config(
    connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1}, tcp_keepalive=True
)
"""One attempt, of `CALL_SECONDS` at most: what is worth another one is tried again by whoever calls, or by the next
trigger. So a service that fails gets no more requests than one that works."""
RETRIED_BY_CALLER = frozenset(
    {"StopInstances", "TerminateInstances", "CancelSpotInstanceRequests", "CreateTags", "DeleteSchedule", "Publish"}
)
"""Operations of `monitor_runtime.act.ending.with_retries`, which has to know of each request that may have worked."""


MODELS = Path(__file__).with_name("models")
"""What is used here of EC2's model. To read all of it, with its 800 operations, is a fifth of the work of a cold start.
See ``AWS_DATA_PATH``: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html"""


@cache
def session() -> Session:
    """One of botocore: boto3 would add nothing to it but time."""
    made = get_session()
    made.set_config_variable("data_path", str(MODELS))
    return made


@cache
def client(service: str, region: str) -> Any:
    """One client a service, kept while the function is warm."""
    return session().create_client(service, region_name=region, config=CLIENT_CONFIG)


class AwsCloud(ScheduleCalls):
    """`monitor_runtime.cloud.interface.Cloud` on AWS."""

    def __init__(self, resources: MonitorResources) -> None:
        super().__init__(resources)
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
            found = self._describe({"InstanceIds": [instance_id], "Filters": [only]}).instances
        except CloudError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            found = ()
        return found[0] if found else Instance(instance_id, InstanceState.GONE)

    def find_instances(self, tags: Mapping[str, str], *, ended: bool = False) -> Sequence[Instance]:
        """See `Cloud.find_instances`."""
        return self._describe({"Filters": [*tagged(tags), *(() if ended else (not_ended(),))]}).instances

    def list_instances(self, tags: Mapping[str, str], token: str | None = None) -> InstancePage:
        """See `Cloud.list_instances`."""
        further = {"NextToken": token} if token else {}
        return self._describe({"Filters": [*tagged(tags), not_ended()], "MaxResults": MAX_INSTANCES, **further})

    def find_by(self, attribute: str, values: Sequence[str]) -> Sequence[Instance]:
        """See `Cloud.find_by`."""
        return self._describe(
            {"Filters": [{"Name": attribute, "Values": [literal(each) for each in values]}]}
        ).instances

    def outputs_below(self, monitor: str, place: str) -> Collection[str] | None:
        """See `Cloud.outputs_below`. A page that is empty may have another one after it."""
        mine = [*tagged({names.TAG_MONITOR: monitor}), tagged_below(names.TAG_OUTPUT, place), not_ended()]
        return self._call("ec2", "DescribeInstances", {"Filters": mine, "MaxResults": 20}, read_outputs)

    def may_end(self, instance_ids: Sequence[str]) -> Sequence[CloudError]:
        """See `Cloud.may_end`."""
        errors: list[CloudError] = []
        for change in (Change.STOP, Change.TERMINATE):
            try:
                self._try_out(change, instance_ids)
            except CloudError as error:
                errors.append(error)
        return errors

    def _describe(self, parameters: Mapping[str, Any]) -> InstancePage:
        return self._call("ec2", "DescribeInstances", parameters, read_instance_page)

    def list_folder(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_folder`. With a delimiter a folder below counts as one entry, however full it is."""
        return self._list({"Bucket": bucket, "Prefix": prefix, "Delimiter": "/"}, token)

    def list_below(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_below`."""
        return self._list({"Bucket": bucket, "Prefix": prefix}, token)

    def _list(self, wanted: Mapping[str, Any], token: str | None) -> Page:
        further = {"ContinuationToken": token} if token else {}
        return self._call("s3", "ListObjectsV2", {**wanted, **further}, read_page)

    def read_object(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """See `Cloud.read_object`. S3 answers 416 to a range of an empty object."""
        wanted = {"Bucket": bucket, "Key": key, "Range": f"bytes=0-{max_bytes - 1}"}
        try:
            return self._call("s3", "GetObject", wanted, lambda answer: answer["Body"].read())
        except CloudError as error:
            if error.code != "InvalidRange":
                raise
            return b""

    def read_written_at(self, bucket: str, key: str) -> datetime:
        """See `Cloud.read_written_at`. HeadObject would not need the key of an encrypted object."""
        wanted = {"Bucket": bucket, "Key": key, "Range": "bytes=0-0"}
        return self._call("s3", "GetObject", wanted, read_written_at)

    def list_uploads(self, bucket: str, prefix: str, after: UploadMarker | None = None) -> UploadPage:
        """See `Cloud.list_uploads`. Encoded, since XML cannot hold every key."""
        wanted = {"Bucket": bucket, "Prefix": prefix, "EncodingType": "url"}
        begins = {"KeyMarker": after.key, "UploadIdMarker": after.upload_id} if after else {}
        return self._call("s3", "ListMultipartUploads", {**wanted, **begins}, read_uploads)

    def list_parts(self, bucket: str, key: str, upload_id: str, after: int | None = None) -> PartPage:
        """See `Cloud.list_parts`."""
        further = {"PartNumberMarker": after} if after else {}
        return self._call(
            "s3", "ListParts", {"Bucket": bucket, "Key": key, "UploadId": upload_id, **further}, read_parts
        )

    def metric_maxima(self, instance_id: str, window: MetricWindow) -> Mapping[datetime, float]:
        """See `Cloud.metric_maxima`."""
        return self._call("cloudwatch", "GetMetricData", metric_query(instance_id, window), read_maxima)

    def stop_instance(self, instance_id: str, *, force: bool = False) -> StateChange:
        """See `Cloud.stop_instance`."""
        further = {"Force": True} if force else {}
        return self._call("ec2", "StopInstances", {"InstanceIds": [instance_id], **further}, state_change)

    def terminate_instance(self, instance_id: str) -> StateChange:
        """See `Cloud.terminate_instance`."""
        return self._call("ec2", "TerminateInstances", {"InstanceIds": [instance_id]}, state_change)

    def cancel_spot_request(self, request_id: str) -> None:
        """See `Cloud.cancel_spot_request`."""
        self._call("ec2", "CancelSpotInstanceRequests", {"SpotInstanceRequestIds": [request_id]})

    def tag_instance(self, instance_id: str, tags: Mapping[str, str]) -> None:
        """See `Cloud.tag_instance`."""
        entries = [{"Key": key, "Value": str(value)} for key, value in sorted(tags.items())]
        self._call("ec2", "CreateTags", {"Resources": [instance_id], "Tags": entries})

    def try_out(self, change: Change, resource_id: str) -> None:
        """See `Cloud.try_out`."""
        self._try_out(change, [resource_id])

    def _try_out(self, change: Change, resource_ids: Sequence[str]) -> None:
        """A dry run always ends with an error, which says what it found."""
        try:
            self._call("ec2", change, trial(change, resource_ids))
        except CloudError as error:
            if error.code not in COULD_BE_DONE:
                raise

    def stop_unit(self, instance_id: str, timeout_seconds: int) -> str:
        """See `Cloud.stop_unit`. The monitor's own document can do nothing else."""
        parameters = {
            "InstanceIds": [instance_id],
            "DocumentName": self._resources.stop_document,
            "TimeoutSeconds": timeout_seconds,
            "Parameters": {names.STOP_TIMEOUT_PARAMETER: [str(timeout_seconds)]},
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
            if operation in RETRIED_BY_CALLER:
                raise
        self._calls[service] += 1
        return method(**parameters)
