"""The tags, read as the monitor itself reads what it wrote."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from monitor_runtime.cloud.values import Instance as MonitorsInstance
from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide import memory
from monitor_runtime.decide.memory import Memory, Refusable
from runctl_component.status.launch_tags import REMOVAL, LaunchTags
from runctl_component.status.states import STOP_UNSUPPORTED

from .readings_builders import INSTANCE_ID, LAUNCH, NOW, after, before, instance

ARMED = memory.armed_value(NOW + timedelta(hours=1), Action.STOP, "team/dev/runs")
THIS, EARLIER = NOW - timedelta(minutes=5), LAUNCH - timedelta(hours=1)
VALUES = {
    names.TAG_REFUSED: [
        memory.refused_value(2, THIS, Outcome.SUCCEEDED),
        memory.refused_value(2, EARLIER, Outcome.SUCCEEDED),
        memory.refused_value(1, THIS, Refusable.STOP_UNSUPPORTED),
        "many",
        "²",
    ],
    names.TAG_NOTICED: [
        memory.noticed_value("marker done", THIS),
        memory.noticed_value("marker done", EARLIER),
        "",
    ],
    names.TAG_ARMED: [ARMED, memory.unsure(ARMED), "", "soon"],
    names.TAG_HOLD_UNTIL: [after(hours=2), before(hours=2), after(days=8), "tomorrow", " ", "2026-03-03"],
    names.TAG_RELEASED: [format_time(THIS), format_time(EARLIER), ""],
}


@pytest.mark.parametrize(("tag", "value"), [(tag, value) for tag in VALUES for value in VALUES[tag]])
def test_a_tag_says_what_the_monitor_itself_reads_there(tag: str, value: str) -> None:
    ours = LaunchTags.of(instance(**{tag.removeprefix("runctl:"): value}), NOW)
    theirs = Memory.of(MonitorsInstance(INSTANCE_ID, InstanceState.RUNNING, LAUNCH, {tag: value}), NOW)
    assert (ours.hold_until, bool(ours.hold_problem)) == (theirs.hold.until, bool(theirs.hold.problem))
    assert (ours.refused_count, ours.refused_at) == (theirs.refused_count, theirs.refused_at)
    assert ours.refused == (theirs.refused if theirs.refused_at else "")
    assert (ours.noticed, ours.noticed_since) == (theirs.noticed, theirs.noticed_since)
    assert ours.armed_for == theirs.armed_for
    assert ours.may_be_going(NOW) == theirs.may_be_going(NOW)


@pytest.mark.parametrize(
    ("outcome", "ended_at", "reported"),
    list(
        product(
            ["succeeded", "odd"],
            [format_time(THIS), format_time(EARLIER), ""],
            [memory.reported_value([Outcome.SUCCEEDED], THIS), memory.reported_value([Outcome.SUCCEEDED], EARLIER), ""],
        )
    ),
)
def test_an_outcome_counts_for_the_launch_in_which_it_was_recorded(outcome: str, ended_at: str, reported: str) -> None:
    tags = {names.TAG_OUTCOME: outcome, names.TAG_ENDED_AT: ended_at, names.TAG_REPORTED: reported}
    ours = LaunchTags.of(instance(**{tag.removeprefix("runctl:"): value for tag, value in tags.items()}), NOW)
    theirs = Memory.of(MonitorsInstance(INSTANCE_ID, InstanceState.RUNNING, LAUNCH, tags), NOW)
    assert (ours.outcome, ours.ended_at) == (theirs.outcome, theirs.ended_at)
    assert (None if ours.reported else ours.outcome) == theirs.ended_as


def test_the_words_that_both_sides_know_are_the_same() -> None:
    assert REMOVAL == memory.REMOVAL
    assert STOP_UNSUPPORTED == Refusable.STOP_UNSUPPORTED
