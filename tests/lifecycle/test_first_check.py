"""The first check of an instance that was checked before, as when there is something new to prove."""

from __future__ import annotations

import json

from sandbox.aws.boto import client
from sandbox.engine.stack import stack_config, stack_program
from sandbox.sandbox import sandbox


def _schedules() -> list[str]:
    return sorted(schedule["Name"] for schedule in client("scheduler").list_schedules()["Schedules"])


def test_a_first_check_that_is_made_again_leaves_the_deadline_switch_armed() -> None:
    with sandbox() as cloud:
        cloud.create_bucket("runctl-demo-outputs")
        deployment = cloud.up(stack_program, stack_config("demo"))
        (check,) = [inputs for name, inputs in deployment.inputs.items() if name.endswith("-first-check")]
        before = _schedules()
        for action in ("delete", "create"):
            event = {**json.loads(check["input"]), "tf": {"action": action, "prev_input": None}}
            cloud.functions.invoke(check["functionName"], event)
        assert _schedules() == before
