"""Every resource type: made, read, changed, read again, taken away."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from runctl_component.box.runner_archive import runner_path
from runctl_component.monitor.archive import archive_path
from sandbox.aws.boto import client
from sandbox.engine.adapters.adapter import ReadInputs
from sandbox.engine.adapters.table import adapters
from sandbox.engine.replaces import REPLACES
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.sandbox import REGION, Sandbox, sandbox
from tests.sandbox.engine.samples import SAMPLES

SIGNATURE = "4dabf18193072939515e22adb298388d"


def _file(signature: str, path: str) -> dict[str, str]:
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return {SIGNATURE: signature, "path": path, "hash": digest}


_FILES: dict[str, Callable[[], dict[str, str]]] = {
    "code": lambda: _file("0def7320c3a5731c473e5ecbe6d01bc7", archive_path()),
    "source": lambda: _file("c44067f5952c0a294b673a41bacd8c17", runner_path()),
}


BY_THE_FUNCTION = {"aws:lambda/invocation:Invocation"}
"""What it is made of, the handler says: tests/engine runs it."""


@dataclass
class Cloud:
    provider: StandInProvider
    seed: bytes
    made: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = field(
        default_factory=dict[str, tuple[str, dict[str, Any], dict[str, Any]]]
    )

    def make(self, kind: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        if kind not in self.made:
            self.made[kind] = self.make_with(kind, SAMPLES[kind].inputs)
        return self.made[kind]

    def make_with(self, kind: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        checked = self.provider.check(urn(kind), {}, self._filled_in(inputs), self.seed)
        assert checked.failures == []
        identity, state = self.provider.create(urn(kind), checked.inputs, preview=False)
        return identity, state, checked.inputs

    def changed(self, kind: str, *only: str) -> dict[str, Any]:
        changes = SAMPLES[kind].changed
        inputs = {**SAMPLES[kind].inputs, **{name: changes[name] for name in only or changes}}
        return self.provider.check(urn(kind), self.made[kind][2], self._filled_in(inputs), self.seed).inputs

    def differences(self, kind: str, state: dict[str, Any], inputs: dict[str, Any]) -> list[str]:
        difference = self.provider.diff(urn(kind), state, inputs, inputs, [])
        return [change.path for change in difference.changes]

    def read(self, kind: str, identity: str, state: dict[str, Any], inputs: dict[str, Any]) -> dict[str, Any] | None:
        found = self.provider.read(urn(kind), identity, state, inputs)
        return found[0] if found else None

    def _filled_in(self, value: Any) -> Any:
        if isinstance(value, dict):
            entries = cast("dict[str, Any]", value)
            return {key: _FILES[key]() if key in _FILES else self._filled_in(inner) for key, inner in entries.items()}
        if isinstance(value, str) and value.startswith("{") and " of " in value:
            output, kind = value[1:-1].split(" of ")
            return self.make(kind)[1][output]
        return value


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::project::{kind}::mine"


@pytest.fixture(scope="module")
def world() -> Generator[Sandbox]:
    with sandbox() as cloud:
        yield cloud


@pytest.fixture
def cloud(world: Sandbox) -> Cloud:
    return Cloud(StandInProvider(world.functions, REGION), seed=os.urandom(16))


def test_each_type_that_can_be_made_has_a_sample_here_and_rules_for_its_replacement(world: Sandbox) -> None:
    assert set(SAMPLES) | BY_THE_FUNCTION == set(adapters(world.functions)) == set(REPLACES)


@pytest.fixture(scope="module")
def lives(world: Sandbox) -> dict[str, list[Any]]:
    """The life of a resource of each type: what a refresh finds after each step that is not as it was declared."""
    cloud = Cloud(StandInProvider(world.functions, REGION), seed=os.urandom(16))
    found: dict[str, list[Any]] = {}
    for kind, sample in SAMPLES.items():
        identity, state, inputs = cloud.make(kind)
        there = cloud.read(kind, identity, state, inputs)
        found[kind] = [cloud.differences(kind, there, inputs) if there else "gone"]
        if sample.changed:
            wanted = cloud.changed(kind)
            difference = cloud.provider.diff(urn(kind), state, inputs, wanted, [])
            assert difference.replaced == frozenset(), kind
            assert difference.changes, kind
            state = cloud.provider.update(urn(kind), identity, state, wanted, [], preview=False)
            there = cloud.read(kind, identity, state, wanted)
            found[kind].append(cloud.differences(kind, there, wanted) if there else "gone")
            cloud.made[kind] = identity, state, wanted
    for kind in reversed(SAMPLES):
        identity, state, _ = cloud.made[kind]
        cloud.provider.delete(urn(kind), identity, state)
    for kind, (identity, state, inputs) in cloud.made.items():
        found[kind].append(cloud.read(kind, identity, state, inputs))
    return found


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_resource_is_as_it_was_declared_then_as_it_was_changed_and_then_gone(
    lives: dict[str, list[Any]], kind: str
) -> None:
    *there, at_last = lives[kind]
    assert there == [[]] * (2 if SAMPLES[kind].changed else 1)
    assert at_last is None


@pytest.mark.parametrize("kind", [kind for kind, sample in SAMPLES.items() if "tags" in sample.changed])
def test_tags_can_be_changed_alone(cloud: Cloud, kind: str) -> None:
    identity, state, _ = cloud.make(kind)
    wanted = cloud.changed(kind, "tags")
    state = cloud.provider.update(urn(kind), identity, state, wanted, [], preview=False)
    there = cloud.read(kind, identity, state, wanted)
    assert there is not None
    assert cloud.differences(kind, there, wanted) == []


@pytest.mark.usefixtures("cloud")
def test_an_entry_that_an_adapter_drops_is_named_by_its_path() -> None:
    inputs = ReadInputs({"a": {"b": 1, "c": 2}, "d": {"e": 1}, "f": 1})
    assert inputs["a"]["b"] == 1
    assert dict(inputs["d"]) == {"e": 1}
    assert list(inputs.unread()) == ["a.c", "f"]
    assert list(inputs.unread(frozenset({"f"}))) == ["a.c"]


@pytest.fixture
def instance(cloud: Cloud) -> tuple[Cloud, str]:
    identity, state, inputs = cloud.make("aws:ec2/instance:Instance")
    cloud.made["instance"] = identity, state, inputs
    return cloud, identity


def _described(identity: str) -> Any:
    return client("ec2").describe_instances(InstanceIds=[identity])["Reservations"][0]["Instances"][0]


def test_a_root_volume_cannot_shrink(instance: tuple[Cloud, str]) -> None:
    cloud, identity = instance
    _, state, inputs = cloud.made["instance"]
    smaller = {**inputs, "rootBlockDevice": {**inputs["rootBlockDevice"], "volumeSize": 20}}
    with pytest.raises(Exception, match="New size cannot be smaller than existing size, 50"):
        cloud.provider.update(urn("aws:ec2/instance:Instance"), identity, state, smaller, [], preview=False)


def test_another_instance_type_in_place_is_a_restart(instance: tuple[Cloud, str], world: Sandbox) -> None:
    cloud, identity = instance
    _, state, inputs = cloud.made["instance"]
    launched_at = _described(identity)["LaunchTime"]
    bigger = {**inputs, "instanceType": "g5.2xlarge"}
    cloud.provider.update(urn("aws:ec2/instance:Instance"), identity, state, bigger, [], preview=False)
    now = _described(identity)
    assert (now["InstanceType"], now["State"]["Name"]) == ("g5.2xlarge", "running")
    assert launched_at < now["LaunchTime"] <= world.clock.now()


def test_tags_that_others_wrote_stay_unless_they_were_in_the_state(instance: tuple[Cloud, str]) -> None:
    cloud, identity = instance
    kind = "aws:ec2/instance:Instance"
    _, state, inputs = cloud.made["instance"]
    client("ec2").create_tags(Resources=[identity], Tags=[{"Key": "runctl:armed", "Value": "then"}])
    retagged = {**inputs, "tags": {"c": "3"}, "tagsAll": {"c": "3"}}
    state = cloud.provider.update(urn(kind), identity, state, retagged, [], preview=False)
    there = cloud.read(kind, identity, state, retagged)
    assert there
    assert there["tagsAll"] == {"c": "3", "runctl:armed": "then"}
    state = cloud.provider.update(urn(kind), identity, there, retagged, [], preview=False)
    there = cloud.read(kind, identity, state, retagged)
    assert there
    assert there["tagsAll"] == {"c": "3"}


def test_a_terminated_instance_is_gone(instance: tuple[Cloud, str]) -> None:
    cloud, identity = instance
    kind = "aws:ec2/instance:Instance"
    _, state, inputs = cloud.made["instance"]
    cloud.provider.delete(urn(kind), identity, state)
    assert _described(identity)["State"]["Name"] == "terminated"
    assert cloud.read(kind, identity, state, inputs) is None
