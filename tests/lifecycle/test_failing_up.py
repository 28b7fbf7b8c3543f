"""``pulumi up`` fails, with the reason, when the monitor could not do its work."""

from __future__ import annotations

import json

import pytest

from sandbox.engine.stack import DeploymentError, stack_config, stack_program
from sandbox.sandbox import sandbox

CONFIG = stack_config("demo")


def _with(**args: object) -> dict[str, str]:
    runs = json.loads(CONFIG["runctl:runs"])
    changed = {name: {**run, **args} for name, run in runs.items()}
    given = {name: {key: value for key, value in run.items() if value is not None} for name, run in changed.items()}
    return {**CONFIG, "runctl:runs": json.dumps(given)}


OWN_USER_DATA = {"command": None, "user_data": "#!/bin/sh\n"}
"""Without a runner, which would be the first to look for the bucket."""


def test_up_fails_when_the_bucket_does_not_exist() -> None:
    with sandbox() as cloud, pytest.raises(Exception, match="NoSuchBucket"):
        cloud.up(stack_program, CONFIG)


def test_up_fails_when_the_bucket_cannot_be_read() -> None:
    with sandbox() as cloud, pytest.raises(DeploymentError, match=r"runctl-demo-outputs cannot be read.*NoSuchBucket"):
        cloud.up(stack_program, _with(**OWN_USER_DATA))


def test_up_fails_when_the_bucket_sends_no_events_and_the_run_counts_on_them() -> None:
    with sandbox() as cloud:
        cloud.create_bucket("runctl-demo-outputs")
        with pytest.raises(DeploymentError, match="sends no events to EventBridge"):
            cloud.up(stack_program, _with(s3_events=True))


def test_up_waits_two_minutes_for_a_fresh_role_before_it_fails() -> None:
    with sandbox() as cloud:
        began = cloud.clock.now()
        with pytest.raises(DeploymentError):
            cloud.up(stack_program, _with(**OWN_USER_DATA))
        assert (cloud.clock.now() - began).total_seconds() == 120
