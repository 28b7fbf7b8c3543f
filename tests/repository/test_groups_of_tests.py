"""What the tests themselves count on: that those of one group run in one worker, whatever versions do the work."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_the_scheduler_knows_a_test_of_a_group_by_the_name_of_the_group(request: pytest.FixtureRequest) -> None:
    if not hasattr(request.config, "workerinput"):
        pytest.skip("runs in one process: pytest --numprocesses 2 --dist loadgroup shares tests among workers")
    scheduled = [item.nodeid for item in request.session.items if item.path == request.path]
    assert [name.rpartition("@")[2] for name in scheduled] == ["together"]
