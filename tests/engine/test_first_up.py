"""What a new user sees: the first preview, the first up, and previews after things happened."""

from __future__ import annotations

from sandbox.aws.boto import client
from tests.engine.deployed import Deployed, left_in_the_cloud, said, touched


def test_the_first_preview_shows_what_would_be_created_and_creates_nothing(fresh: Deployed) -> None:
    run = fresh.engine.preview()
    assert {step.operation for step in run.steps} == {"create"}
    assert {"Instance", "Function", "Schedule", "Invocation"} <= {kind for _, kind in touched(run)}
    assert left_in_the_cloud() == {}
    assert (run.diagnostics, run.printed) == ((), "")


def test_an_up_says_nothing_but_what_it_does(fresh: Deployed) -> None:
    run = fresh.engine.up()
    assert (run.diagnostics, run.printed) == ((), "")
    assert run.outputs["llama-ft"]


def test_a_preview_after_the_instance_was_stopped_is_quiet(fresh: Deployed) -> None:
    fresh.engine.up()
    client("ec2").stop_instances(InstanceIds=[fresh.instance()["InstanceId"]])
    assert said(fresh.engine.preview()) == []


def test_a_preview_after_a_refresh_with_the_monitors_tags_is_quiet(fresh: Deployed) -> None:
    fresh.engine.up()
    assert "runctl:armed" in fresh.tags()
    fresh.engine.refresh()
    assert said(fresh.engine.preview()) == []


def test_an_up_with_a_refresh_leaves_the_monitors_tags_alone(fresh: Deployed) -> None:
    fresh.engine.up()
    before = fresh.tags()
    assert "runctl:armed" in before
    fresh.engine.up(refresh=True)
    assert fresh.tags() == before
