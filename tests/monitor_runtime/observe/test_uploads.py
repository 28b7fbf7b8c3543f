"""Multipart uploads under way, however many were given up before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.cloud.interface import ErrorKind
from monitor_runtime.cloud.pages import Page, PartPage, UploadMarker, UploadPage
from monitor_runtime.cloud.values import InstanceState, StoredObject, Upload
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import noticed_value
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.multipart import multipart_digest
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.observe import observe
from monitor_runtime.observe.uploads import MAX_PAGES, MAX_PART_PAGES, find_uploads

from ..builders import LAUNCH, PREFIX, at, instance, settings
from ..cloud.moto_cloud import moto_cloud
from ..fakes import FakeClock, ScriptedCloud, failure
from ..handler_paths import watched

COMPLETED_AT = at(hours=2)
OLD = tuple(Upload(f"{PREFIX}old-{number}", at(hours=-1), "old") for number in range(3))
UNDER_WAY = Upload(f"{PREFIX}new", at(hours=1, minutes=30), "new")
MORE = UploadMarker("key", "id")
NO_PARTS = PartPage(None)
MANY = tuple(Upload(f"{PREFIX}many", at(seconds=number), str(number)) for number in range(MAX_PART_PAGES + 1))


def _cloud(pages: Sequence[object], parts: Sequence[object] = (NO_PARTS,), *whole: StoredObject) -> ScriptedCloud:
    return ScriptedCloud({"list_uploads": pages, "list_parts": parts, "list_folder": [Page(whole, None)]})


def _found(scripted: ScriptedCloud, *, may_move: bool = False) -> object:
    return find_uploads(scripted.cloud, settings(), LAUNCH, COMPLETED_AT, may_move=may_move)


def _calls(scripted: ScriptedCloud, method: str) -> int:
    return sum(call[0] == method for call in scripted.made)


def test_an_upload_of_this_launch_is_found_behind_pages_of_what_was_given_up() -> None:
    assert _found(_cloud([UploadPage(OLD, MORE), UploadPage((*OLD, UNDER_WAY))])) == (UNDER_WAY,)


def test_an_upload_that_stands_still_hides_none_on_a_later_page() -> None:
    still = Upload(f"{PREFIX}a", at(hours=1, minutes=40), "still")
    assert _found(_cloud([UploadPage((still,), MORE), UploadPage((UNDER_WAY,))])) == (still, UNDER_WAY)


def test_uploads_of_earlier_launches_alone_are_none_and_cost_a_call_a_page() -> None:
    scripted = _cloud([UploadPage(OLD, MORE), UploadPage(OLD)])
    assert (_found(scripted), len(scripted.made)) == ((), 2)


def test_the_next_page_is_asked_for_from_where_the_last_one_ended() -> None:
    scripted = _cloud([UploadPage((), MORE), UploadPage(())])
    _found(scripted)
    assert [call[-1] for call in scripted.made] == [None, MORE]


@pytest.mark.parametrize("may_move", [True, False])
@pytest.mark.parametrize(
    ("pages", "parts", "method", "calls"),
    [
        ([UploadPage(OLD, MORE)], NO_PARTS, "list_uploads", MAX_PAGES),
        ([UploadPage((UNDER_WAY,))], PartPage(at(hours=2), 1), "list_parts", MAX_PART_PAGES),
        ([UploadPage(MANY)], NO_PARTS, "list_parts", MAX_PART_PAGES),
    ],
)
def test_what_a_bounded_number_of_calls_does_not_reach_is_unknown_for_good_once_it_cannot_move_any_more(
    pages: Sequence[object], parts: PartPage, method: str, calls: int, may_move: bool
) -> None:
    scripted = _cloud(pages, [parts])
    found = _found(scripted, may_move=may_move)
    assert isinstance(found, Unknown)
    assert (found.permanent, _calls(scripted, method)) == (not may_move, calls)


@pytest.mark.parametrize("may_move", [True, False])
def test_what_was_found_counts_alone_once_the_rest_cannot_move_any_more(may_move: bool) -> None:
    found = _found(_cloud([UploadPage((UNDER_WAY,), MORE), UploadPage((), MORE)]), may_move=may_move)
    assert isinstance(found, Unknown) if may_move else found == (UNDER_WAY,)


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


@pytest.mark.parametrize(
    ("moved_at", "counts"), [(at(hours=1), True), (at(minutes=59, seconds=59), False), (None, False)]
)
def test_an_upload_that_stood_still_for_an_hour_before_the_run_was_complete_was_given_up(
    moved_at: datetime | None, counts: bool
) -> None:
    early = Upload(f"{PREFIX}early", at(minutes=10), "early")
    assert bool(_found(_cloud([UploadPage((early,))], [PartPage(moved_at)]))) is counts


def test_an_upload_that_is_over_when_its_parts_are_asked_for_is_none() -> None:
    assert _found(_cloud([UploadPage((UNDER_WAY,))], [failure(ErrorKind.NOT_FOUND)])) == ()


@pytest.mark.parametrize(("kind", "permanent"), [(ErrorKind.TRANSIENT, False), (ErrorKind.REFUSED, True)])
def test_whether_an_upload_is_superseded_is_unknown_where_s3_does_not_tell(kind: ErrorKind, permanent: bool) -> None:
    answers = {"list_uploads": [UploadPage((UNDER_WAY,))], "list_folder": [failure(kind)], "list_parts": [NO_PARTS]}
    found = _found(ScriptedCloud(answers), may_move=True)
    assert isinstance(found, Unknown)
    assert found.permanent is permanent


@pytest.mark.parametrize(("kind", "permanent"), [(ErrorKind.TRANSIENT, False), (ErrorKind.REFUSED, True)])
def test_an_upload_whose_parts_s3_does_not_tell_is_unknown(kind: ErrorKind, permanent: bool) -> None:
    found = _found(_cloud([UploadPage((UNDER_WAY,))], [failure(kind)]))
    assert isinstance(found, Unknown)
    assert found.permanent is permanent


@pytest.mark.parametrize("many", [12, 1000])
def test_however_many_uploads_are_superseded_none_is_under_way_and_listings_tell_it(many: int) -> None:
    begun = tuple(Upload(f"{PREFIX}shard-{number}", at(minutes=90, seconds=number), "x") for number in range(many))
    whole = (StoredObject(upload.key, 1, COMPLETED_AT) for upload in begun)
    scripted = _cloud([UploadPage(begun)], [NO_PARTS], *whole)
    assert _found(scripted) == ()
    assert (_calls(scripted, "list_parts"), _calls(scripted, "list_folder")) == (0, -(-many // 30))


def test_an_upload_that_moves_behind_many_newer_ones_that_do_not_is_seen_to_move() -> None:
    oldest = Upload(f"{PREFIX}oldest", at(minutes=1), "oldest")
    newer = tuple(Upload(f"{PREFIX}{number}", at(minutes=2 + number), str(number)) for number in range(50))
    moving = PartPage(at(hours=2, minutes=10))
    assert _found(_cloud([UploadPage((oldest, *newer))], [*(NO_PARTS for _ in newer), moving])) == (
        replace(oldest, moved_at=moving.newest_at),
    )


def _more_pages_than_are_read() -> dict[str, Any]:
    return {"IsTruncated": True, "NextKeyMarker": "key", "NextUploadIdMarker": "id"}


def test_what_was_not_looked_into_is_waited_for_no_longer_than_a_day() -> None:
    with moto_cloud(max_runtime_hours=48) as cloud:
        watched(cloud).put("done")
        cloud.faults["s3:ListMultipartUploads"] = _more_pages_than_are_read
        for hours in (1, 22):
            cloud.pass_time(hours=hours)
            reply = cloud.check()
            assert (reply["decision"], cloud.state) == ("wait", "running")
            assert "have a lifecycle rule abort them" in reply["problems"][0]
        cloud.pass_time(hours=1)
        assert (cloud.check()["outcome"], cloud.state) == ("unverified", "stopped")


def test_nothing_moves_any_more_on_an_instance_that_has_ended() -> None:
    with moto_cloud() as cloud:
        watched(cloud).put("done")
        cloud.faults["s3:ListMultipartUploads"] = _more_pages_than_are_read
        cloud.pass_time(hours=2)
        cloud.force_state("stopped", 80, "User initiated (2026-03-02 09:30:00 GMT)")
        assert cloud.check()["outcome"] == "unverified"


@pytest.mark.parametrize(
    ("state", "seen_at", "counts"),
    [
        (InstanceState.RUNNING, at(hours=2, minutes=30), False),
        (InstanceState.STOPPED, at(hours=2, minutes=30), True),
        (InstanceState.RUNNING, at(hours=1, minutes=50), True),
    ],
)
def test_an_output_that_s3_dates_back_was_complete_when_it_was_seen_or_its_instance_ended(
    state: InstanceState, seen_at: datetime, counts: bool
) -> None:
    output = StoredObject(f"{PREFIX}model.pt", 1, at(minutes=10), multipart=True)
    abandoned = Upload(f"{PREFIX}tmp.pt", at(hours=1), "tmp")
    noticed = f"outputs of {format_time(output.modified_at)} {multipart_digest([output])}"
    tags = {names.TAG_NOTICED: noticed_value(noticed, seen_at)}
    stopped_at = None if state is InstanceState.RUNNING else at(hours=1, minutes=30)
    box = instance(state, tags=tags, state_changed_at=stopped_at)
    run = settings(expected_outputs=("model.pt",))
    clock = FakeClock()
    clock.sleep(timedelta(hours=3).total_seconds())
    looked = observe(_cloud([UploadPage((abandoned,))], [NO_PARTS], output).cloud, run, box, clock.now(), clock)
    assert bool(looked.uploads) is counts
