"""Multipart uploads under way, however many were given up before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from monitor_runtime.cloud.interface import ErrorKind
from monitor_runtime.cloud.pages import Page, PartPage, UploadMarker, UploadPage
from monitor_runtime.cloud.values import StoredObject, Upload
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.uploads import MAX_EXAMINED, MAX_PAGES, MAX_PART_PAGES, find_uploads

from ..builders import LAUNCH, PREFIX, at, settings
from ..fakes import ScriptedCloud, failure

COMPLETED_AT = at(hours=2)
OLD = tuple(Upload(f"{PREFIX}old-{number}", at(hours=-1), "old") for number in range(3))
UNDER_WAY = Upload(f"{PREFIX}new", at(hours=1, minutes=30), "new")
MORE = UploadMarker("key", "id")
NO_PARTS = PartPage(None)


def _cloud(pages: Sequence[object], parts: Sequence[object] = (NO_PARTS,), *whole: StoredObject) -> ScriptedCloud:
    return ScriptedCloud({"list_uploads": pages, "list_parts": parts, "list_folder": [Page(whole, None)]})


def _found(scripted: ScriptedCloud) -> object:
    return find_uploads(scripted.cloud, settings(), LAUNCH, COMPLETED_AT)


def _calls(scripted: ScriptedCloud, method: str) -> int:
    return sum(call[0] == method for call in scripted.made)


def test_an_upload_of_this_launch_is_found_behind_pages_of_what_was_given_up() -> None:
    assert _found(_cloud([UploadPage(OLD, MORE), UploadPage((*OLD, UNDER_WAY), MORE)])) == (UNDER_WAY,)


def test_uploads_of_earlier_launches_alone_are_none_and_cost_a_call_a_page() -> None:
    scripted = _cloud([UploadPage(OLD, MORE), UploadPage(OLD)])
    assert (_found(scripted), len(scripted.made)) == ((), 2)


def test_the_next_page_is_asked_for_from_where_the_last_one_ended() -> None:
    scripted = _cloud([UploadPage((), MORE), UploadPage(())])
    _found(scripted)
    assert [call[-1] for call in scripted.made] == [None, MORE]


def test_more_pages_than_are_read_are_unknown_for_good() -> None:
    scripted = _cloud([UploadPage(OLD, MORE)])
    found = _found(scripted)
    assert isinstance(found, Unknown)
    assert (found.permanent, _calls(scripted, "list_uploads")) == (True, MAX_PAGES)


def test_a_page_that_fails_is_unknown() -> None:
    found = _found(_cloud([UploadPage(OLD, MORE), failure(ErrorKind.TRANSIENT)]))
    assert isinstance(found, Unknown)
    assert not found.permanent


def _whole(modified_at: datetime) -> StoredObject:
    return StoredObject(UNDER_WAY.key, 1, modified_at)


@pytest.mark.parametrize(
    ("modified_at", "counts"), [(at(hours=1), True), (UNDER_WAY.initiated_at, True), (at(hours=1, minutes=31), False)]
)
def test_an_upload_is_superseded_by_a_newer_whole_object_alone(modified_at: datetime, counts: bool) -> None:
    found = _found(_cloud([UploadPage((UNDER_WAY,))], [NO_PARTS], _whole(modified_at)))
    assert found == ((UNDER_WAY,) if counts else ())


def test_an_upload_moves_with_its_newest_part_on_whatever_page_that_is() -> None:
    parts = [PartPage(at(hours=1, minutes=50), 1000), PartPage(at(hours=2, minutes=1), 2000), PartPage(at(hours=1))]
    scripted = _cloud([UploadPage((UNDER_WAY,))], parts)
    assert _found(scripted) == (replace(UNDER_WAY, moved_at=at(hours=2, minutes=1)),)
    assert [call[-1] for call in scripted.made if call[0] == "list_parts"] == [None, 1000, 2000]


def test_parts_are_looked_through_in_a_bounded_number_of_pages() -> None:
    scripted = _cloud([UploadPage((UNDER_WAY,))], [PartPage(at(hours=2), 1)])
    _found(scripted)
    assert _calls(scripted, "list_parts") == MAX_PART_PAGES


@pytest.mark.parametrize(
    ("moved_at", "counts"), [(at(hours=1), True), (at(minutes=59, seconds=59), False), (None, False)]
)
def test_an_upload_that_stood_still_for_an_hour_before_the_run_was_complete_was_given_up(
    moved_at: datetime | None, counts: bool
) -> None:
    early = Upload(f"{PREFIX}early", at(minutes=10), "early")
    assert bool(_found(_cloud([UploadPage((early,))], [PartPage(moved_at)]))) is counts


def test_an_upload_that_is_over_when_its_parts_are_asked_for_counts_from_its_beginning() -> None:
    assert _found(_cloud([UploadPage((UNDER_WAY,))], [failure(ErrorKind.NOT_FOUND)])) == (UNDER_WAY,)


@pytest.mark.parametrize(("kind", "permanent"), [(ErrorKind.TRANSIENT, False), (ErrorKind.REFUSED, True)])
def test_an_upload_whose_parts_s3_does_not_tell_is_unknown(kind: ErrorKind, permanent: bool) -> None:
    found = _found(_cloud([UploadPage((UNDER_WAY,))], [failure(kind)]))
    assert isinstance(found, Unknown)
    assert found.permanent is permanent


def test_the_newest_of_many_uploads_are_looked_into_and_all_others_count() -> None:
    many = tuple(Upload(f"{PREFIX}{number}", at(minutes=number), str(number)) for number in range(MAX_EXAMINED + 5))
    scripted = _cloud([UploadPage(many)], [PartPage(None)])
    assert _found(scripted) == tuple(reversed(many[:5]))
    assert _calls(scripted, "list_parts") == MAX_EXAMINED
