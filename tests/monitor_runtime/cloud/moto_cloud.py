"""The real handler on moto, in virtual time, with faults at the AWS boundary."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast
from unittest.mock import patch

from botocore.client import BaseClient
from moto.ec2.models import ec2_backends
from moto.s3.models import s3_backends

from monitor_runtime.cloud import aws
from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.handler import MISSES, handler
from runctl_component.policies import monitor_policy
from runctl_component.policy_documents import PolicyDocument
from sandbox.aws.boto import client
from sandbox.aws.mocked import mocked_aws
from sandbox.aws.moto_gaps import make_spot_request
from sandbox.aws.request_model import check_requests
from sandbox.aws.virtual_clock import VirtualClock, virtual_time

from ...iam.calls import Account, accesses, refused
from ..builders import LAUNCH

BUCKET, PREFIX, GROUP, RUN = "outputs", "runs/llama-ft/", "schedules", "llama-ft"
MONITOR = "team/dev/llama-ft-monitor"
ACCOUNT = "123456789012"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:monitor"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
    names.ENV_MONITOR: MONITOR,
    names.ENV_SCHEDULE_GROUP: GROUP,
    names.ENV_SCHEDULER_ROLE_ARN: f"arn:aws:iam::{ACCOUNT}:role/scheduler",
    names.ENV_STOP_DOCUMENT: "runctl-stop-training",
    names.ENV_DEAD_LETTER_ARN: f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead-letters",
    names.ENV_NOTIFY_TOPIC_ARN: f"arn:aws:sns:us-east-1:{ACCOUNT}:trainings",
}
Call = tuple[str, dict[str, Any]]
Fault = Callable[[], object]


@dataclass
class Context:
    """What the handler uses of Lambda's context."""

    invoked_function_arn: str = FUNCTION_ARN
    aws_request_id: str = "8f5ea1a2-6c1f-4b6e-9d3c-2f1f0c8f2b11"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@dataclass
class Cloud:
    """A run on moto: its instance, its bucket, its monitor's handler."""

    clock: VirtualClock
    instance_id: str
    settings: Settings
    calls: list[Call] = field(default_factory=list[Call])
    faults: dict[str, Fault] = field(default_factory=dict[str, Fault])
    """By ``service:Operation``; a fault returns the answer, or raises."""
    answers: dict[str, Fault] = field(default_factory=dict[str, Fault])
    """The same, for what moto tells wrongly: a fault comes before it."""
    denied: list[Call] = field(default_factory=list[Call])
    """Every request that the monitor's own policy would not let through."""

    def __post_init__(self) -> None:
        self.monitored = {self.instance_id: {names.TAG_MONITOR: MONITOR}}

    def handle(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Invoke the handler; ``calls`` then has the requests of this invocation alone."""
        self.calls.clear()
        return handler(dict(event), Context())

    def event(self, trigger: str = "heartbeat", **more: Any) -> dict[str, Any]:
        """A trigger that carries the settings."""
        return {"trigger": trigger, "settings": self.settings.to_document(), **more}

    def declare(self, **changes: Any) -> None:
        """Change the run's settings, as `pulumi up` does: in the heartbeat's input."""
        self.settings = replace(self.settings, **changes)
        client("scheduler").delete_schedule(GroupName=GROUP, Name=RUN)
        schedule_heartbeat(self.settings)

    def launch_another(self, run: str = RUN) -> str:
        """Another instance of the run, or of a second run of the monitor, which writes to the same prefix."""
        instance_id = launch(run)
        self.monitored[instance_id] = {names.TAG_MONITOR: MONITOR}
        if run != RUN:
            schedule_heartbeat(replace(self.settings, run=run))
        return instance_id

    def check(self, trigger: str = "heartbeat") -> dict[str, Any]:
        """One check by a trigger that carries the settings."""
        return self.handle(self.event(trigger))

    def made(self) -> list[str]:
        """The requests of the last invocation, as ``service:Operation``."""
        return [operation for operation, _ in self.calls]

    def pass_time(self, **duration: float) -> None:
        """Let time pass."""
        self.clock.run_until(self.clock.now() + timedelta(**duration))

    def put(self, name: str, body: bytes = b"x") -> None:
        """Write an object below the run's prefix."""
        s3: Any = s3_backends[ACCOUNT]["aws"]
        s3.put_object(BUCKET, PREFIX + name, body)

    def tag(self, **tags: str) -> None:
        """Set tags of the instance; ``hold_until`` becomes ``runctl:hold-until``."""
        entries = [{"Key": f"runctl:{key.replace('_', '-')}", "Value": value} for key, value in tags.items()]
        client("ec2").create_tags(Resources=[self.instance_id], Tags=entries)

    @property
    def switch_name(self) -> str:
        """The deadline switch of the instance."""
        return names.deadline_switch_name(self.instance_id)

    @property
    def state(self) -> str:
        """The instance's state."""
        return self._described()["State"]["Name"]

    @property
    def tags(self) -> dict[str, str]:
        """The instance's tags."""
        return {tag["Key"]: tag["Value"] for tag in self._described().get("Tags", [])}

    def _described(self) -> dict[str, Any]:
        return client("ec2").describe_instances(InstanceIds=[self.instance_id])["Reservations"][0]["Instances"][0]

    def force_state(self, name: str, code: int, reason: str = "") -> None:
        """Put the instance into a state in which moto never leaves one."""
        instance: Any = ec2_backends[ACCOUNT]["us-east-1"].get_instance(self.instance_id)
        instance._state.name, instance._state.code, instance._reason = name, code, reason

    def relaunched_at(self, moment: datetime) -> None:
        """A start moves LaunchTime on, which moto does not do."""
        instance: Any = ec2_backends[ACCOUNT]["us-east-1"].get_instance(self.instance_id)
        instance.launch_time = moment.replace(tzinfo=None)

    def make_spot(self, kind: str) -> None:
        """Turn the instance into a spot instance of a request, which bears the monitor's tag as the component's do."""
        request_id = make_spot_request(self.instance_id, {"SpotInstanceType": kind}, "us-east-1")
        self.monitored[request_id] = {names.TAG_MONITOR: MONITOR}

    def messages(self) -> list[dict[str, Any]]:
        """The notifications of endings that were published, and are taken from the queue with this."""
        return [message for message in self.all_messages() if "outcome" in message]

    def all_messages(self) -> list[dict[str, Any]]:
        """Whatever was published, and is taken from the queue with this."""
        received = client("sqs").receive_message(
            QueueUrl=client("sqs").get_queue_url(QueueName="inbox")["QueueUrl"], MaxNumberOfMessages=10
        )
        return [json.loads(json.loads(each["Body"])["Message"]) for each in received.get("Messages", [])]

    def schedules(self) -> dict[str, dict[str, Any]]:
        """The schedules of the group by name."""
        listed = client("scheduler").list_schedules(GroupName=GROUP)["Schedules"]
        return {each["Name"]: client("scheduler").get_schedule(GroupName=GROUP, Name=each["Name"]) for each in listed}


@contextmanager
def moto_cloud(**fields: Any) -> Generator[Cloud]:
    """A run that was just launched; ``fields`` are settings that differ from the defaults."""
    with (
        patch.dict(os.environ, ENVIRONMENT),
        virtual_time(LAUNCH) as clock,
        mocked_aws(),
        check_requests(),
    ):
        MISSES.clear()
        prepare()
        instance_id = launch(RUN)
        settings = replace(Settings(RUN, MONITOR, BUCKET, PREFIX), **fields)
        cloud = Cloud(clock, instance_id, settings)
        schedule_heartbeat(settings)
        with _boundary(cloud):
            yield cloud
        assert cloud.denied == []


def policy_of(settings: Settings) -> PolicyDocument:
    """What the function may do that watches the run's bucket and prefix."""
    return monitor_policy(
        partition="aws",
        region="us-east-1",
        account_id=ACCOUNT,
        monitor=MONITOR,
        schedule_group=GROUP,
        scheduler_role_arn=ENVIRONMENT[names.ENV_SCHEDULER_ROLE_ARN],
        dead_letter_arn=ENVIRONMENT[names.ENV_DEAD_LETTER_ARN],
        log_group_name="monitor",
        stop_document=ENVIRONMENT[names.ENV_STOP_DOCUMENT],
        watch=[(settings.bucket, settings.prefix)],
        notify_topic_arn=ENVIRONMENT[names.ENV_NOTIFY_TOPIC_ARN],
    )


def prepare() -> None:
    """What is there before a run: its bucket, the monitor's schedules, and its topic with a queue."""
    client("s3").create_bucket(Bucket=BUCKET)
    client("scheduler").create_schedule_group(Name=GROUP)
    topic = client("sns").create_topic(Name="trainings")["TopicArn"]
    client("sqs").create_queue(QueueName="inbox")
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:inbox")


def launch(run: str) -> str:
    """An instance of a run; its id."""
    tags = {
        names.TAG_MONITOR: MONITOR,
        names.TAG_RUN: run,
        names.TAG_SCHEDULE: run,
        names.TAG_OUTPUT: f"{BUCKET}/{PREFIX}",
    }
    image = client("ec2").register_image(Name=run)["ImageId"]
    entries = [{"Key": key, "Value": value} for key, value in tags.items()]
    launched = client("ec2").run_instances(
        ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=[{"ResourceType": "instance", "Tags": entries}]
    )
    return launched["Instances"][0]["InstanceId"]


def schedule_heartbeat(settings: Settings, function_arn: str = FUNCTION_ARN) -> None:
    """The heartbeat of a run, which carries its settings to the monitor's function."""
    carried = {"trigger": "heartbeat", "scheduled_time": format_time(LAUNCH), "settings": settings.to_document()}
    client("scheduler").create_schedule(
        Name=settings.run,
        GroupName=GROUP,
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": function_arn,
            "RoleArn": ENVIRONMENT[names.ENV_SCHEDULER_ROLE_ARN],
            "Input": json.dumps(carried),
        },
    )


@contextmanager
def _boundary(cloud: Cloud) -> Generator[None]:
    """Records the handler's requests, asks IAM about them, and answers those for which there is a fault."""
    policy = policy_of(cloud.settings)
    account = Account(account_id=ACCOUNT, tags=cloud.monitored)
    send: Any = BaseClient._make_api_call  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType, reportAttributeAccessIssue]

    def observed(boto_client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        service = boto_client.meta.service_model.service_name
        call = f"{service}:{operation}"
        if boto_client.meta.config.read_timeout != aws.CLIENT_CONFIG.read_timeout:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            return cast("Any", send)(boto_client, operation, parameters)
        cloud.calls.append((call, parameters))
        if refused(policy, accesses(service, operation, parameters, account)):
            cloud.denied.append((call, parameters))
        if call in cloud.faults:
            return cloud.faults[call]()
        if call in cloud.answers:
            return cloud.answers[call]()
        return cast("Any", send)(boto_client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", observed):
        yield
