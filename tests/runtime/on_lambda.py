"""A run on moto as the monitor sees it that runs on Lambda: over HTTP, and in real time."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from moto.s3.models import s3_backends

from monitor_runtime.contract.deadline import switch_time
from monitor_runtime.contract.memory import armed_value
from monitor_runtime.contract.settings import Settings
from sandbox.aws.mocked import mocked_aws
from sandbox.aws.virtual_clock import VirtualClock
from sandbox.box.object_store import ObjectStore
from sandbox.box.service import served
from sandbox.runtime.emulator import HOST, Answer, EmulatedFunction
from tests.monitor_runtime.cloud.moto_cloud import (
    ACCOUNT,
    BUCKET,
    ENVIRONMENT,
    MONITOR,
    PREFIX,
    RUN,
    Cloud,
    launch,
    prepare,
    schedule_heartbeat,
)

FUNCTION_ARN = "arn:aws:lambda:us-east-1:012345678912:function:function"
"""Of every function in AWS's emulator."""


class OnLambda(Cloud):
    """A run whose monitor is in the emulator. Nothing waits: what is to be over was done earlier."""

    function: EmulatedFunction
    aws: ObjectStore
    """AWS, which can be told to fail."""

    def invoke(self, trigger: str = "heartbeat", **more: Any) -> Answer:
        """Invoke the function by a trigger that carries the settings."""
        return self.function.invoke(self.event(trigger, **more))

    def launched(self, **ago: float) -> None:
        """The instance was launched so long ago: ``launched(hours=2)``."""
        self.relaunched_at((datetime.now(UTC) - timedelta(**ago)).replace(microsecond=0))

    def first_checked(self) -> None:
        """The first check has armed the deadline switch, as the tag says."""
        due = switch_time(self.settings, self._described()["LaunchTime"], None)
        assert due
        self.tag(armed=armed_value(due, self.settings.on_deadline, MONITOR))

    def wrote(self, name: str, body: bytes = b"x", **ago: float) -> None:
        """An object was written below the prefix so long ago."""
        self.put(name, body)
        stored: Any = s3_backends[ACCOUNT]["aws"].buckets[BUCKET].keys[PREFIX + name]
        stored.last_modified = (datetime.now(UTC) - timedelta(**ago)).replace(tzinfo=None)


@contextmanager
def run_on_lambda(function: EmulatedFunction, listener: socket.socket, **fields: Any) -> Generator[OnLambda]:
    """A run that was launched two hours ago; ``fields`` are settings that differ from the defaults."""
    with patch.dict(os.environ, ENVIRONMENT), mocked_aws():
        aws = ObjectStore(BUCKET)
        prepare()
        settings = replace(Settings(RUN, MONITOR, BUCKET, PREFIX), **fields)
        run = OnLambda(VirtualClock(_stands_still), launch(RUN), settings)
        run.function, run.aws = function, aws
        run.launched(hours=2)
        schedule_heartbeat(settings, FUNCTION_ARN)
        with served(aws, listener):
            yield run


def listening(port: int = 0) -> socket.socket:
    """Where AWS is to be."""
    return socket.create_server((HOST, port))


def _stands_still(moment: datetime) -> None:
    raise NotImplementedError(f"it cannot be {moment}: the function's time is real")
