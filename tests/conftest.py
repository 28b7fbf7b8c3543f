"""Where coverage is measured: in tests that call the code in their own process, in its own room, and not in AWS's.

Whole lifecycles, engines and machines would take twice as long with it, and say less; and so would what boto3 and moto
do for one request. What was imported stays: the garbage collector need not go through it again and again.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from botocore.endpoint import Endpoint

TESTS = Path(__file__).parent
COLLECTED_AFTER = 50_000
"""New objects. By default it is 700, and a program of Pulumi makes some hundred thousand."""
COVERED = frozenset({"iam", "monitor_runtime", "provider", "runctl_component"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests outside of these folders are not traced while they run."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in COVERED:
            item.add_marker(pytest.mark.no_cover)


def pytest_collection_finish() -> None:
    """By now boto3, moto and pulumi_aws are there: a million objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECTED_AFTER, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def _untraced_requests() -> Generator[None]:
    """Until a request is answered nothing of ours runs."""
    made = Endpoint.make_request

    def untraced(self: Endpoint, *arguments: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return made(self, *arguments)
        finally:
            sys.settrace(tracer)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(Endpoint, "make_request", untraced)
        yield
