"""Operations that fail: the next run finishes what the one before has begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from sandbox.aws.boto import client
from sandbox.engine.operations import Operation, Operations
from sandbox.engine.steps import EngineFailedError, EngineRun
from tests.engine.deployed import RUN, Deployed, left_in_the_cloud, said

COMMAND = "python train.py --epochs 3"


def _fail_once(operations: Operations, each: Iterable[Operation]) -> int:
    wanted = set(each)
    for operation in wanted:
        operations.fail(operation.what, operation.type, operation.name)
    return len(wanted)


def _until_it_succeeds(run: Callable[[], EngineRun]) -> int:
    """How often it fails before it succeeds."""
    for failures in range(30):
        with suppress(EngineFailedError):
            run()
            return failures
    raise AssertionError("it never succeeds")


def test_an_up_in_which_each_creation_fails_once_is_finished_by_the_next_ones(fresh: Deployed) -> None:
    steps = fresh.engine.preview().steps
    creations = [Operation("create", step.type, step.name) for step in steps if step.type.startswith("aws:")]
    assert _fail_once(fresh.operations, creations) > 20
    assert _until_it_succeeds(lambda: fresh.engine.up(continue_on_error=True)) > 3
    assert fresh.operations.outstanding == []
    assert said(fresh.engine.preview()) == []
    assert fresh.tags()["runctl:run"] == RUN
    made = [operation for operation in fresh.operations.done if operation.what == "create"]
    assert len(made) == len(set(made))


def test_a_replacement_in_which_each_operation_fails_once_is_finished_by_the_next_ones(fresh: Deployed) -> None:
    fresh.engine.up()
    old, before = fresh.instance()["InstanceId"], len(fresh.operations.done)
    fresh.engine.up(fresh.config(command=COMMAND))
    operations = [each for each in fresh.operations.done[before:] if each.what != "invoke"]
    assert {each.what for each in operations} >= {"create", "delete"}
    ordered = _fail_once(fresh.operations, operations)
    failures = _until_it_succeeds(lambda: fresh.engine.up(fresh.config(command="python train.py --epochs 4")))
    assert failures == ordered
    assert fresh.operations.outstanding == []
    assert said(fresh.engine.preview()) == []
    assert fresh.instance()["InstanceId"] != old
    assert len(client("scheduler").list_schedules()["Schedules"]) == len(set(fresh.schedules()))


def test_a_destroy_in_which_each_deletion_fails_once_is_finished_by_the_next_ones(fresh: Deployed) -> None:
    fresh.engine.up()
    kept = [state for state in fresh.engine.state() if state["type"].startswith("aws:")]
    deletions = [Operation("delete", state["type"], state["urn"].split("::", 3)[3]) for state in kept]
    assert _fail_once(fresh.operations, deletions) > 20
    assert _until_it_succeeds(lambda: fresh.engine.destroy(continue_on_error=True)) > 3
    assert fresh.operations.outstanding == []
    assert left_in_the_cloud() == {}
