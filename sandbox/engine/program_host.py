"""One run of a real engine, with its program, in a process of its own.

The Automation API serves the program to the engine from this process, which is as fresh as a language host's: nothing
of the program was imported before. Only the SDKs were (see `preloaded`), since loading them takes longer than the rest.
"""

from __future__ import annotations

import json
import os
import resource
import runpy
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pulumi import automation
from pulumi.automation.events import EngineEvent
from semver import VersionInfo


@dataclass(frozen=True)
class Run:
    """What to run, where and how. ``workspace`` has Pulumi.yaml and the stack's config; ``program`` has __main__.py.

    ``language_host``: whether one of Pulumi's language hosts runs the program, in the workspace, and not this process.
    """

    command: str
    stack: str
    stack_exists: bool
    workspace: Path
    program: Path
    cli: Path
    cli_version: str
    language_host: bool
    environment: Mapping[str, str]
    working_directory: Path
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    import_path: tuple[Path, ...] = ()
    umask: int = 0o022


@dataclass(frozen=True)
class Answer:
    """What came of a run. ``printed``: what the program itself wrote; ``error``: what the engine failed with.

    ``cpu_seconds`` are those of the program and of the engine, without the provider's.
    """

    events: list[EngineEvent]
    text: str
    printed: str
    error: str | None
    outputs: dict[str, Any]
    cpu_seconds: float = 0.0


def run_in_this_process(run: Run, answer_to: Connection) -> None:
    """Do what is asked, and answer. The process is not good for anything else afterwards."""
    os.setsid()
    os.umask(run.umask)
    os.environ.clear()
    os.environ.update(run.environment)
    tempfile.tempdir = None
    os.chdir(run.working_directory)
    sys.path[:0] = [str(run.program), *map(str, run.import_path)]
    printed = Path(tempfile.gettempdir()) / "printed.txt"
    with printed.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            answer = _engine_run(run)
        except Exception:  # noqa: BLE001 - the caller has to know
            answer = Answer([], "", "", traceback.format_exc(), {})
        sys.stdout.flush()
        sys.stderr.flush()
    answer_to.send(replace(answer, printed=printed.read_text(encoding="utf-8"), cpu_seconds=_cpu_seconds()))
    answer_to.close()


def _cpu_seconds() -> float:
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in spent)


class _KnownCommand(automation.PulumiCommand):
    """A CLI whose version is known, so that it is not asked for it before each run."""

    def __init__(self, cli: Path, version: str) -> None:
        self.command = str(cli)
        self.version = VersionInfo.parse(version)


class _Workspace(automation.LocalWorkspace):
    """A folder with a project, for whose stack the CLI is started only for what it is asked to do.

    A start takes as long as the preview of a small program.
    """

    def select_stack(self, stack_name: str) -> None:
        """There is nothing to do: every command names its stack."""

    def stack_outputs(self, stack_name: str) -> automation.OutputMap:
        """The outputs in plain text; which of them are secrets would take a second start."""
        question = ["stack", "output", "--json", "--show-secrets", "--stack", stack_name]
        answer = self.pulumi_command.run(question, self.work_dir, self.env_vars)
        plain: Mapping[str, Any] = json.loads(answer.stdout)
        return {name: automation.OutputValue(value, secret=False) for name, value in plain.items()}


class _SelectedStack(automation.Stack):
    """A stack whose history is not read after each run: the events of the run tell more."""

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:
        """Nothing of what the history says."""
        del show_secrets
        return automation.UpdateSummary("", datetime.fromtimestamp(0, UTC), "", {}, {}, "")


def _stack(run: Run) -> automation.Stack:
    def program() -> None:
        runpy.run_path(str(run.program / "__main__.py"), run_name="__main__")

    workspace = _Workspace(
        work_dir=str(run.workspace),
        program=None if run.language_host else program,
        pulumi_command=_KnownCommand(run.cli, run.cli_version),
        secrets_provider="passphrase",
    )
    find = _SelectedStack.select if run.stack_exists else _SelectedStack.create
    return find(run.stack, workspace)


def _engine_run(run: Run) -> Answer:
    stack = _stack(run)
    for path, secret in run.secrets.items():
        stack.set_config(path, automation.ConfigValue(secret, secret=True), path=True)
    events: list[EngineEvent] = []
    lines: list[str] = []
    command: Callable[..., Any] = getattr(stack, run.command)
    try:
        result = command(on_event=events.append, on_output=lines.append, color="never", **run.options)
    except automation.CommandError as error:
        return Answer(events, "\n".join(lines), "", str(error), {})
    outputs = {name: output.value for name, output in result.outputs.items()} if run.command == "up" else {}
    return Answer(events, "\n".join(lines), "", None, outputs)
