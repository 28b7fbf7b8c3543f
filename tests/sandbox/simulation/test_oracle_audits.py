"""Of what the oracle expects an audit to tell of its own looks."""

from __future__ import annotations

import pytest

from sandbox.simulation.judge.audits import an_audit_says_what_it_could_not_see
from sandbox.simulation.world.timeline import HOUR

from .records import broken, checked, launched, record


@pytest.mark.parametrize(
    ("failed", "flaw", "wrong"),
    [
        ("may_end", "ending-denied", False),
        ("may_end", "no-switch", True),
        ("find_schedule", "ending-denied", True),
    ],
)
def test_a_dry_run_that_is_refused_is_told_as_a_finding(failed: str, flaw: str, *, wrong: bool) -> None:
    told = record({})
    check = checked(told, launched(told, 0), HOUR, trigger="audit")
    check.failed[failed] = 1
    check.reply = {"problems": ["one"], "checks": [], "findings": [{"flaw": flaw}]}
    assert broken(told, an_audit_says_what_it_could_not_see) is wrong
