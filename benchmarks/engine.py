"""Preview, up and quiet preview of 1, 10 and 100 runs on a real engine, beside a plain program of their resources."""

from __future__ import annotations

import importlib
import keyword
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from pulumi._types import resource_py_to_pulumi_names

from benchmarks.measured import Grid, Measured
from runctl_component.monitor.archive import archive_path
from sandbox.engine import real
from sandbox.engine.cli import ROOT, require_engine
from sandbox.engine.real import RealEngine
from sandbox.engine.served_provider import served
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.engine.values import is_file
from sandbox.sandbox import REGION, sandbox

COUNTS = (1, 10, 100)
GOAL_RATIO = 1.25
BUCKET = "runctl-demo-outputs"
COMMANDS = ("preview", "up", "preview")
_LONGEST_SECONDS = 3600
_PROVIDERS_OWN = {"__defaults", "tagsAll"}


@dataclass(frozen=True)
class Figures:
    """A command's wall-clock and CPU seconds, for the program and the engine together."""

    wall_seconds: float
    cpu_seconds: float
    steps: int


def config_of(count: int) -> dict[str, Any]:
    """The config of a stack with so many runs."""
    runs = {
        f"run-{number:03}": {
            "bucket": BUCKET,
            "prefix": f"runs/{number:03}/",
            "instance_type": "g5.xlarge",
            "command": "python train.py",
        }
        for number in range(count)
    }
    return {"aws:region": REGION, "runctl:runs": runs}


def commanded(folder: Path, program: Path, config: Mapping[str, Any]) -> tuple[list[Figures], list[dict[str, Any]]]:
    """The figures of `COMMANDS`, in a cloud of their own, and the state that the engine is left with."""
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        with served(StandInProvider(cloud.functions, REGION)) as address:
            engine = RealEngine(folder, program, address, config, import_path=(ROOT,))
            figures: list[Figures] = []
            for command in COMMANDS:
                begun_at = time.perf_counter()
                run = getattr(engine, command)()
                figures.append(Figures(time.perf_counter() - begun_at, run.cpu_seconds, len(run.steps)))
            return figures, engine.state()


def plain_program(folder: Path, state: list[dict[str, Any]]) -> Path:
    """A program that registers the resources of a state one by one, with the values that they have there."""
    folder.mkdir()
    archive = folder / "monitor.zip"
    shutil.copyfile(archive_path(), archive)
    known = [each for each in state if not each["type"].startswith(("pulumi:pulumi:", "pulumi:providers:"))]
    names = {each["urn"]: f"r{number}" for number, each in enumerate(known)}
    ids = {each["id"]: names[each["urn"]] for each in known if each["type"].endswith(":Instance")}
    lines = ["import pulumi", "import pulumi_aws as aws", ""]
    lines += [_declaration(each, names, ids, str(archive)) for each in known]
    (folder / "__main__.py").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "Pulumi.yaml").write_text("name: plain\nruntime: python\n", encoding="utf-8")
    return folder


def _declaration(resource: Mapping[str, Any], names: Mapping[str, str], ids: Mapping[str, str], archive: str) -> str:
    kind, urn = resource["type"], resource["urn"]
    options = [f"parent={names[resource['parent']]}"] if resource.get("parent") in names else []
    options += [f"depends_on=[{', '.join(names[each] for each in resource.get('dependencies', ()) if each in names)}]"]
    opts = f"opts=pulumi.ResourceOptions({', '.join(options)})"
    variable, name = names[urn], urn.split("::", 3)[3]
    if not resource["custom"]:
        return f"{variable} = pulumi.ComponentResource({kind!r}, {name!r}, {opts})"
    module, sdk_class = _sdk_class(kind)
    python_names = {theirs: ours for ours, theirs in resource_py_to_pulumi_names(sdk_class).items()}
    inputs = [
        f"{python_names.get(key, key)}={_literal(value, ids, archive)}"
        for key, value in resource["inputs"].items()
        if key not in _PROVIDERS_OWN
    ]
    return f"{variable} = aws.{module}.{sdk_class.__name__}({name!r}, {', '.join([*inputs, opts])})"


def _sdk_class(kind: str) -> tuple[str, Any]:
    _, path, name = kind.split(":")
    module = path.partition("/")[0]
    module = f"{module}_" if keyword.iskeyword(module) else module
    return module, getattr(importlib.import_module(f"pulumi_aws.{module}"), name)


def _literal(value: Any, ids: Mapping[str, str], archive: str) -> str:
    """A value as the program's text has it; ids that EC2 gives are taken from the resource."""
    if is_file(value):
        return f"pulumi.FileArchive({archive!r})"
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value).items()
        return "{" + ", ".join(f"{key!r}: {_literal(inner, ids, archive)}" for key, inner in entries) + "}"
    if isinstance(value, list):
        return f"[{', '.join(_literal(each, ids, archive) for each in cast('list[Any]', value))}]"
    found = re.search(r"i-[0-9a-f]{17}", value) if isinstance(value, str) else None
    if found and found[0] in ids:
        return f"{ids[found[0]]}.id.apply(lambda known: {value!r}.replace({found[0]!r}, known))"
    return repr(value)


def compared(count: int) -> Iterator[tuple[str, Figures, Figures]]:
    """Each command's figures, of the stack program and of the plain one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        ours, state = commanded(folder / "ours", ROOT, config_of(count))
        program = plain_program(folder / "program", state)
        plain, _ = commanded(folder / "plain", program, {"aws:region": REGION})
        yield from zip(("first preview", "up", "quiet preview"), ours, plain, strict=True)


def rows() -> Iterator[tuple[str, ...]]:
    """For each number of runs, each command."""
    for count in COUNTS:
        for command, ours, plain in compared(count):
            yield (
                f"{count}",
                command,
                f"{ours.steps}",
                f"{ours.wall_seconds:.1f}",
                f"{ours.cpu_seconds:.1f}",
                f"{plain.steps}",
                f"{plain.cpu_seconds:.1f}",
                f"{ours.cpu_seconds / plain.cpu_seconds:.2f}",
            )


def measure() -> Measured:
    """All counts, on the real engine.

    Raises:
        NoEngineError: when there is none.
    """
    require_engine()
    real.SECONDS = _LONGEST_SECONDS
    headings = ("runs", "command", "steps", "wall s", "CPU s", "plain: steps", "CPU s", "ratio of CPU")
    return Measured(
        [Grid(headings, list(rows()), words=2)],
        [
            "The plain program registers the same resources one by one.",
            "CPU is that of program and engine, without the provider, which is a stand-in.",
            f"The goal: a ratio of {GOAL_RATIO}.",
        ],
    )
