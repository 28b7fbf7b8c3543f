"""What a follow-up carries because it could not be written into tags."""

from __future__ import annotations

import pytest

from monitor_runtime.act.report import Report
from monitor_runtime.act.unrecorded import Unrecorded
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.triggers import follow_up_input

from ..builders import LAUNCH, at, instance
from ..fakes import ScriptedCloud

EARLIER, LATER = "2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"


@pytest.mark.parametrize(("carried", "written", "goes_on"), [(EARLIER, LATER, False), (LATER, EARLIER, True)])
def test_what_was_overtaken_by_a_later_write_is_not_carried_on(carried: str, written: str, *, goes_on: bool) -> None:
    told = instance(tags={names.TAG_NOTIFIED: written})
    unrecorded = Unrecorded.carried_by({told.instance_id: {names.TAG_NOTIFIED: carried}})
    unrecorded.drop_overtaken(told)
    assert unrecorded.changed is goes_on
    assert unrecorded.tags == ({told.instance_id: {names.TAG_NOTIFIED: carried}} if goes_on else {})


def test_an_instance_for_which_nothing_is_carried_changes_nothing() -> None:
    unrecorded = Unrecorded.carried_by({"i-another": {names.TAG_NOTIFIED: LATER}})
    unrecorded.drop_overtaken(instance())
    assert unrecorded.changed


def test_what_is_carried_of_an_earlier_launch_is_not_written_into_the_tags_of_the_next() -> None:
    told = instance(launched_at=at(hours=1, seconds=1))
    unrecorded = Unrecorded.carried_by({told.instance_id: {names.TAG_NOTIFIED: EARLIER}})
    unrecorded.drop_overtaken(told)
    assert not unrecorded.changed


@pytest.mark.parametrize(
    ("carried", "written", "goes_on"),
    [
        (f"2 {LATER} deadline", "3 2026-03-02T10:59:54Z deadline", False),
        ("3 2026-03-02T10:59:54Z deadline", f"2 {LATER} deadline", True),
        (f"1 {LATER} deadline", "3 2026-03-02T10:45:00Z deadline", True),
        (f"1 {LATER} failed", "3 2026-03-02T10:59:54Z deadline", True),
        (f"1 {EARLIER} failed", "", True),
    ],
)
def test_of_refusals_that_checks_at_once_have_met_the_higher_count_of_the_same_is_carried_on(
    carried: str, written: str, *, goes_on: bool
) -> None:
    told = instance(tags={names.TAG_REFUSED: written})
    unrecorded = Unrecorded.carried_by({told.instance_id: {names.TAG_REFUSED: carried}})
    assert bool(unrecorded.newer_than(told)) is goes_on


@pytest.mark.parametrize(("written", "comes_back"), [({names.TAG_ENDED_AT: LATER}, False), ({}, True)])
def test_the_tag_of_a_refusal_that_a_person_removed_does_not_come_back_from_a_follow_up(
    written: dict[str, str], *, comes_back: bool
) -> None:
    told = instance(tags=written)
    carried = {names.TAG_REFUSED: f"3 {LATER} deadline", names.TAG_ENDED_AT: LATER, names.TAG_OUTCOME: "deadline"}
    unrecorded = Unrecorded.carried_by({told.instance_id: carried})
    assert (names.TAG_REFUSED in unrecorded.newer_than(told)) is comes_back


@pytest.mark.parametrize(("written", "comes_back"), [({names.TAG_ENDED_AT: EARLIER}, False), ({}, True)])
def test_nor_does_it_where_the_same_was_refused_again_since(written: dict[str, str], *, comes_back: bool) -> None:
    told, refused = instance(tags=written), f"1 2026-03-02T10:14:59Z {Outcome.DEADLINE}"
    pending = {names.TAG_REFUSED: f"3 {EARLIER} {Outcome.DEADLINE}", names.TAG_ENDED_AT: EARLIER}
    cloud = ScriptedCloud({"schedule_input": [follow_up_input({}, {told.instance_id: pending})]}).cloud
    unrecorded = Unrecorded()
    unrecorded.drop_overtaken(told)
    unrecorded.keep(told.instance_id, {names.TAG_REFUSED: refused})
    unrecorded.catch_up(cloud, Report("run", "heartbeat", LAUNCH))
    assert (unrecorded.tags[told.instance_id][names.TAG_REFUSED] != refused) is comes_back


def test_of_two_values_that_are_carried_the_later_counts_and_of_equals_the_own() -> None:
    ended = {names.TAG_ENDED_AT: LATER, names.TAG_OUTCOME: "failed"}
    pending = {names.TAG_NOTIFIED: LATER, names.TAG_ENDED_AT: EARLIER, names.TAG_OUTCOME: "deadline"}
    cloud = ScriptedCloud({"schedule_input": [follow_up_input({}, {"i": pending})]}).cloud
    unrecorded = Unrecorded.carried_by({"i": {names.TAG_NOTIFIED: EARLIER, **ended}})
    assert unrecorded.recall(cloud, Report("run", "heartbeat", LAUNCH))
    assert unrecorded.tags == {"i": {names.TAG_NOTIFIED: LATER, **ended}}


@pytest.mark.parametrize(
    ("carried", "own", "counts"),
    [
        (f"{EARLIER} marker succeeded", f"{LATER} marker succeeded", "carried"),
        (f"{LATER} marker succeeded", f"{EARLIER} marker succeeded", "own"),
        (f"{EARLIER} marker failed", f"{LATER} marker succeeded", "own"),
        ("2026-03-02T08:59:59Z marker succeeded", f"{LATER} marker succeeded", "own"),
    ],
)
def test_of_one_completion_of_this_launch_the_first_sight_counts(carried: str, own: str, counts: str) -> None:
    told = instance()
    pending = {told.instance_id: {names.TAG_NOTICED: carried}}
    cloud = ScriptedCloud({"schedule_input": [follow_up_input({}, pending)]}).cloud
    unrecorded = Unrecorded()
    unrecorded.drop_overtaken(told)
    unrecorded.keep(told.instance_id, {names.TAG_NOTICED: own})
    unrecorded.catch_up(cloud, Report("run", "heartbeat", LAUNCH))
    assert unrecorded.tags[told.instance_id][names.TAG_NOTICED] == (carried if counts == "carried" else own)
