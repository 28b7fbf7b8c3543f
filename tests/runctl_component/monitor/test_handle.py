"""A monitor's handle: what it says, and when it is there."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from runctl_component import Monitor
from runctl_component.args.monitor_handle import handle_rule, read_handle

from ..forms import KEY, TOPIC
from ..recording import ACCOUNT_ID, Recorded, record


def _recorded(*, preview: bool = False, secret: bool = False, **args: Any) -> Recorded:
    watch = [{"bucket": "outputs", "prefix": "runs", "kms_key_arn": KEY}]

    def program() -> dict[str, Any]:
        topic = {"notify_topic_arn": pulumi.Output.secret(TOPIC)} if secret else {}
        handle = Monitor("shared", {"watch": watch, **args, **topic}).handle  # pyright: ignore[reportArgumentType]
        return {"handle": handle, "is secret": pulumi.Output.from_input(handle.is_secret())}

    return record(program, preview=preview)


def test_it_says_what_a_run_needs_of_the_monitor() -> None:
    recorded = _recorded(s3_events=True, markers=["done"], silence_minutes=30.0, notify_topic_arn=TOPIC)
    handle = recorded.outputs["handle"]
    assert [*handle_rule("monitor", handle)] == []

    def arn(name: str) -> str:
        return f"arn:aws:any:us-east-1:{ACCOUNT_ID}:{name}"

    assert json.loads(handle) == {
        "version": 1,
        "monitor": "team/dev/shared",
        "function_name": "shared-function",
        "function_arn": arn("shared-function"),
        "schedule_group": "shared-schedules",
        "scheduler_role_arn": arn("shared-scheduler"),
        "dead_letter_arn": arn("shared-dead-letters"),
        "region": "us-east-1",
        "partition": "aws",
        "s3_events": True,
        "markers": ["done"],
        "silence_minutes": 30,
        "watch": [{"bucket": "outputs", "prefix": "runs/"}],
        "dashboard": True,
        "notify_topic_arn": TOPIC,
    }
    assert read_handle(handle).account_id == ACCOUNT_ID


def test_without_a_topic_it_names_none() -> None:
    assert read_handle(_recorded().outputs["handle"]).notify_topic_arn is None


@pytest.mark.parametrize("suffix", ["scheduler", "spot", "markers-1"])
def test_it_waits_for_all_without_which_a_run_would_not_be_ended(suffix: str) -> None:
    recorded: dict[str, set[str]] = {}

    def program() -> dict[str, Any]:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}], "s3_events": True})

        async def waited_for() -> str:
            recorded["for"] = {await each.urn.future() or "" for each in await monitor.handle.resources()}
            return ""

        return {"waited": waited_for()}

    record(program)
    kind = "RolePolicy" if suffix == "scheduler" else "EventTarget"
    assert [urn for urn in recorded["for"] if urn.endswith(f"{kind}::shared-{suffix}")]


def test_a_secret_topic_makes_it_secret() -> None:
    assert _recorded(secret=True).outputs["is secret"]
    assert not _recorded(notify_topic_arn=TOPIC).outputs["is secret"]


def test_what_is_not_known_in_a_preview_leaves_it_unknown() -> None:
    assert _recorded(preview=True).outputs["handle"] is None
