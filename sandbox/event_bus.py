"""EventBridge's default bus: events of S3 and EC2, matched with the rules that are in moto, handed to their targets."""

from __future__ import annotations

import json
import random
import uuid
from datetime import timedelta
from typing import Any

from monitor_runtime.tags import format_time
from sandbox.boto import client
from sandbox.clock import VirtualClock
from sandbox.event_patterns import matches
from sandbox.functions import Functions
from sandbox.moto_gaps import ACCOUNT_ID

LATEST_SECONDS = 5


class EventBus:
    """Delivers events a few seconds after they happened."""

    def __init__(self, clock: VirtualClock, functions: Functions, region: str, seed: int) -> None:
        self._clock = clock
        self._functions = functions
        self._region = region
        self._random = random.Random(seed)

    def put_object(self, bucket: str, key: str, body: bytes = b"") -> None:
        """Write to S3. The event goes out when the bucket's notifications to EventBridge are turned on."""
        objects = client("s3")
        written = objects.put_object(Bucket=bucket, Key=key, Body=body)
        if "EventBridgeConfiguration" not in objects.get_bucket_notification_configuration(Bucket=bucket):
            return
        detail = {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": len(body), "etag": written["ETag"].strip('"'), "sequencer": "0"},
            "request-id": uuid.uuid4().hex,
            "requester": ACCOUNT_ID,
            "reason": "PutObject",
        }
        self._send("aws.s3", "Object Created", [f"arn:aws:s3:::{bucket}"], detail)

    def warn_of_interruption(self, instance_id: str, action: str) -> None:
        """What EC2 tells about two minutes before it takes a spot instance."""
        # The ARN has the zone where others have the region.
        resource = f"arn:aws:ec2:{self._region}a:instance/{instance_id}"
        detail = {"instance-id": instance_id, "instance-action": action}
        self._send("aws.ec2", "EC2 Spot Instance Interruption Warning", [resource], detail)

    def _send(self, source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT_ID,
            "time": format_time(self._clock.now()),
            "region": self._region,
            "resources": resources,
            "detail": detail,
        }
        delay = timedelta(seconds=self._random.uniform(1, LATEST_SECONDS))
        self._clock.at(self._clock.now() + delay, lambda: self._deliver(event))

    def _deliver(self, event: dict[str, Any]) -> None:
        rules = client("events")
        for rule in rules.list_rules()["Rules"]:
            if rule["State"] != "ENABLED" or not matches(json.loads(rule["EventPattern"]), event):
                continue
            for target in rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                self._functions.invoke_later(target["Arn"], _transformed(target, event))


def _transformed(target: Any, event: dict[str, Any]) -> dict[str, Any]:
    """The input transformer of a target, as far as ``<aws.events.event.json>`` and paths of plain fields go."""
    transformer = target.get("InputTransformer")
    if transformer is None:
        return event
    text = transformer["InputTemplate"].replace("<aws.events.event.json>", json.dumps(event))
    for name, path in transformer.get("InputPathsMap", {}).items():
        value: Any = event
        for step in path.removeprefix("$.").split("."):
            value = value[step]
        text = text.replace(f"<{name}>", json.dumps(value))
    return json.loads(text)
