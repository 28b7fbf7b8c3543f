"""The sandbox: moto, the clock, Lambda, the Scheduler and the event bus, put together."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from monitor_runtime.cloud import aws
from monitor_runtime.handler import MISSES
from sandbox.aws import moto_gaps
from sandbox.aws.boto import botocore_session, client, end_session, new_session, shared_models
from sandbox.aws.event_bus import EventBus
from sandbox.aws.functions import Functions
from sandbox.aws.instances import Instances, instance_lifecycle
from sandbox.aws.log_groups import logging_configurations
from sandbox.aws.mocked import mocked_aws
from sandbox.aws.request_model import check_requests
from sandbox.aws.scheduler import Scheduler
from sandbox.aws.virtual_clock import VirtualClock, virtual_time
from sandbox.engine.in_process import Deployment, evaluate

REGION = "us-east-1"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "sandbox",
    "AWS_SECRET_ACCESS_KEY": "sandbox",
    "AWS_SESSION_TOKEN": "sandbox",
    "AWS_DEFAULT_REGION": REGION,
}


@dataclass(frozen=True)
class Sandbox:
    """A cloud in which nothing is slow and nothing costs money."""

    clock: VirtualClock
    functions: Functions
    scheduler: Scheduler
    bus: EventBus
    instances: Instances

    def create_bucket(self, name: str, *, events: bool = False) -> None:
        """A bucket, with its notifications to EventBridge on or off."""
        client("s3").create_bucket(Bucket=name)
        if events:
            client("s3").put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )

    def up(self, program: Callable[[], object], config: Mapping[str, str]) -> Deployment:
        """Evaluate a program and create what it declares."""
        return evaluate(program, config=config, region=REGION, functions=self.functions)

    def run_for(self, duration: timedelta) -> None:
        """Let virtual time pass, and whatever is due in it happen."""
        self.clock.run_until(self.clock.now() + duration)

    def instance(self, instance_id: str) -> Any:
        """The instance as DescribeInstances returns it."""
        return client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]

    def tags(self, instance_id: str) -> dict[str, str]:
        """The instance's tags."""
        return {tag["Key"]: tag["Value"] for tag in self.instance(instance_id)["Tags"]}


@contextmanager
def sandbox(seed: int = 1, start: datetime = START) -> Generator[Sandbox]:
    """Everything that boto3 does from here on happens in the sandbox."""
    environment = {**_CREDENTIALS, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    with (
        patch.dict(os.environ, environment),
        virtual_time(start) as clock,
        mocked_aws(),
        logging_configurations(),
        shared_models(),
        instance_lifecycle(clock, seed) as instances,
        check_requests(),
        patch.object(aws, "session", botocore_session),
    ):
        new_session()
        moto_gaps.mend(REGION)
        aws.client.cache_clear()
        MISSES.clear()
        functions = Functions(clock)
        scheduler = Scheduler(clock, functions, seed)
        scheduler.watch()
        bus = EventBus(clock, functions, REGION, seed)
        bus.watch()
        try:
            yield Sandbox(clock, functions, scheduler, bus, instances)
        finally:
            aws.client.cache_clear()
            end_session()
