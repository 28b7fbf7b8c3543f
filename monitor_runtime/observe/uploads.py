"""Looking for multipart uploads under way among all that were ever begun and neither completed nor aborted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.pages import UploadMarker, UploadPage
from monitor_runtime.cloud.values import Upload
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.listing import MAX_LISTINGS, find_objects

MAX_PAGES = 5
"""Pages of 1,000 uploads: what was given up long ago is listed for ever, or until a lifecycle rule aborts it."""
MAX_PART_PAGES = 1000
"""Pages of 1,000 parts that one look may cost, of all uploads together: most have one, none has more than ten.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
GIVEN_UP_AFTER = timedelta(hours=1)
"""What had got no part for so long when the run was complete, a crashed attempt left behind."""
UNSEEN_MAY_MOVE_FOR = timedelta(days=1)
"""After the run was complete: hardly any upload takes longer, and what left thousands behind must end some day."""
_KEYS_AT_ONCE = MAX_LISTINGS // 2
"""A key costs at most two listings: so many are never too many for one search."""


def find_uploads(
    cloud: Cloud, settings: Settings, launched_at: datetime, completed_at: datetime, *, may_move: bool
) -> tuple[Upload, ...] | Unknown:
    """The uploads under way of this launch.

    One whose key has a newer whole object is superseded. One that had stood still for `GIVEN_UP_AFTER` when the run
    was complete is not waited for.

    ``may_move``: whether those that a bounded number of calls does not reach are still waited for. As long as they
    are, the answer is unknown, whatever was found; then it is what was found, or unknown for good.
    """
    counting: list[Upload] = []
    try:
        pages = tuple(_pages(cloud, settings))
        unseen = _too_many_pages(settings) if pages[-1].next_marker else ""
        begun = [upload for page in pages for upload in page.uploads if upload.initiated_at >= launched_at]
        parts = _Parts(cloud, settings)
        for upload in _not_superseded(cloud, settings, begun):
            moved = parts.looked_into(upload)
            if moved and moved.last_movement >= completed_at - GIVEN_UP_AFTER:
                counting.append(moved)
    except CloudError as error:
        return Unknown.of(error)
    except _UnansweredError as error:
        return error.unknown
    except _TooManyPartsError as error:
        unseen = str(error)
    if not unseen or (counting and not may_move):
        return tuple(counting)
    return Unknown(unseen, permanent=not may_move)


def search_uploads(
    cloud: Cloud, settings: Settings, pick: Callable[[Sequence[Upload]], tuple[Upload, ...]]
) -> tuple[Upload, ...] | Unknown:
    """What ``pick`` takes of the first page in which it finds any. Unknown when `MAX_PAGES` have none, and more are."""
    try:
        for page in _pages(cloud, settings):
            picked = pick(page.uploads)
            if picked or page.next_marker is None:
                return picked
    except CloudError as error:
        return Unknown.of(error)
    return Unknown(_too_many_pages(settings), permanent=True)


class _UnansweredError(Exception):
    """A listing of objects that leaves unknown which uploads are superseded."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__(unknown.cause)
        self.unknown = unknown


class _TooManyPartsError(Exception):
    """More parts than a bounded number of calls can look through."""


def _too_many_pages(settings: Settings) -> str:
    given_up = f"more than {MAX_PAGES} pages of uploads were given up under {settings.output_uri}"
    return f"{given_up}: have a lifecycle rule abort them"


def _pages(cloud: Cloud, settings: Settings) -> Iterator[UploadPage]:
    """Pages of uploads, `MAX_PAGES` at most; the last of them all has no marker."""
    marker: UploadMarker | None = None
    for _ in range(MAX_PAGES):
        page = cloud.list_uploads(settings.bucket, settings.prefix, marker)
        yield page
        marker = page.next_marker
        if marker is None:
            return


def _not_superseded(cloud: Cloud, settings: Settings, begun: Sequence[Upload]) -> Iterator[Upload]:
    """The key of the newest first.

    An object that came as a multipart upload is dated to its beginning, so it is newer only than earlier uploads.

    Raises:
        _UnansweredError: when S3 does not tell.
    """
    by_key: dict[str, list[Upload]] = {}
    for upload in sorted(begun, key=lambda upload: upload.initiated_at, reverse=True):
        by_key.setdefault(upload.key, []).append(upload)
    keys = tuple(by_key)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        whole = find_objects(cloud, settings, tuple(key.removeprefix(settings.prefix) for key in some))
        if isinstance(whole, Unknown):
            raise _UnansweredError(whole)
        newest = {entry.key: entry.modified_at for entry in whole}
        for upload in (each for key in some for each in by_key[key]):
            if upload.key not in newest or newest[upload.key] <= upload.initiated_at:
                yield upload


class _Parts:
    """The parts of uploads, in `MAX_PART_PAGES` calls at most."""

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings
        self._left = MAX_PART_PAGES

    def looked_into(self, upload: Upload) -> Upload | None:
        """With when its last part to arrive did: parts are listed by their numbers. None for an upload that is over.

        Raises:
            CloudError: when S3 does not tell.
            _TooManyPartsError: when there are no calls left.
        """
        after: int | None = None
        while True:
            self._count()
            try:
                page = self._cloud.list_parts(self._settings.bucket, upload.key, upload.upload_id, after)
            except CloudError as error:
                if error.kind is ErrorKind.NOT_FOUND:
                    return None
                raise
            newest = max(filter(None, (upload.moved_at, page.newest_at)), default=None)
            upload, after = replace(upload, moved_at=newest), page.next_marker
            if after is None:
                return upload

    def _count(self) -> None:
        if self._left == 0:
            raise _TooManyPartsError(
                f"the parts of the uploads that were given up under {self._settings.output_uri} are more than"
                f" {MAX_PART_PAGES} pages: have a lifecycle rule abort them"
            )
        self._left -= 1
