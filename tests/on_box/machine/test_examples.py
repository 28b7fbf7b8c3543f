"""The examples train: on machines that boot, with PyTorch on the CPU in the place of the image's."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from sandbox.box.machine import BUCKET, Box, box_machine
from sandbox.box.object_store import REGION
from sandbox.box.root import NoBoxError, require_root
from sandbox.box.waiting import wait_until

from ...examples import RUNS, program_of
from ...runctl_component.recording import record
from .product import await_marker

DECLARED_SECRET = re.compile(r"arn:aws:secretsmanager:[\w:-]+")
PYTHON = {"/opt/pytorch/bin/python": '#!/bin/sh\nexec /usr/bin/python3 "$@"\n'}
TRAINED_WITHIN_SECONDS = 120
TINY_MODEL = """
import pathlib
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

folder = pathlib.Path("/opt/tiny")
folder.mkdir()
letters = "abcdefghijklmnopqrstuvwxyz"
words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
(folder / "vocab.txt").write_text("\\n".join(words))
BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
BertForSequenceClassification(BertConfig(vocab_size=len(words), **size)).save_pretrained(folder)
"""
"""Makes a model for the place of the hub's, which a box cannot reach."""


@contextmanager
def example_box(
    example: str, *, changes: Mapping[str, str] | None = None, frameworks: bool = False, **more: Any
) -> Generator[Box]:
    """The instance of the first run of an example, off, with its objects and a secret for each that it declares.

    ``changes``: texts of its user data, and what stands in their place.
    """
    try:
        require_root(torch=True, frameworks=frameworks)
    except NoBoxError as reason:
        pytest.skip(str(reason))
    recorded = record(program_of(example))
    instance = recorded.one("Instance", RUNS[example][0]).inputs
    script: str = instance["userData"].replace("my-training-outputs", BUCKET)
    with mock_aws():
        manager = boto3.client("secretsmanager", region_name=REGION)  # pyright: ignore[reportUnknownMemberType]
        secrets = {arn: manager.create_secret(Name="s", SecretString="k3y")["ARN"] for arn in _secrets(script)}
        for text, other in {**secrets, **(changes or {})}.items():
            assert text in script
            script = script.replace(text, other)
        with box_machine(script, tags=instance["tags"], torch=True, frameworks=frameworks, **more) as box:
            for uploaded in recorded.of("BucketObjectv2"):
                box.s3.put(uploaded.inputs["key"], Path(uploaded.inputs["source"]).read_bytes())
            yield box


def _secrets(script: str) -> set[str]:
    return set(DECLARED_SECRET.findall(script))


def logs_of(box: Box, place: str) -> list[str]:
    """What each launch has printed, from the first on."""
    keys = sorted(key for key in box.s3.list_keys() if re.fullmatch(rf"{place}runctl/training-.*\.log", key))
    return [box.object(key).decode() for key in keys]


def manifest_of(box: Box, place: str) -> dict[str, int]:
    """Keys and sizes in the marker of a training."""
    marker = json.loads(box.object(f"{place}training_complete.txt"))
    return {entry["key"]: entry["size"] for entry in marker["checkpoint"]}


def await_object(box: Box, key: str) -> None:
    """Wait until the training has written it, or has ended with a failure."""
    failed = f"{'/'.join(key.split('/')[:3])}/training_failed.txt"
    wait_until(lambda: not {key, failed}.isdisjoint(box.s3.list_keys()), TRAINED_WITHIN_SECONDS, key)
    assert failed not in box.s3.list_keys(), box.object(failed)


@pytest.mark.parametrize(
    ("example", "place"),
    [("quickstart", "team/dev/llama-ft/"), ("team_stack", "runs/short/"), ("sweep", "team/dev/rate-3e-1/")],
)
def test_an_example_trains_and_leaves_its_model(example: str, place: str) -> None:
    with example_box(example, files=PYTHON) as box:
        box.boot()
        await_marker(box, f"{place}training_complete.txt", seconds=TRAINED_WITHIN_SECONDS)
        assert len(box.object(f"{place}model.pt")) > 100
        if example == "sweep":
            assert json.loads(box.object(f"{place}metrics.json"))["learning_rate"] == 0.3


def test_a_training_on_spot_goes_on_from_its_disk_and_on_a_new_instance_from_s3() -> None:
    place, changes = "team/dev/curve/", {"--out $RUNCTL_OUTPUT_URI": "--out $RUNCTL_OUTPUT_URI --steps 800"}
    begun, ended = f"{place}checkpoints/latest.pt", f"{place}training_complete.txt"
    with mock_aws():
        with example_box("spot_resume", changes=changes, files=PYTHON) as box:
            box.boot()
            await_object(box, begun)
            box.stop()
            box.s3.remove(begun)
            box.boot()
            await_object(box, begun)
            box.stop()
            assert ended not in box.s3.list_keys()
        with example_box("spot_resume", changes=changes, files=PYTHON) as box:
            box.boot()
            await_object(box, ended)
            assert f"{place}model.pt" in box.s3.list_keys()
            found = [re.findall(r"going on at step (\d+)", log) for log in logs_of(box, place)]
    first, *others = found
    steps = [int(step) for (step,) in others]
    assert (first, len(steps), steps) == ([], 2, sorted(set(steps)))


def test_the_trainer_of_hugging_face_saves_when_it_is_stopped_and_goes_on_at_the_next_start() -> None:
    place = "team/dev/reviews/"
    changes = {"distilbert/distilbert-base-uncased": "/opt/tiny --epochs 8"}
    with example_box("hugging_face", changes=changes, frameworks=True, files={"/opt/tiny.py": TINY_MODEL}) as box:
        made = box.run_on_disk("/opt/pytorch/bin/python /opt/tiny.py")
        assert made.returncode == 0, made.stderr
        box.boot()
        await_object(box, f"{place}checkpoints/checkpoint-2/trainer_state.json")
        box.stop()
        assert f"{place}training_complete.txt" not in box.s3.list_keys()
        box.boot()
        await_object(box, f"{place}training_complete.txt")
        first, second = logs_of(box, place)
        assert ("beginning anew" in first, "going on from checkpoints/checkpoint-" in second) == (True, True)
        assert "stopped: the next start goes on from the newest checkpoint" in first
        manifest = manifest_of(box, place)
        assert "model/model.safetensors" in manifest
        assert {key: len(box.object(place + key)) for key in manifest} == manifest


def test_lightning_saves_when_it_is_stopped_and_goes_on_at_the_next_start() -> None:
    place = "team/dev/curve/"
    changes = {"--out $RUNCTL_OUTPUT_URI": "--out $RUNCTL_OUTPUT_URI --epochs 60"}
    with example_box("lightning", changes=changes, frameworks=True) as box:
        box.boot()
        wait_until(lambda: "epoch=" in box.run("ls /root/checkpoints").stdout, TRAINED_WITHIN_SECONDS, "checkpoint")
        box.stop()
        assert f"{place}training_complete.txt" not in box.s3.list_keys()
        box.boot()
        await_object(box, f"{place}training_complete.txt")
        first, second = logs_of(box, place)
        assert ("beginning anew" in first, "going on from checkpoints/on_exception.ckpt" in second) == (True, True)
        assert manifest_of(box, place) == {"model.ckpt": len(box.object(f"{place}model.ckpt"))}
