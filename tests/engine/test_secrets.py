"""A secret of the config is in the instance's user data, and nowhere that a person or a log would show it."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator

import pytest

from sandbox.aws.boto import client
from tests.engine.deployed import RUN, Deployed, deployment

pytestmark = pytest.mark.xdist_group("secrets")

SECRET, OTHER = "hf_abcdefghijklmnop", "hf_qrstuvwxyz"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployed]:
    """Up, with a secret in the run's environment."""
    folder = tmp_path_factory.mktemp("engine")
    with deployment(folder, secrets={f"runctl:runs.{RUN}.environment.HF_TOKEN": SECRET}) as stack:
        first = stack.engine.preview(diff=True)
        up = stack.engine.up(diff=True)
        stack.shown += [first.text, first.printed, up.text, up.printed, json.dumps(up.outputs)]
        yield stack


def test_the_training_gets_the_secret(stack: Deployed) -> None:
    attribute = client("ec2").describe_instance_attribute(
        InstanceId=stack.instance()["InstanceId"], Attribute="userData"
    )
    assert SECRET in base64.b64decode(attribute["UserData"]["Value"]).decode()


def test_neither_preview_nor_up_shows_it(stack: Deployed) -> None:
    assert len("".join(stack.shown)) > 1000
    assert not [text for text in stack.shown if SECRET in text]


def test_the_state_holds_it_encrypted(stack: Deployed) -> None:
    state = json.dumps(stack.engine.state())
    assert "userData" in state
    assert "ciphertext" in state
    assert SECRET not in state
    assert base64.b64encode(SECRET.encode()).decode() not in state


def test_neither_schedules_nor_tags_nor_functions_hold_it(stack: Deployed) -> None:
    schedules = client("scheduler")
    found = [
        json.dumps(schedules.get_schedule(GroupName=each["GroupName"], Name=each["Name"]), default=str)
        for each in schedules.list_schedules()["Schedules"]
    ]
    assert len(found) > 1
    found += [json.dumps(stack.tags()), json.dumps(client("lambda").list_functions()["Functions"], default=str)]
    assert not [text for text in found if SECRET in text]


def test_a_preview_of_another_secret_shows_neither(stack: Deployed) -> None:
    stack.engine.secrets = {f"runctl:runs.{RUN}.environment.HF_TOKEN": OTHER}
    run = stack.engine.preview(diff=True)
    assert ("replace", ("userData",)) in {(step.operation, step.changed) for step in run.of("Instance")}
    assert "userData" in run.text
    assert SECRET not in run.text
    assert OTHER not in run.text
