"""What the instance fetches, and what it is told of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi
import pytest

from runctl_component import InvalidArgs, TrainingRun
from runctl_component.box import box_tags, runner_archive
from runctl_component.box.code_folder import code_of

from ..forms import BASE, CODE, KEY, WANDB_ARN, instance_of, registered
from ..recording import Recorded, record

PLACE = "team/dev/llama-ft/"


def settings(recorded: Recorded) -> dict[str, Any]:
    """What the runner reads."""
    text = instance_of(recorded)["userData"].partition("settings.json\" <<'END'\n")[2]
    return json.loads(text.partition("\nEND\n")[0])


def box_policy(recorded: Recorded) -> dict[str, Any]:
    """The statements of the instance's role by name."""
    policy = json.loads(recorded.one("RolePolicy", "llama-ft-box").inputs["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_code_is_an_object_below_the_prefix_and_the_instance_knows_which() -> None:
    recorded = registered({**BASE, "code": CODE})
    uploaded, code = recorded.one("BucketObjectv2", "llama-ft-code").inputs, code_of(CODE)
    assert (uploaded["bucket"], uploaded["key"]) == ("outputs", PLACE + code.key)
    assert (settings(recorded)["code"], settings(recorded)["code_sha256"]) == (code.key, code.sha256)


def test_changed_code_is_another_training(tmp_path: Path) -> None:
    def user_data(content: str) -> str:
        (tmp_path / "train.py").write_text(content)
        return instance_of(registered({**BASE, "code": str(tmp_path)}))["userData"]

    assert user_data("print(1)") != user_data("print(22)")


def test_without_code_secrets_and_encryption_nothing_is_said_of_them() -> None:
    assert set(settings(registered(BASE))) == {"bucket", "prefix", "region", "run"}


def test_another_release_of_the_runner_is_another_object_and_tag_and_the_same_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = registered(BASE)
    monkeypatch.setattr(box_tags, "runner_digest", lambda: "0" * 64)
    monkeypatch.setattr(runner_archive, "runner_digest", lambda: "0" * 64)
    after = registered(BASE)
    assert after.one("BucketObjectv2", "llama-ft-runner").inputs["key"] == f"{PLACE}runctl/runner-{'0' * 16}.zip"
    assert instance_of(after)["tags"]["runctl:runner"] == "0" * 64
    assert instance_of(after)["userData"] == instance_of(before)["userData"]


def test_only_the_references_of_secrets_are_in_user_data_and_the_box_may_follow_them() -> None:
    reference = f"{WANDB_ARN}:api_key::"
    recorded = registered({**BASE, "secrets": {"WANDB_API_KEY": reference}})
    assert settings(recorded)["secrets"] == {"WANDB_API_KEY": reference}
    assert box_policy(recorded)["ReadSecrets"]["Resource"] == [WANDB_ARN]


def test_uploads_name_the_encryption_that_was_asked_for() -> None:
    recorded = registered({**BASE, "code": CODE, "server_side_encryption": "aws:kms", "kms_key_arn": KEY})
    for name in ("llama-ft-runner", "llama-ft-code"):
        uploaded = recorded.one("BucketObjectv2", name).inputs
        assert (uploaded["serverSideEncryption"], uploaded["kmsKeyId"]) == ("aws:kms", KEY)
    assert settings(recorded)["encryption"] == {"method": "aws:kms", "key": KEY}


def test_a_key_alone_changes_no_upload() -> None:
    uploaded = registered({**BASE, "kms_key_arn": KEY}).one("BucketObjectv2", "llama-ft-runner").inputs
    assert not {"serverSideEncryption", "kmsKeyId"} & set(uploaded)


@pytest.mark.parametrize("metric", ["gpu", "RunctlInstance/GPUUtilization"])
def test_gpus_are_measured_and_published_for_a_run_that_is_watched_by_them_alone(metric: str) -> None:
    idle = {"metric": metric, "threshold": 5, "minutes": 30}
    watched, other = registered({**BASE, "idle": idle}), registered(BASE)
    assert instance_of(watched)["tags"]["runctl:measure"] == "gpu"
    assert "runctl:measure" not in instance_of(other)["tags"]
    assert ("MeasureGpus" in box_policy(watched), "MeasureGpus" in box_policy(other)) == (True, False)


def test_a_folder_that_is_not_there_is_refused_with_all_else_that_is_wrong() -> None:
    with pytest.raises(InvalidArgs) as refused:
        registered({**BASE, "code": "./nowhere", "grace_seconds": -1})
    assert {problem.field for problem in refused.value.problems} == {"code", "grace_seconds"}


def test_a_program_that_goes_elsewhere_later_brings_the_folder_along_that_it_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training/train.py").write_text("print(1)")
    monkeypatch.chdir(tmp_path)

    def program() -> None:
        TrainingRun("llama-ft", {**BASE, "code": "training", "bucket": pulumi.Output.from_input("outputs")})
        os.chdir("/")

    assert record(program).one("BucketObjectv2", "llama-ft-code").inputs["bucket"] == "outputs"
