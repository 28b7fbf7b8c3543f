"""An account in moto with a monitor and runs, made without Pulumi: as many as a test wants, in any condition."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from monitor_runtime.contract import names
from monitor_runtime.contract.triggers import follow_up_input, heartbeat_input
from sandbox.aws.boto import client
from sandbox.sandbox import Sandbox

from .readings_builders import GROUP, MONITOR, RUN, SETTINGS

LOG_GROUP = "runs-log"
SWITCH_TARGET = "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
_ROLE = "arn:aws:iam::123456789012:role/runs"


def _zip() -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as written:
        written.writestr("handler.py", "")
    return archive.getvalue()


def create_function(name: str, monitor: str = "", group: str = GROUP) -> str:
    """A function, which is a monitor's if one is named; its ARN."""
    client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
    )
    environment = {names.ENV_MONITOR: monitor, names.ENV_SCHEDULE_GROUP: group} if monitor else {}
    made = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=client("iam").get_role(RoleName=name)["Role"]["Arn"],
        Handler="handler.handler",
        Code={"ZipFile": _zip()},
        Environment={"Variables": environment},
        LoggingConfig={"LogGroup": LOG_GROUP},
    )
    return made["FunctionArn"]


def create_schedule(name: str, target: str, text: str, *, group: str = GROUP, **fields: Any) -> None:
    """A schedule, which fires once a month unless the test says otherwise."""
    client("scheduler").create_schedule(
        **{
            "GroupName": group,
            "Name": name,
            "ScheduleExpression": "rate(30 days)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": target, "RoleArn": _ROLE, "Input": text},
            **fields,
        }
    )


def launch(**tags: str) -> str:
    """An instance with these tags alone."""
    entries = [{"Key": key, "Value": value} for key, value in tags.items()]
    given = {"TagSpecifications": [{"ResourceType": "instance", "Tags": entries}]} if entries else {}
    made = client("ec2").run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1, **given)
    return made["Instances"][0]["InstanceId"]


@dataclass(frozen=True)
class MotoAccount:
    """A monitor, its group of schedules and its log group."""

    cloud: Sandbox
    function_arn: str

    @classmethod
    def create(cls, cloud: Sandbox) -> MotoAccount:
        """A monitor without runs."""
        client("scheduler").create_schedule_group(Name=GROUP)
        client("logs").create_log_group(logGroupName=LOG_GROUP)
        client("logs").create_log_stream(logGroupName=LOG_GROUP, logStreamName="1")
        return cls(cloud, create_function("runs-function", MONITOR))

    def heartbeat(self, run: str = RUN, **fields: Any) -> None:
        """The heartbeat of a run."""
        create_schedule(run, self.function_arn, heartbeat_input(replace(SETTINGS, run=run).to_document()), **fields)

    def follow_up(self, expression: str) -> None:
        """The follow-up of the run."""
        text = follow_up_input(SETTINGS.to_document())
        create_schedule(names.follow_up_name(RUN), self.function_arn, text, ScheduleExpression=expression)

    def switch(self, instance_id: str) -> None:
        """The deadline switch of an instance."""
        text = json.dumps({"InstanceIds": [instance_id]})
        create_schedule(names.deadline_switch_name(instance_id), SWITCH_TARGET, text)

    def instance(self, run: str = RUN, **tags: str) -> str:
        """An instance of a run."""
        return launch(**names.run_tags(MONITOR, run), **tags)

    def log(self, reason: str, **fields: Any) -> None:
        """A check of the run, now."""
        now = self.cloud.clock.now()
        entry = {"message": "check", "run": RUN, "check": {"decision": "wait", "reason": reason, **fields}}
        event = {"timestamp": int(now.timestamp() * 1000), "message": json.dumps(entry)}
        client("logs").put_log_events(logGroupName=LOG_GROUP, logStreamName="1", logEvents=[event])
