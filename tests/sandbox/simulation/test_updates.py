from __future__ import annotations

from sandbox.simulation.lifecycle import run_lifecycle

REPLACED_AND_DESTROYED = 997066847
"""The seed of a lifecycle in which somebody destroys the stack while its instance is being replaced."""


def test_a_stack_is_destroyed_once_the_update_before_is_over() -> None:
    record, _ = run_lifecycle(REPLACED_AND_DESTROYED)
    updates = [check.ended_at for check in record.checks if check.trigger == "first-check"]
    assert record.replaced_at is not None
    assert record.destroyed_at is not None
    assert updates[-1] is not None
    assert record.replaced_at < updates[-1] <= record.destroyed_at
