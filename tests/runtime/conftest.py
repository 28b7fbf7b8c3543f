"""The monitor's archive in the emulator of Lambda's runtime: one function for all tests."""

from __future__ import annotations

import socket
import zipfile
from collections.abc import Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from monitor_runtime.contract.lateness import TIMEOUT_SECONDS
from runctl_component.monitor.archive import archive_path
from runctl_component.monitor.monitor import MEMORY_MB
from sandbox.runtime.emulator import HOST, Code, EmulatedFunction, emulated
from sandbox.runtime.get_runtime import NoRuntimeError, Runtime, require_runtime
from tests.monitor_runtime.cloud.moto_cloud import ENVIRONMENT
from tests.runtime.on_lambda import OnLambda, listening, run_on_lambda


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One function serves all of these tests, so one worker has them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("lambda"))


@pytest.fixture(scope="session")
def lambda_runtime() -> Runtime:
    """Lambda's runtime; skip where it is not to be had."""
    try:
        return require_runtime()
    except NoRuntimeError as reason:
        pytest.skip(str(reason))


@dataclass(frozen=True)
class Deployed:
    """The monitor's function, and the port at which it looks for AWS."""

    function: EmulatedFunction
    port: int
    folder: Path
    runtime: Runtime

    def run(self, **fields: Any) -> AbstractContextManager[OnLambda]:
        """See `run_on_lambda`. Before and after, AWS refuses connections."""
        return run_on_lambda(self.function, listening(self.port), **fields)

    def another(self, listener: socket.socket) -> AbstractContextManager[EmulatedFunction]:
        """The same function in a process of its own, which looks for AWS elsewhere."""
        return _started(self.runtime, self.folder, int(listener.getsockname()[1]))


@pytest.fixture(scope="session")
def deployed(lambda_runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployed]:
    """The archive, unpacked and started as Lambda does it."""
    folder = tmp_path_factory.mktemp("function")
    with zipfile.ZipFile(archive_path()) as content:
        content.extractall(folder)
    with listening() as listener:
        port = int(listener.getsockname()[1])
    with _started(lambda_runtime, folder, port) as function:
        yield Deployed(function, port, folder, lambda_runtime)


def _started(runtime: Runtime, folder: Path, port: int) -> AbstractContextManager[EmulatedFunction]:
    """It logs what it imports."""
    code = Code(folder, "monitor_runtime.handler.handler", ENVIRONMENT, TIMEOUT_SECONDS, MEMORY_MB)
    return emulated(runtime, code, f"http://{HOST}:{port}", options=("-X", "importtime"))


@pytest.fixture
def run(deployed: Deployed) -> Generator[OnLambda]:
    """A run with the default settings, launched two hours ago."""
    with deployed.run() as launched:
        yield launched
