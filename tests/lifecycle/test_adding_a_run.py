"""A run that is added to the config of a stack, or taken out of it, touches nothing of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.cli import HOW_TO_GET_ONE, ROOT, find_engine
from sandbox.engine.real import RealEngine
from sandbox.engine.served_provider import served
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.engine.steps import EngineFailedError
from sandbox.sandbox import REGION, sandbox
from tests.engine.deployed import said

pytestmark = pytest.mark.skipif(find_engine() is None, reason=HOW_TO_GET_ONE)

RUN = {"bucket": "outputs", "command": "python3 train.py", "s3_events": True}


def _config(*runs: str) -> dict[str, Any]:
    return {"aws:region": REGION, "runctl:runs": json.dumps(dict.fromkeys(runs, RUN))}


def test_a_second_run_is_created_and_removed_and_nothing_else_is_done(tmp_path: Path) -> None:
    with sandbox() as cloud:
        cloud.create_bucket("outputs", events=True)
        provider = StandInProvider(cloud.functions, REGION)
        with served(provider) as address:
            engine = RealEngine(tmp_path, ROOT, address, _config("llama-ft"))
            engine.up()
            provider.operations.fail("create", "aws:ec2/instance:Instance", "a", "InsufficientInstanceCapacity")
            with pytest.raises(EngineFailedError, match="InsufficientInstanceCapacity"):
                engine.up(_config("a", "llama-ft"))
            added = engine.up(_config("a", "llama-ft")).steps
            removed = engine.up(_config("llama-ft")).steps
            assert said(engine.preview()) == []
        done = [each for each in provider.operations.done if each.what != "invoke"]
        of_a = [each for each in done if each.name == "a" or each.name.startswith("a-")]
        assert {step.operation for step in added} == {"create"}
        assert {step.operation for step in removed} == {"delete"}
        assert {step.name for step in (*added, *removed)} <= {each.name for each in of_a} | {"a"}
        assert [each.what for each in of_a].count("create") == [each.what for each in of_a].count("delete") >= 6
        assert {each.what for each in done if each not in of_a} == {"create"}
