"""Secrets: there for the command at each start, nowhere else, and named when they are not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .box import PREFIX, Box

FAILED = f"{PREFIX}training_failed.txt"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:team/wandb-AbCdEf"
PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/team/token"
SHOWN = 'printf %s "$KEY" >key'
VALUE = "s3cr\u00e9t $(touch owned) 'x'\nsecond line"


def key(box: Box) -> str:
    """What the command saw."""
    return (box.root / "home/key").read_text()


def told(box: Box) -> str:
    """Why the run failed."""
    return json.loads(box.around.read(FAILED))["message"]


@pytest.mark.parametrize(
    ("reference", "answer"),
    [
        (ARN, {"SecretString": VALUE}),
        (f"{ARN}:::", {"SecretString": VALUE}),
        (f"{ARN}:api.key", {"SecretString": json.dumps({"api.key": VALUE, "other": 1})}),
        (PARAMETER, {"Parameter": {"Value": VALUE}}),
    ],
)
def test_the_command_has_the_value_as_it_is(box: Box, reference: str, answer: dict[str, Any]) -> None:
    box.around.secrets = {PARAMETER if "ssm" in reference else ARN: answer}
    box.first_boot(SHOWN, secrets={"KEY": reference})
    box.run()
    assert key(box) == VALUE


def test_a_number_in_a_secret_is_its_digits(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": '{"port": 5432}'}}
    box.first_boot(SHOWN, secrets={"KEY": f"{ARN}:port::"})
    box.run()
    assert key(box) == "5432"


def test_the_value_is_fetched_again_at_each_start(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": "old"}}
    box.first_boot(f"{SHOWN}; [[ -e again ]] || {{ touch again; kill -KILL $PPID; }}", secrets={"KEY": ARN})
    box.run()
    box.around.secrets = {ARN: {"SecretString": "new"}}
    box.run()
    assert key(box) == "new"


def test_stage_version_and_region_are_those_of_the_reference(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": "{}"}}
    box.first_boot("true", secrets={"KEY": f"{ARN}::AWSPREVIOUS:"})
    box.run()
    ((operation, options),) = box.around.calls
    asked = {"region": "eu-west-1", "secret-id": ARN, "version-stage": "AWSPREVIOUS", "output": "json"}
    assert (operation, options) == ("get-secret-value", asked)


def test_one_secret_for_several_variables_is_fetched_once(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": '{"a": "1", "b": "2"}'}}
    box.first_boot('printf %s "$A$B" >key', secrets={"A": f"{ARN}:a::", "B": f"{ARN}:b::"})
    box.run()
    assert (key(box), len(box.around.calls)) == ("12", 1)


def test_a_value_larger_than_a_pipe_is_no_trouble(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": "x" * 65_536}, PARAMETER: {"Parameter": {"Value": "y" * 8192}}}
    box.first_boot(SHOWN, secrets={"KEY": ARN, "OTHER": PARAMETER})
    box.run()
    assert len(key(box)) == 65_536


def test_the_value_is_nowhere_on_the_disk_nor_in_the_bucket(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": "n0where"}}
    box.first_boot("echo trained", secrets={"KEY": ARN})
    box.run()
    files = [path for path in box.root.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if b"n0where" in path.read_bytes()] == []
    assert [name for name in box.around.stored() if b"n0where" in box.around.read(name)] == []


@pytest.mark.parametrize(
    ("reference", "answer", "reason"),
    [
        (ARN, None, "An error occurred (ResourceNotFoundException)"),
        (PARAMETER, None, "An error occurred (ResourceNotFoundException)"),
        (f"{ARN}:user::", {"SecretString": '{"key": "x"}'}, "it has no text under the key user"),
        (f"{ARN}:user::", {"SecretString": "no json"}, "it has no text under the key user"),
        (f"{ARN}:user::", {"SecretString": '{"user": {"a": 1}}'}, "it has no text under the key user"),
        (f"{ARN}:user::", {"SecretString": '["user"]'}, "it has no text under the key user"),
        (ARN, {"SecretBinary": "eA=="}, "it is binary, and a variable is a text"),
        (ARN, {"SecretString": "a\0b"}, "it has a NUL, which no variable can hold"),
    ],
)
def test_a_secret_that_cannot_be_had_fails_the_run_with_its_name_before_the_command(
    box: Box, reference: str, answer: dict[str, Any] | None, reason: str
) -> None:
    box.around.secrets = {} if answer is None else {PARAMETER if "ssm" in reference else ARN: answer}
    box.first_boot("touch began", secrets={"KEY": reference})
    box.run()
    assert f"secret KEY ({reference}): " in told(box)
    assert reason in told(box)
    assert not (box.root / "home/began").exists()


def test_secrets_that_no_program_could_be_given_are_said_to_be_too_long(box: Box) -> None:
    box.around.secrets = {ARN: {"SecretString": "x" * 65_536}}
    box.first_boot("touch began", secrets={f"KEY_{number}": ARN for number in range(9)})
    box.run()
    assert "secrets: longer than 524288 characters together" in told(box)
