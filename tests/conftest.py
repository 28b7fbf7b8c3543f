"""Where coverage is measured: in tests that call the code in their own process, in its own room.

Whole lifecycles, engines and machines would take twice as long with it, and say less.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
COVERED = frozenset({"iam", "monitor_runtime", "provider", "runctl_component"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests outside of these folders are not traced while they run."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in COVERED:
            item.add_marker(pytest.mark.no_cover)
