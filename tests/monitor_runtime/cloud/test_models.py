"""What the monitor keeps of AWS's models: a part of them, and enough."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from botocore.loaders import Loader

from monitor_runtime.cloud.aws import MODELS, session
from monitor_runtime.contract.settings import Settings

from .moto_cloud import policy_of

KEPT = [path.relative_to(MODELS).with_suffix("").as_posix() for path in MODELS.rglob("*.json")]
WORDS_FOR_PEOPLE = {"documentation", "enum"}


def _kept(name: str) -> dict[str, Any]:
    return json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))


def _differences(ours: Any, theirs: Any, path: str) -> list[str]:
    """What we have otherwise than botocore. Of operations, shapes and members, some may be missing; nothing else."""
    if not (isinstance(ours, Mapping) and isinstance(theirs, Mapping)):
        return [] if ours == theirs else [path]
    mine, full = cast("Mapping[str, Any]", ours), cast("Mapping[str, Any]", theirs)
    may_lack = path.endswith(("/operations", "/shapes", "/members"))
    missing = set[str]() if may_lack else set(full) - set(mine) - WORDS_FOR_PEOPLE
    differing = [each for key in mine for each in _differences(mine[key], full.get(key), f"{path}/{key}")]
    return [*(f"{path}/{key}" for key in sorted(missing)), *differing]


@pytest.mark.parametrize("name", KEPT)
def test_a_model_is_a_part_of_botocores(name: str) -> None:
    assert _differences(_kept(name), Loader().load_data(name), "") == []


@pytest.mark.parametrize("name", KEPT)
def test_botocore_has_no_later_version_of_a_model(name: str) -> None:
    service, version, kind = name.split("/")
    assert Loader().determine_latest_version(service, kind) == version


def test_each_request_to_ec2_that_the_monitor_may_send_is_in_the_model() -> None:
    """All of them, by its own policy."""
    statements: Any = policy_of(Settings("run", "monitor", "bucket", "prefix/"))["Statement"]
    allowed = {action for statement in statements for action in statement["Action"]}
    may_be_sent = {action.removeprefix("ec2:") for action in allowed if action.startswith("ec2:")}
    assert set(_kept("ec2/2016-11-15/service-2")["operations"]) == may_be_sent


def test_the_monitors_session_reads_its_own_models_first() -> None:
    model: Any = session().get_service_model("ec2")
    assert len(model.operation_names) < 10
