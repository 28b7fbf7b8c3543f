"""A week of a team's runs under one monitor: most end well, some do not, and AWS has its bad hours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client
from sandbox.aws.functions import Invocation
from sandbox.aws.outages import failing
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.training import Training
from sandbox.engine.in_process import Deployment
from sandbox.engine.stack import stack_program
from sandbox.sandbox import Sandbox, sandbox
from tests.runctl_component.monitor.log_insights import Row, event

BUCKET = "outputs"
NIGHTLY = "events"
"""The scenario of the run that is started again each day; those of the others end on the first day."""
RUNS = (NIGHTLY, "crash", "hang", "idle", "stall", "hold", "spot", "unverified")
ARGS: Mapping[str, Any] = {"max_interval_seconds": 3600}
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
DAYS, UNDER_WAY = 7, 70 * MINUTE

Series = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions of a metric."""


@dataclass
class Week:
    """What CloudWatch has at its end."""

    dashboard: dict[str, Any]
    alarm_arns: set[str]
    events: list[Row] = field(default_factory=list[Row])
    """What the function logged, line by line."""
    values: dict[Series, list[float]] = field(default_factory=dict[Series, list[float]])
    under_way: str = ""
    """A moment at which the first trainings are under way."""

    def of(self, metric: Sequence[str]) -> list[float]:
        """The values of a metric as a dashboard names it: namespace, name, and dimensions in pairs."""
        dimensions = frozenset(zip(metric[2::2], metric[3::2], strict=True))
        return self.values.get((metric[0], metric[1], dimensions), [])

    def measured(self, namespace: str, name: str, dimensions: Mapping[str, str], value: float) -> None:
        """One more value of a metric."""
        self.values.setdefault((namespace, name, frozenset(dimensions.items())), []).append(value)


def play_week() -> Week:
    """Deploy the runs, let the week pass, and collect what was logged and measured."""
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        topic = client("sns").create_topic(Name="endings")["TopicArn"]
        runs = {run: {"bucket": BUCKET, "command": "python3 train.py", **ARGS, **SCENARIOS[run].args} for run in RUNS}
        config = {
            "runctl:runs": json.dumps(runs),
            "runctl:monitor": json.dumps({"notify_topic_arn": topic, "s3_events": True}),
        }
        deployment = cloud.up(stack_program, config)
        trainings = {run: _begun(cloud, deployment, run) for run in RUNS}
        _plan_bad_hours(cloud, trainings[NIGHTLY])
        _plan_people(cloud, deployment, trainings)
        cloud.run_for(DAYS * DAY)
        return _collected(cloud, deployment)


def _begun(cloud: Sandbox, deployment: Deployment, run: str) -> Training:
    scenario = SCENARIOS[run]
    instance_id = deployment.ids[f"aws:ec2/instance:Instance {run}"]
    prefix = f"runctl/demo/{run}/"
    training = Training(cloud, instance_id, BUCKET, prefix, scenario.finish, scenario.works_for)
    training.start()
    if scenario.twist:
        scenario.twist(cloud, training)
    return training


def _plan_bad_hours(cloud: Sandbox, nightly: Training) -> None:
    """S3 fails on the second day, EC2 in the night after it, and on the sixth the function cannot be loaded."""
    start, over = cloud.clock.now(), nightly.duration
    failing("s3", "ListObjectsV2", cloud.clock, start + DAY + over, start + DAY + over + HOUR)
    failing("ec2", "DescribeInstances", cloud.clock, start + DAY + 12 * HOUR, start + DAY + 15 * HOUR)
    cloud.clock.at(start + 5 * DAY + 12 * HOUR, lambda: setattr(cloud.functions, "broken", True))
    cloud.clock.at(start + 5 * DAY + 14 * HOUR, lambda: setattr(cloud.functions, "broken", False))


def _plan_people(cloud: Sandbox, deployment: Deployment, trainings: Mapping[str, Training]) -> None:
    """Who starts the nightly run each day, protects it once, deletes its switch once, and removes the other runs."""
    start, nightly = cloud.clock.now(), trainings[NIGHTLY]

    def start_again() -> None:
        client("ec2").start_instances(InstanceIds=[nightly.instance_id])
        nightly.start()

    def delete_switch() -> None:
        group = deployment.ids["aws:scheduler/scheduleGroup:ScheduleGroup runs-schedules"]
        client("scheduler").delete_schedule(GroupName=group, Name=names.deadline_switch_name(nightly.instance_id))

    def protect(*, on: bool) -> None:
        client("ec2").modify_instance_attribute(InstanceId=nightly.instance_id, DisableApiStop={"Value": on})

    def lift_protection() -> None:
        protect(on=False)
        client("ec2").delete_tags(Resources=[nightly.instance_id], Tags=[{"Key": names.TAG_REFUSED}])

    for day in range(1, DAYS):
        cloud.clock.at(start + day * DAY, start_again)
    cloud.clock.at(start + 3 * DAY + HOUR, lambda: protect(on=True))
    cloud.clock.at(start + 3 * DAY + 5 * HOUR, lift_protection)
    cloud.clock.at(start + 4 * DAY + HOUR + 30 * MINUTE, delete_switch)
    for run in RUNS[1:]:
        cloud.clock.at(start + 6 * HOUR, lambda run=run: _remove(cloud, deployment, run))


def _remove(cloud: Sandbox, deployment: Deployment, run: str) -> None:
    """What Pulumi does when a run is taken out of the program, in its order."""
    check = deployment.inputs[f"{run}-first-check"]
    event = {**json.loads(check["input"]), "tf": {"action": "delete", "prev_input": None}}
    cloud.functions.invoke(check["functionName"], event)
    client("ec2").terminate_instances(InstanceIds=[deployment.ids[f"aws:ec2/instance:Instance {run}"]])
    group, name = deployment.ids[f"aws:scheduler/schedule:Schedule {run}-heartbeat"].split("/")
    client("scheduler").delete_schedule(GroupName=group, Name=name)


def _collected(cloud: Sandbox, deployment: Deployment) -> Week:
    found = client("cloudwatch")
    name = deployment.ids["aws:cloudwatch/dashboard:Dashboard runs-dashboard"]
    body = json.loads(found.get_dashboard(DashboardName=name)["DashboardBody"])
    week = Week(body, {each["AlarmArn"] for each in found.describe_alarms()["MetricAlarms"]})
    week.under_way = format_time(cloud.clock.now() - DAYS * DAY + UNDER_WAY)
    log_group = deployment.ids["aws:cloudwatch/logGroup:LogGroup runs-log"]
    function = deployment.ids["aws:lambda/function:Function runs-function"]
    for invocation in cloud.functions.invocations:
        for line in map(json.loads, invocation.output.splitlines()):
            week.events.append(event(line, format_time(invocation.started_at)))
            _measure_embedded(week, line)
        _measure_as_aws(week, invocation, function, log_group)
    queue = deployment.ids["aws:sqs/queue:Queue runs-dead-letters"]
    waiting = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[_VISIBLE])["Attributes"][_VISIBLE]
    if int(waiting):
        week.measured("AWS/SQS", f"{_VISIBLE}Visible", {"QueueName": queue.rpartition("/")[2]}, int(waiting))
    return week


_VISIBLE = "ApproximateNumberOfMessages"


def _measure_embedded(week: Week, line: Mapping[str, Any]) -> None:
    """What CloudWatch takes from a line in the embedded metric format.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
        for dimensions in directive["Dimensions"]:
            of = {name: line[name] for name in dimensions}
            for metric in directive["Metrics"]:
                for value in line[metric["Name"]]:
                    week.measured(directive["Namespace"], metric["Name"], of, value)


def _measure_as_aws(week: Week, invocation: Invocation, function: str, log_group: str) -> None:
    """What Lambda and CloudWatch Logs themselves measure of an invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    """
    milliseconds = (invocation.ended_at - invocation.started_at) / timedelta(milliseconds=1)
    of_lambda = {
        "Invocations": 1,
        "Errors": int(invocation.error is not None),
        "Throttles": 0,
        "Duration": milliseconds,
    }
    for name, value in of_lambda.items():
        week.measured("AWS/Lambda", name, {"FunctionName": function}, value)
    week.measured("AWS/Logs", "IncomingBytes", {"LogGroupName": log_group}, len(invocation.output))
