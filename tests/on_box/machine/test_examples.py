"""The examples train: on a machine that boots, with PyTorch on the CPU in the place of the image's."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from sandbox.box.machine import BUCKET, Box, box_machine
from sandbox.box.object_store import REGION
from sandbox.box.root import NoBoxError, require_root

from ...runctl_component.recording import Recorded, record
from .product import await_marker

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "quickstart"
PYTHON = '#!/bin/sh\nexec /usr/bin/python3 "$@"\n'
PLACE = "team/dev/llama-ft/"


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """What the example registers in a stack."""
    monkeypatch.chdir(EXAMPLE)

    def program() -> None:
        runpy.run_path("__main__.py")

    return record(program)


@pytest.fixture
def box(recorded: Recorded) -> Iterator[Box]:
    """The instance of the example, whose objects and secret are there."""
    try:
        require_root(torch=True)
    except NoBoxError as reason:
        pytest.skip(str(reason))
    instance = recorded.one("Instance", "llama-ft").inputs
    files = {"/opt/pytorch/bin/python": PYTHON}
    script = instance["userData"].replace("my-training-outputs", BUCKET)
    with mock_aws():
        manager = boto3.client("secretsmanager", region_name=REGION)  # pyright: ignore[reportUnknownMemberType]
        secret = manager.create_secret(Name="wandb", SecretString="k3y")["ARN"]
        declared = "arn:aws:secretsmanager:us-east-1:123456789012:secret:wandb-AbCdEf"
        with box_machine(script.replace(declared, secret), tags=instance["tags"], files=files, torch=True) as machine:
            for uploaded in recorded.of("BucketObjectv2"):
                machine.s3.put(uploaded.inputs["key"], Path(uploaded.inputs["source"]).read_bytes())
            yield machine


def test_the_quickstart_trains_and_leaves_its_model(box: Box) -> None:
    box.boot()
    await_marker(box, f"{PLACE}training_complete.txt", seconds=90)
    assert len(box.object(f"{PLACE}model.pt")) > 100
