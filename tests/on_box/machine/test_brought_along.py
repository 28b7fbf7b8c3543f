"""What a run brings along reaches its command on a box that boots: code, secrets, and an encryption by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from monitor_runtime.contract.metrics import GPU_WORD
from runctl_component.box.box_tags import TAG_MEASURE
from runctl_component.box.code_folder import code_of
from sandbox.box.machine import Box
from sandbox.box.object_store import REGION

from .product import FAILED, SUCCEEDED, TAGS, await_marker, product_box

PROGRAM = """\
#!/usr/bin/env python3
import json, os
print(json.dumps({name: os.environ[name] for name in ("WANDB_API_KEY", "TOKEN")}))
"""
ABSENT = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:absent-AbCdEf"


@pytest.fixture
def secrets() -> Iterator[dict[str, str]]:
    """References to a secret with a key and to a parameter, which exist."""
    with mock_aws():
        manager = boto3.client("secretsmanager", region_name=REGION)  # pyright: ignore[reportUnknownMemberType]
        made = manager.create_secret(Name="team/wandb", SecretString=json.dumps({"api_key": "k3y-of-wandb"}))
        parameters = boto3.client("ssm", region_name=REGION)  # pyright: ignore[reportUnknownMemberType]
        parameters.put_parameter(Name="/team/token", Value="t0ken-of-team", Type="SecureString")
        parameter = f"arn:aws:ssm:{REGION}:123456789012:parameter/team/token"
        yield {"WANDB_API_KEY": f"{made['ARN']}:api_key::", "TOKEN": parameter}


def _log(box: Box) -> str:
    return "".join(body.decode() for key, body in box.objects().items() if key.endswith(".log"))


def test_code_and_secrets_are_there_for_the_command_and_the_secrets_nowhere_else(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "show.py").write_text(PROGRAM)
    with product_box("./show.py", secrets=secrets, code=code_of(str(tmp_path))) as box:
        box.boot()
        await_marker(box)
        assert json.loads(_log(box)) == {"WANDB_API_KEY": "k3y-of-wandb", "TOKEN": "t0ken-of-team"}
        box.run("rm -rf /var/log/runctl; journalctl --flush --sync")
        assert box.run("grep -rlE 'k3y-of-wandb|t0ken-of-team' /etc /root /run /tmp /var").stdout == ""


def test_a_secret_that_is_not_there_is_named_and_nothing_is_trained() -> None:
    with product_box("echo trained", secrets={"WANDB_API_KEY": ABSENT}) as box:
        box.boot()
        await_marker(box, FAILED, seconds=120)
        message = json.loads(box.object(FAILED))["message"]
        assert message.startswith(f"secret WANDB_API_KEY ({ABSENT}): ")
        assert "ResourceNotFoundException" in message
        assert SUCCEEDED not in box.objects()


def test_a_bucket_that_demands_an_encryption_gets_it_by_name() -> None:
    with product_box("echo trained", encryption="AES256") as box:
        box.s3.require_encryption_header()
        box.boot()
        await_marker(box)
        assert _log(box) == "trained\n"


def test_the_use_of_the_gpus_is_a_metric_that_cloudwatch_takes() -> None:
    tags = {**TAGS, TAG_MEASURE: GPU_WORD}
    program = "#!/bin/sh\necho 87\n"
    with product_box("sleep 65", tags=tags, files={"/usr/local/bin/nvidia-smi": program}) as box:
        box.boot()
        await_marker(box, seconds=120)
        metrics = boto3.client("cloudwatch", region_name=REGION)  # pyright: ignore[reportUnknownMemberType]
        (metric,) = metrics.list_metrics(Namespace="RunctlInstance")["Metrics"]
        assert metric.get("Dimensions") == [{"Name": "InstanceId", "Value": box.metadata.instance_id}]
