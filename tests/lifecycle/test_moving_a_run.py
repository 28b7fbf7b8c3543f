"""A run that is moved to another monitor is watched, and can be ended, after every step of the update that can fail."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from monitor_runtime.contract import names
from sandbox.engine.cli import HOW_TO_GET_ONE, ROOT, find_engine
from sandbox.engine.operations import Operation
from sandbox.engine.real import RealEngine
from sandbox.engine.served_provider import served
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.engine.steps import EngineFailedError
from sandbox.sandbox import REGION, Sandbox, sandbox

from .ending_rights import EndingRights

pytestmark = pytest.mark.skipif(find_engine() is None, reason=HOW_TO_GET_ONE)

PROGRAM = """
import pulumi
from runctl_component import Monitor, TrainingRun

config = pulumi.Config()
used = config.require("monitor")
declared = ("old", "new") if config.get_bool("both") else (used,)
monitors = {name: Monitor(name, {"watch": [{"bucket": "outputs"}]}) for name in declared}
given = monitors[used].handle if config.get_bool("handle") else monitors[used]
run = TrainingRun("llama-ft", {"bucket": "outputs", "command": "python3 train.py"}, monitor=given)
pulumi.export("instance_id", run.instance_id)
"""
ARMED_AGAIN = timedelta(minutes=16)
"""What was released for an update that then failed is armed again by the heartbeat that comes ten minutes later."""


@dataclass
class Moving:
    """A stack of one run, and its monitors, on a real engine."""

    cloud: Sandbox
    engine: RealEngine
    provider: StandInProvider
    further: dict[str, str]
    instance_id: str = ""
    checked: int = field(default=0)

    def up(self, monitor: str) -> list[Operation]:
        """Have the run under this monitor; what the provider did for it."""
        done = len(self.provider.operations.done)
        run = self.engine.up({"aws:region": REGION, "moving:monitor": monitor, **self.further})
        self.instance_id = str(run.outputs["instance_id"])
        return [each for each in self.provider.operations.done[done:] if each.what != "invoke"]

    def fails_at(self, operation: Operation, monitor: str) -> None:
        """The same, but one operation fails."""
        self.provider.operations.fail(operation.what, operation.type, operation.name)
        with pytest.raises(EngineFailedError, match="AWS refuses"):
            self.up(monitor)
        assert self.provider.operations.outstanding == []

    def require_watched(self) -> None:
        """Somebody looks at the instance, and may end it; nobody has."""
        self.checked += 1
        rights = EndingRights(self.instance_id)
        assert rights.watchers(), self.provider.operations.done[-3:]
        assert self.cloud.instance(self.instance_id)["State"]["Name"] == "running"
        assert names.TAG_OUTCOME not in rights.tags

    def require_armed(self) -> None:
        """A deadline switch of a monitor that may end the instance is there as soon as heartbeats could make one."""
        self.cloud.run_for(ARMED_AGAIN)
        self.require_watched()
        assert EndingRights(self.instance_id).switches()


@contextmanager
def _moving(folder: Path, **further: bool) -> Generator[Moving]:
    program = folder / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: moving\nruntime: python\n", encoding="utf-8")
    (program / "__main__.py").write_text(PROGRAM, encoding="utf-8")
    with sandbox() as cloud:
        cloud.create_bucket("outputs")
        provider = StandInProvider(cloud.functions, REGION)
        with served(provider) as address:
            engine = RealEngine(folder / "engine", program, address, {}, import_path=(ROOT,))
            config = {f"moving:{key}": str(value).lower() for key, value in further.items()}
            yield Moving(cloud, engine, provider, config)


def _is_of_the_run(operation: Operation) -> bool:
    return operation.name.startswith("llama-ft")


@pytest.mark.parametrize("by", ["monitor", "handle"])
def test_a_run_that_is_moved_between_two_monitors_is_watched_whatever_operation_fails(by: str, tmp_path: Path) -> None:
    with _moving(tmp_path, both=True, handle=by == "handle") as moving:
        moving.up("old")
        instance_id = moving.instance_id
        there = moving.up("new")
        back = moving.up("old")
        assert [each.what for each in there if _is_of_the_run(each)][:4] == ["create", "update", "delete", "create"]
        # Each fails once, on the way there or on the way back in turn.
        for number, both_ways in enumerate(zip(there, back, strict=True)):
            monitor = ("new", "old")[number % 2]
            moving.fails_at(both_ways[number % 2], monitor)
            moving.require_watched()
            moving.require_armed()
            moving.up(monitor)
            moving.require_armed()
        assert moving.checked == 3 * len(there) >= 18
        assert moving.instance_id == instance_id


def test_a_run_that_is_moved_to_a_new_monitor_while_its_own_is_removed_is_watched_whatever_fails(
    tmp_path: Path,
) -> None:
    with _moving(tmp_path) as moving:
        moving.up("old")
        instance_id = moving.instance_id
        operations = moving.up("new")
        moving.up("old")
        assert len(operations) > 40
        for each in operations:
            moving.provider.operations.fail(each.what, each.type, each.name)
        while not _is_done(moving):
            moving.require_watched()
            moving.require_armed()
        moving.require_armed()
        assert moving.provider.operations.outstanding == []
        assert moving.checked > 8
        assert moving.instance_id == instance_id


def _is_done(moving: Moving) -> bool:
    before = len(moving.provider.operations.outstanding)
    try:
        moving.up("new")
    except EngineFailedError:
        assert len(moving.provider.operations.outstanding) < before, "the engine came no further"
        return False
    return True
