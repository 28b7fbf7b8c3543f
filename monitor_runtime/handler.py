"""The Lambda function: puts the monitor together from its environment and hands it the event."""

from __future__ import annotations

import os
from typing import Any, Protocol

from monitor_runtime.cloud.aws import AwsCloud
from monitor_runtime.cloud.clock import SystemClock
from monitor_runtime.cloud.resources import MonitorResources
from monitor_runtime.contract import names
from monitor_runtime.dispatch import Dispatcher
from monitor_runtime.observe.misses import Misses
from monitor_runtime.telemetry import Telemetry

MISSES = Misses()
"""Kept while the function is warm."""


class LambdaContext(Protocol):
    """What is used of Lambda's context object."""

    @property
    def invoked_function_arn(self) -> str:
        """The ARN of this function."""
        ...

    @property
    def aws_request_id(self) -> str:
        """The id of this invocation."""
        ...

    def get_remaining_time_in_millis(self) -> int:
        """How long this invocation may still take."""
        ...


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Entry point. The reply says what was seen, decided and done, and when the next check is.

    Whatever it raises is logged with its cause; Lambda counts it, retries once, then keeps the event in the DLQ.
    """
    name = os.environ[names.ENV_MONITOR]
    topic_arn = os.environ.get(names.ENV_NOTIFY_TOPIC_ARN, "")
    resources = MonitorResources(
        function_arn=context.invoked_function_arn,
        schedule_group=os.environ[names.ENV_SCHEDULE_GROUP],
        scheduler_role_arn=os.environ[names.ENV_SCHEDULER_ROLE_ARN],
        dead_letter_arn=os.environ[names.ENV_DEAD_LETTER_ARN],
        stop_document=os.environ[names.ENV_STOP_DOCUMENT],
        topic_arn=topic_arn,
    )
    cloud, telemetry = AwsCloud(resources), Telemetry(name, context.aws_request_id)
    monitor = Dispatcher(
        name=name,
        region=resources.region,
        cloud=cloud,
        clock=SystemClock(),
        remaining_seconds=lambda: context.get_remaining_time_in_millis() / 1000,
        notifies=bool(topic_arn),
        journal=telemetry,
        misses=MISSES,
    )
    try:
        return monitor.handle(event)
    except Exception as error:
        telemetry.raised(error, event)
        raise
    finally:
        telemetry.called(cloud.calls)
