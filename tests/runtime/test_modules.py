"""The archive in Lambda's own runtime: what it brings along is used there, each part when it is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from monitor_runtime.contract.settings import Idle, Stalled
from sandbox.runtime.emulator import EmulatedFunction
from tests.monitor_runtime.handler_paths import S3_EVENT
from tests.runtime.conftest import Deployed
from tests.runtime.on_lambda import listening, run_on_lambda

_IMPORTED = re.compile(r"^import time: +\d+ \| +\d+ \| +([\w.]+)$", re.MULTILINE)
_ONLY_WHEN_NEEDED = {
    "boto3",
    "monitor_runtime.act.carry_out",
    "monitor_runtime.act.release",
    "monitor_runtime.audit",
    "monitor_runtime.observe.first_check",
    "tenacity",
}


def _imported(function: EmulatedFunction) -> set[str]:
    """All modules that a Python with ``-X importtime`` tells of. It does not tell of the handler's own module."""
    return {"monitor_runtime", "monitor_runtime.handler", *_IMPORTED.findall(function.log())}


def _shipped(deployed: Deployed) -> Iterator[str]:
    for path in deployed.folder.rglob("*.py"):
        parts = path.relative_to(deployed.folder).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture
def used(deployed: Deployed) -> set[str]:
    """What is imported once each trigger came, for a run with all that can be watched."""
    fields = {"checkpoint_patterns": ("*.pt",), "stalled": Stalled(("*.log",), 60), "idle": Idle("gpu", 5, 60)}
    with deployed.run(**fields) as run:
        run.put("training.log")
        for event in (run.event("first-check"), run.event("follow-up"), S3_EVENT, {"trigger": "audit"}):
            assert run.function.invoke(event).error_type == ""
        run.wrote("done", b'{"exit_code": 0}', minutes=20)
        assert run.invoke().body["outcome"] == "unverified"
        assert run.invoke("first-check", tf={"action": "delete"}).body["decision"] == "released"
    return _imported(deployed.function)


def test_each_module_of_the_monitor_is_imported_by_some_trigger(deployed: Deployed, used: set[str]) -> None:
    own = {name for name in _shipped(deployed) if name.startswith("monitor_runtime")}
    assert len(own) > 70
    assert own - used == set()


def test_each_package_that_is_brought_along_is_imported(deployed: Deployed, used: set[str]) -> None:
    """A package is brought along whole: which of its modules it imports is for its next version to say."""
    packages = {name.partition(".")[0] for name in _shipped(deployed)}
    assert packages >= {"aws_lambda_powertools", "monitor_runtime", "tenacity"}
    assert packages - used == set()


def test_a_heartbeat_of_a_run_at_work_imports_nothing_that_only_other_checks_need(deployed: Deployed) -> None:
    with listening() as listener, deployed.another(listener) as function, run_on_lambda(function, listener) as run:
        run.first_checked()
        assert run.invoke().body["decision"] == "wait"
        assert _imported(function) & _ONLY_WHEN_NEEDED == set()
