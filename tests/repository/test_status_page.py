"""The page of the status: its example is what the command prints, and its policy is what the command needs."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor_runtime.contract import names
from runctl_component.status.aws import OPERATIONS
from runctl_component.status.command import app
from runctl_component.status.readings import LACKS
from sandbox.aws.boto import client
from sandbox.aws.log_groups import keep_logs
from sandbox.demo.training import Training, crash, succeed
from sandbox.engine.stack import stack_program
from sandbox.sandbox import sandbox

from ..iam.calls import Account, accesses, refused
from ..iam.evaluator import Policy
from ..runctl_component.status.boundary import traffic

pytestmark = pytest.mark.xdist_group("status page")

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "status.md").read_text(encoding="utf-8")
BUCKET = "my-training-outputs"
WORKS = {"bert-base": None, "llama-ft": succeed, "vit-large": crash}
"""What each run's training does at its end; None for one that is still at work."""
DURATIONS = {"bert-base": timedelta(hours=9), "llama-ft": timedelta(minutes=130), "vit-large": timedelta(minutes=55)}


@dataclass
class Shown:
    """What the command printed, and which calls it made."""

    text: str
    calls: Sequence[tuple[str, str, Mapping[str, Any]]]


@pytest.fixture(scope="module")
def shown() -> Generator[Shown]:
    """Three runs of a stack: one at work, with a hold that nobody can read, one that is complete, one that failed."""
    runs = {run: {"bucket": BUCKET, "command": "python train.py"} for run in WORKS}
    with sandbox() as cloud:
        keep_logs(cloud.functions)
        cloud.create_bucket(BUCKET, events=True)
        deployment = cloud.up(stack_program, {"runctl:runs": json.dumps(runs)})
        for run, finish in WORKS.items():
            instance_id = deployment.ids[f"aws:ec2/instance:Instance {run}"]
            prefix = deployment.outputs[run]["output_uri"].partition(f"{BUCKET}/")[2]
            Training(cloud, instance_id, BUCKET, prefix, finish, DURATIONS[run]).start()
        held = deployment.ids["aws:ec2/instance:Instance bert-base"]
        client("ec2").create_tags(Resources=[held], Tags=[{"Key": names.TAG_HOLD_UNTIL, "Value": "tomorrow"}])
        cloud.run_for(timedelta(minutes=133))
        with traffic() as noted:
            result = CliRunner(env={"COLUMNS": "120"}).invoke(app, [])
        yield Shown(re.sub(r"i-[0-9a-f]{17}", "i-0123456789abcdef0", result.stdout), noted.calls)


def _block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found[1] if found else ""


def test_the_example_of_the_page_is_what_the_command_prints(shown: Shown) -> None:
    printed = "".join(f"{line.rstrip()}\n" for line in shown.text.splitlines())
    assert _block("text") == printed


def test_the_policy_of_the_page_allows_every_call_of_the_command_and_no_more(shown: Shown) -> None:
    policy: Policy = json.loads(_block("json"))
    made = {(service, operation) for service, operation, _ in shown.calls}
    for service, operation, parameters in shown.calls:
        assert refused(policy, accesses(service, operation, parameters, Account())) == []
    rights = [f"{service}:{operation}" for service in OPERATIONS for operation in OPERATIONS[service]]
    assert policy["Statement"][0]["Action"] == rights
    assert made == {(service, operation) for service in OPERATIONS for operation in OPERATIONS[service]}


def test_the_page_tells_what_is_lacking_without_each_right() -> None:
    assert re.findall(r"^\| `(\w+:\w+)` \|", PAGE, re.MULTILINE) == list(LACKS)
