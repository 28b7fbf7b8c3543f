"""Of what the oracle expects an audit to tell of its own looks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor_runtime.cloud.values import InstanceState
from sandbox.simulation.judge.audits import an_audit_says_what_it_could_not_see, an_audit_tells_what_was_taken_away
from sandbox.simulation.world.tampering import Tampering
from sandbox.simulation.world.timeline import HOUR, SECOND

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


@pytest.mark.parametrize(("known_after", "wrong"), [(3, False), (2, True)])
def test_an_audit_need_not_tell_of_an_instance_that_ec2_does_not_know_yet(known_after: int, *, wrong: bool) -> None:
    told = record({})
    told.scenario = replace(told.scenario, machine=replace(told.scenario.machine, unknown_for=known_after * SECOND))
    check = checked(told, launched(told, HOUR), HOUR + 2 * SECOND, trigger="audit")
    check.state_at_end = InstanceState.RUNNING
    check.tampered = check.tampered_after = Tampering.HEARTBEAT_DISABLED
    assert broken(told, an_audit_tells_what_was_taken_away) is wrong
