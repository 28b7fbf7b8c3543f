"""A function in the emulator of Lambda's runtime: started, invoked, killed, measured."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from sandbox.box.waiting import wait_until
from sandbox.runtime.get_runtime import Runtime

HOST = "127.0.0.1"
REGION = "us-east-1"
_INVOCATIONS = "2015-03-31/functions/function/invocations"
_UP_WITHIN_SECONDS = 20
_ANSWERED_WITHIN_SECONDS = 120
_NANOSECONDS = 1e9
_KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Code:
    """A function: the folder that its archive was unpacked into, and what Lambda is told of it."""

    folder: Path
    handler: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout_seconds: int = 60
    memory_mb: int = 256


@dataclass(frozen=True)
class Answer:
    """What Lambda answers to an invocation. ``error_type`` is empty where the function did not fail."""

    body: Any
    log: str
    """What was printed meanwhile, by the function and the emulator."""

    @property
    def error_type(self) -> str:
        """The class of the exception, or Lambda's own word."""
        return str(self._error().get("errorType", ""))

    @property
    def error_message(self) -> str:
        """What the exception says."""
        return str(self._error().get("errorMessage", ""))

    def _error(self) -> Mapping[str, Any]:
        return cast("Mapping[str, Any]", self.body) if isinstance(self.body, dict) else {}


class EmulatedFunction:
    """A function in a process of the emulator. One invocation runs at a time, as in one environment of Lambda's."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self._port, self._log = process, port, log

    def invoke(self, event: object) -> Answer:
        """Invoke it and wait; the first invocation, and one after the function's process died, are cold."""
        begins = self._log.stat().st_size
        request = urllib.request.Request(
            f"http://{HOST}:{self._port}/{_INVOCATIONS}", json.dumps(event).encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWERED_WITHIN_SECONDS) as answered:  # noqa: S310
                body = answered.read()
        except urllib.error.HTTPError as error:
            body = error.read()
        with self._log.open("rb") as log:
            log.seek(begins)
            return Answer(_from_json(body), log.read().decode(errors="replace"))

    def log(self) -> str:
        """All that was printed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End the function's own process, as Lambda does with one that has used up its memory."""
        for process_id in self._function_processes():
            os.kill(process_id, signal.SIGKILL)

    def cpu_seconds(self) -> float:
        """What the function's process has used of processors since it began, in all its threads."""
        spent = 0
        for process_id in self._function_processes():
            for schedule in Path(f"/proc/{process_id}/task").glob("*/schedstat"):
                spent += int(schedule.read_text().split()[0])
        return spent / _NANOSECONDS

    def peak_memory_mib(self) -> float:
        """The most memory that the function's process ever held."""
        lines = [
            line
            for process_id in self._function_processes()
            for line in Path(f"/proc/{process_id}/status").read_text(encoding="utf-8").splitlines()
        ]
        return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / _KIB_PER_MIB

    def _function_processes(self) -> list[int]:
        threads = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [int(word) for children in threads for word in children.read_text().split()]


@contextmanager
def emulated(
    runtime: Runtime, code: Code, endpoint: str, *, options: Sequence[str] = ()
) -> Generator[EmulatedFunction]:
    """A function that nothing has invoked yet, with AWS at this endpoint. ``options``: further ones of Python.

    Python finds the function's folder and the runtime's packages, and nothing else but its own library. It compiles
    the function's modules whenever it starts: on Lambda their folder is read-only.
    """
    port, api_port = _free_port(), _free_port()
    emulator = (
        str(runtime.emulator),
        *("--runtime-interface-emulator-address", f"{HOST}:{port}"),
        *("--runtime-api-address", f"{HOST}:{api_port}"),
    )
    python = (sys.executable, "-S", "-B", *options, "-m", "awslambdaric", code.handler)
    with tempfile.TemporaryDirectory(prefix="runctl-function-") as scratch:
        log = Path(scratch) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                (*emulator, *python),
                cwd=code.folder,
                env=_environment(runtime, code, endpoint),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(lambda: _listens(port), _UP_WITHIN_SECONDS, "emulator of Lambda's runtime")
            yield EmulatedFunction(process, port, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _environment(runtime: Runtime, code: Code, endpoint: str) -> dict[str, str]:
    """As Lambda's, and nothing of this process's own."""
    return {
        "PATH": os.defpath,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": str(runtime.packages),
        "_HANDLER": code.handler,
        "LAMBDA_TASK_ROOT": str(code.folder),
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(code.timeout_seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(code.memory_mb),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_ENDPOINT_URL": endpoint,
        **code.environment,
    }


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def _from_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")
