"""What a follow-up carries because it could not be written into tags."""

from __future__ import annotations

import pytest

from monitor_runtime.act.unrecorded import Unrecorded
from monitor_runtime.contract import names

from ..builders import instance

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
