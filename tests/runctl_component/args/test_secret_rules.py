"""Secrets by reference: what is none is refused without a word of what was given."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from runctl_component.args.run_combinations import combinations
from runctl_component.args.run_rules import RUN_RULES

from ..forms import BASE, WANDB_ARN

PARAMETER = "arn:aws:ssm:us-east-1:123456789012:parameter/team/token"


def problems(value: object) -> list[str]:
    """What is said of the secrets of a run."""
    return [str(problem) for problem in RUN_RULES["secrets"]("secrets", value)]


@pytest.mark.parametrize(
    "reference",
    [
        WANDB_ARN,
        f"{WANDB_ARN}:api_key",
        f"{WANDB_ARN}:api key::",
        f"{WANDB_ARN}::AWSPREVIOUS:",
        f"{WANDB_ARN}:::EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
        WANDB_ARN.replace("arn:aws:", "arn:aws-cn:").replace("us-east-1", "cn-north-1"),
        PARAMETER,
        PARAMETER.replace("/team/token", "/token"),
    ],
)
def test_references_to_secrets_and_parameters_are_taken(reference: str) -> None:
    assert problems({"WANDB_API_KEY": reference}) == []


@pytest.mark.parametrize(
    "given",
    ["hf_abcdefgh12345", "team/wandb", "/team/token", f"{WANDB_ARN}:a:b:c:d", f"{PARAMETER}:3", 5, None, ""],
)
def test_what_is_no_reference_is_refused_and_not_shown(given: object) -> None:
    (problem,) = problems({"TOKEN": given})
    assert problem.startswith("secrets.TOKEN: ")
    assert not isinstance(given, str) or not given or given not in problem


def test_an_arn_without_its_last_characters_is_told_what_is_missing() -> None:
    (problem,) = problems({"TOKEN": WANDB_ARN.removesuffix("-AbCdEf")})
    assert "it ends with a - and six characters that AWS chose" in problem


@pytest.mark.parametrize("name", ["UID", "a-b", "RUNCTL_RUN"])
def test_a_secret_is_a_variable_like_any_other(name: str) -> None:
    assert len(problems({name: WANDB_ARN})) == 1


def test_a_variable_has_one_value() -> None:
    both: dict[str, Any] = {**BASE, "environment": {"A": "x", "B": "y"}, "secrets": {"B": WANDB_ARN, "C": WANDB_ARN}}
    (problem,) = combinations(both)
    assert str(problem).startswith("secrets.B: a variable that is in environment too")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("secrets", {"A": WANDB_ARN}),
        ("code", "."),
        ("server_side_encryption", "aws:kms"),
        ("environment", {"A": "b"}),
    ],
)
def test_what_our_runner_does_is_not_done_beside_other_user_data(field: str, value: object) -> None:
    (problem,) = combinations({"bucket": "outputs", "user_data": "#!/bin/sh", field: value})
    assert str(problem).startswith(f"{field}: given together with user_data; accepted: only with command")


IDLE = {"metric": "gpu", "threshold": 5, "minutes": 30}


def test_nobody_measures_the_gpus_beside_other_user_data() -> None:
    (problem,) = combinations({"bucket": "outputs", "user_data": "#!/bin/sh", "idle": IDLE})
    assert str(problem).startswith("idle.metric: got 'gpu'")


@pytest.mark.parametrize(
    ("where", "accepted"),
    [
        ({"instance_type": "g5.xlarge"}, True),
        ({"instance_type": "m7i.large", "ami": "ami-0123456789abcdef0"}, True),
        ({"instance_type": pulumi.Output.from_input("m7i.large")}, True),
        ({"instance_type": "m7i.large"}, False),
        ({}, True),
    ],
)
def test_gpus_are_measured_where_the_image_drives_them(where: dict[str, Any], *, accepted: bool) -> None:
    problems = list(combinations({**BASE, **where, "idle": IDLE}))
    assert [problem.field for problem in problems] == ([] if accepted else ["idle.metric"])


@pytest.mark.parametrize("metric", ["GPU", "Gpu", "GPUUtilization", "nvidia_smi_utilization_gpu"])
def test_a_gpu_metric_that_ec2_does_not_publish_is_refused(metric: str) -> None:
    values = {**BASE, "instance_type": "g5.xlarge", "idle": {**IDLE, "metric": metric}}
    (problem,) = combinations(values)
    assert str(problem).startswith(f"idle.metric: got '{metric}'; accepted: gpu, or Namespace/MetricName")


def test_a_key_of_the_bucket_contradicts_a_key_of_s3s_own() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    (problem,) = combinations({**BASE, "kms_key_arn": key, "server_side_encryption": "AES256"})
    assert str(problem).startswith("server_side_encryption: got 'AES256'; accepted: aws:kms with a kms_key_arn")
