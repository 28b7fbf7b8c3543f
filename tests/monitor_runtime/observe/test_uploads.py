"""Multipart uploads under way, however many were given up before."""

from __future__ import annotations

from monitor_runtime.cloud.interface import ErrorKind, UploadMarker, UploadPage
from monitor_runtime.cloud.values import Upload
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.uploads import MAX_PAGES, find_uploads

from ..builders import LAUNCH, PREFIX, at, settings
from ..fakes import ScriptedCloud, failure

GIVEN_UP = tuple(Upload(f"{PREFIX}old-{number}", at(hours=-1)) for number in range(3))
UNDER_WAY = Upload(f"{PREFIX}new", at(hours=1))
MORE = UploadMarker("key", "id")


def _found(*pages: object) -> tuple[object, int]:
    scripted = ScriptedCloud({"list_uploads": pages})
    return find_uploads(scripted.cloud, settings(), LAUNCH), len(scripted.made)


def test_an_upload_of_this_launch_is_found_behind_pages_of_what_was_given_up() -> None:
    assert _found(UploadPage(GIVEN_UP, MORE), UploadPage((*GIVEN_UP, UNDER_WAY), MORE)) == ((UNDER_WAY,), 2)


def test_uploads_of_earlier_launches_alone_are_none() -> None:
    assert _found(UploadPage(GIVEN_UP, MORE), UploadPage(GIVEN_UP)) == ((), 2)


def test_the_next_page_is_asked_for_from_where_the_last_one_ended() -> None:
    scripted = ScriptedCloud({"list_uploads": [UploadPage((), MORE), UploadPage(())]})
    find_uploads(scripted.cloud, settings(), LAUNCH)
    assert [call[-1] for call in scripted.made] == [None, MORE]


def test_more_pages_than_are_read_are_unknown_for_good() -> None:
    found, pages = _found(UploadPage(GIVEN_UP, MORE))
    assert isinstance(found, Unknown)
    assert (found.permanent, pages) == (True, MAX_PAGES)


def test_a_page_that_fails_is_unknown() -> None:
    found, _ = _found(UploadPage(GIVEN_UP, MORE), failure(ErrorKind.TRANSIENT))
    assert isinstance(found, Unknown)
    assert not found.permanent
