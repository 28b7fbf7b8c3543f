"""A real Pulumi engine on a stand-in for AWS: the CLI itself, with its own state, diffs and order of steps."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any, Protocol
from unittest.mock import patch

import yaml

from sandbox.engine.cli import ROOT, cli_version, require_engine
from sandbox.engine.program_host import Answer, Run, run_in_this_process
from sandbox.engine.steps import EngineFailedError, EngineRun, read_events, read_outputs

SECONDS = 300
"""No run takes longer; one that does is ended, with everything that it started."""
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}


class _Pipe(Protocol):
    """The end of a pipe on which answers come."""

    def recv(self) -> Any: ...


class EngineTimedOutError(RuntimeError):
    """A run of the engine did not end."""


@dataclass
class RealEngine:
    """One stack on a real engine. ``program``: a folder with Pulumi.yaml and __main__.py; ``config``: the stack's.

    ``folder`` is for the engine's own files: its state, and the workspace in which it runs. The program runs as an
    inline program of the Automation API, or by the ``language_host`` of its Pulumi.yaml, in its own folder, into which
    the config is written.
    ``secrets`` are values of the config by their paths; ``import_path`` has what a program imports beside the SDKs.

    Raises:
        NoEngineError: when there is no CLI.
    """

    folder: Path
    program: Path
    providers: str
    config: Mapping[str, Any]
    stack: str = "demo"
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    import_path: tuple[Path, ...] = ()
    working_directory: Path | None = None
    umask: int = 0o022
    language_host: bool = False
    cli: Path = field(default_factory=require_engine)

    def preview(self, config: Mapping[str, Any] | None = None, **options: Any) -> EngineRun:
        """What would be done; ``options`` are those of the Automation API, such as ``target`` or ``refresh``.

        Raises:
            EngineFailedError: when it fails.
        """
        return self._run("preview", config, options)

    def up(self, config: Mapping[str, Any] | None = None, **options: Any) -> EngineRun:
        """Do it. What is given as ``config`` stays the stack's.

        Raises:
            EngineFailedError: when it fails; what was done until then is done.
        """
        self.config = self.config if config is None else config
        return self._run("up", None, options)

    def refresh(self, **options: Any) -> EngineRun:
        """Take over what AWS says now.

        Raises:
            EngineFailedError: when it fails.
        """
        return self._run("refresh", None, options)

    def destroy(self, **options: Any) -> EngineRun:
        """Take everything away.

        Raises:
            EngineFailedError: when it fails.
        """
        return self._run("destroy", None, options)

    def state(self) -> list[dict[str, Any]]:
        """The resources as the engine remembers them, with secrets encrypted; none before the first run."""
        kept = self._checkpoint()
        if not kept.exists():
            return []
        latest: Mapping[str, Any] = json.loads(kept.read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}
        return latest.get("resources") or []

    def _run(self, command: str, config: Mapping[str, Any] | None, options: Mapping[str, Any]) -> EngineRun:
        answer = self._answer(command, config, options)
        steps, diagnostics = read_events(answer.events)
        outputs = answer.outputs or read_outputs(answer.events)
        run = EngineRun(steps, diagnostics, answer.text, answer.printed, outputs, answer.cpu_seconds)
        if answer.error is not None:
            raise EngineFailedError(answer.error, run)
        return run

    def _answer(self, command: str, config: Mapping[str, Any] | None, options: Mapping[str, Any]) -> Answer:
        workspace = self._workspace(self.config if config is None else config)
        # What a program leaves to the end of its process is not done when the process is ended.
        with TemporaryDirectory(dir=self.folder) as temporary:
            return _in_a_new_process(self._run_of(command, workspace, Path(temporary), options))

    def _run_of(self, command: str, workspace: Path, temporary: Path, options: Mapping[str, Any]) -> Run:
        return Run(
            command=command,
            stack=self.stack,
            stack_exists=self._checkpoint().exists(),
            workspace=workspace,
            program=self.program,
            cli=self.cli,
            cli_version=cli_version(self.cli),
            language_host=self.language_host,
            environment={**self.environment(), "TMPDIR": str(temporary)},
            working_directory=self.working_directory or self.program,
            options=options,
            secrets=self.secrets,
            import_path=self.import_path,
            umask=self.umask,
        )

    def _checkpoint(self) -> Path:
        project: Mapping[str, Any] = yaml.safe_load((self.program / "Pulumi.yaml").read_text(encoding="utf-8"))
        return self.folder / "state" / ".pulumi" / "stacks" / project["name"] / f"{self.stack}.json"

    def _workspace(self, config: Mapping[str, Any]) -> Path:
        """The project's own Pulumi.yaml, and the stack's config beside it; its salt is the engine's."""
        workspace = self.program if self.language_host else self.folder / "workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        (self.folder / "state").mkdir(exist_ok=True)
        if workspace != self.program:
            shutil.copyfile(self.program / "Pulumi.yaml", workspace / "Pulumi.yaml")
        path = workspace / f"Pulumi.{self.stack}.yaml"
        known: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(yaml.safe_dump({**(known or {}), "config": dict(config)}), encoding="utf-8")
        return workspace

    def environment(self) -> dict[str, str]:
        """What an engine of this stack has in its environment, and nothing else."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            "HOME": str(self.folder),
            **kept,
            **_CREDENTIALS,
            "PULUMI_HOME": str(self.folder / "pulumi"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DEBUG_PROVIDERS": self.providers,
        }


def _in_a_new_process(run: Run) -> Answer:
    """The answer of a process that has loaded the SDKs and nothing else; it ends within `SECONDS`, however it ends."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sandbox.engine.preloaded"])
    # What is to be preloaded is looked for there, and nowhere else, when the first process is started.
    with patch.dict(os.environ, {"PYTHONPATH": str(ROOT)}):
        forkserver.ensure_running()
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=run_in_this_process, args=(run, there))
    # It would also run the program that was started here again, up to its guard.
    with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        process.start()
    there.close()
    try:
        return _received(here, run)
    finally:
        _end(process)
        here.close()


def _received(here: _Pipe, run: Run) -> Answer:
    received: list[Answer] = []
    waiting = threading.Thread(target=lambda: _receive(here, received), daemon=True)
    waiting.start()
    waiting.join(SECONDS)
    if waiting.is_alive():
        raise EngineTimedOutError(f"{run.command}: the engine has not ended within {SECONDS} s")
    if not received:
        raise EngineTimedOutError(f"{run.command}: the process of the engine has ended without an answer")
    return received[0]


def _receive(here: _Pipe, received: list[Answer]) -> None:
    try:
        received.append(here.recv())
    except EOFError:
        return


def _end(process: ForkServerProcess) -> None:
    """It leads a group of its own, in which its engine is."""
    if process.is_alive() and process.pid is not None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
    process.join()
