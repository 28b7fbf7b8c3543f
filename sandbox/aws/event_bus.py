"""EventBridge's default bus: events of S3 and EC2, matched with the rules that are in moto, handed to their targets."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client, parameters_of, session_events
from sandbox.aws.event_matching import matches
from sandbox.aws.functions import Functions, send_to_queue
from sandbox.aws.input_transformer import transformed
from sandbox.aws.moto_gaps import ACCOUNT_ID
from sandbox.aws.scheduler import next_due
from sandbox.aws.virtual_clock import VirtualClock

LATEST_SECONDS = 5
_OK = 200


class EventBus:
    """Delivers events a few seconds after they happened. ``listeners`` hear of each one that is sent."""

    def __init__(self, clock: VirtualClock, functions: Functions, region: str, seed: int) -> None:
        self._clock = clock
        self._functions = functions
        self._region = region
        self._random = random.Random(seed)
        self.listeners: list[Callable[[Mapping[str, Any]], None]] = []

    def watch(self) -> None:
        """Notice from now on when a rule with a rate is made. Call it before the session's first client."""
        session_events().register("after-call.events.PutRule", self._on_rule)

    def _on_rule(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        wanted = parameters_of(context)
        if http_response.status_code == _OK and wanted.get("ScheduleExpression"):
            self._plan(wanted["Name"], wanted["ScheduleExpression"], self._clock.now())

    def _plan(self, name: str, expression: str, after: datetime) -> None:
        due = next_due(expression, after, after)
        if due:
            self._clock.at(due, lambda: self._come_due(name, expression, due))

    def _come_due(self, name: str, expression: str, due: datetime) -> None:
        """A rule that was deleted, or made anew with another rate, is planned no more."""
        rules = client("events")
        found = [rule for rule in rules.list_rules(NamePrefix=name)["Rules"] if rule["Name"] == name]
        if not found or found[0].get("ScheduleExpression") != expression:
            return
        self._plan(name, expression, due)
        if found[0]["State"] == "ENABLED":
            event = self._event("aws.events", "Scheduled Event", [found[0]["Arn"]], {})
            for target in rules.list_targets_by_rule(Rule=name)["Targets"]:
                self._hand_over(found[0]["Arn"], target, event)

    def put_object(self, bucket: str, key: str, body: bytes = b"") -> None:
        """Write to S3. The event goes out when the bucket's notifications to EventBridge are turned on."""
        written = client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        self._object_created(bucket, key, len(body), written["ETag"], "PutObject")

    def complete_upload(self, bucket: str, key: str, upload_id: str, body: bytes) -> None:
        """Send the only part of a multipart upload and complete it."""
        where = {"Bucket": bucket, "Key": key, "UploadId": upload_id}
        part = client("s3").upload_part(**where, PartNumber=1, Body=body)
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        done = client("s3").complete_multipart_upload(**where, MultipartUpload=parts)
        self._object_created(bucket, key, len(body), done["ETag"], "CompleteMultipartUpload")

    def warn_of_interruption(self, instance_id: str, action: str) -> None:
        """EC2's warning, about two minutes before it takes a spot instance back."""
        # The ARN has the zone where others have the region.
        resource = f"arn:aws:ec2:{self._region}a:instance/{instance_id}"
        detail = {"instance-id": instance_id, "instance-action": action}
        self._send("aws.ec2", "EC2 Spot Instance Interruption Warning", [resource], detail)

    def _object_created(self, bucket: str, key: str, size: int, etag: str, reason: str) -> None:
        if "EventBridgeConfiguration" not in client("s3").get_bucket_notification_configuration(Bucket=bucket):
            return
        detail = {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {"key": key, "size": size, "etag": etag.strip('"'), "sequencer": "0"},
            "request-id": uuid.uuid4().hex,
            "requester": ACCOUNT_ID,
            "reason": reason,
        }
        self._send("aws.s3", "Object Created", [f"arn:aws:s3:::{bucket}"], detail)

    def _send(self, source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
        event = self._event(source, detail_type, resources, detail)
        for listener in self.listeners:
            listener(event)
        delay = timedelta(seconds=self._random.uniform(1, LATEST_SECONDS))
        self._clock.at(self._clock.now() + delay, lambda: self._deliver(event))

    def _event(self, source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> dict[str, Any]:
        return {
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

    def _deliver(self, event: dict[str, Any]) -> None:
        rules = client("events")
        found = [rule for page in rules.get_paginator("list_rules").paginate() for rule in page["Rules"]]
        for rule in found:
            pattern = rule.get("EventPattern")
            if rule["State"] != "ENABLED" or not pattern or not matches(json.loads(pattern), event):
                continue
            for target in rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                self._hand_over(rule["Arn"], target, event)

    def _hand_over(self, rule_arn: str, target: Any, event: dict[str, Any]) -> None:
        """What the function's own policy does not let in, and what is not there, goes to the target's dead letters."""
        if not _lets_in(target["Arn"], rule_arn):
            _bury(target, event, f"{rule_arn} may not invoke {target['Arn']}")
            return
        self._functions.invoke_later(target["Arn"], transformed(target, event))


def _bury(target: Any, event: dict[str, Any], why: str) -> None:
    queue = target.get("DeadLetterConfig", {}).get("Arn")
    if queue:
        send_to_queue(queue, {"error": why, "event": event})


def _lets_in(function_arn: str, rule_arn: str) -> bool:
    """Whether the function has a permission for exactly this rule, or for every rule."""
    functions = client("lambda")
    try:
        policy = json.loads(functions.get_policy(FunctionName=function_arn.rpartition(":")[2])["Policy"])
    except functions.exceptions.ResourceNotFoundException:
        return False
    return any(
        statement["Principal"] == {"Service": "events.amazonaws.com"}
        and statement["Action"] == "lambda:InvokeFunction"
        and statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", rule_arn) == rule_arn
        for statement in policy["Statement"]
    )
