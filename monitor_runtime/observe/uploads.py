"""Looking for multipart uploads under way among all that were ever begun and neither completed nor aborted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.pages import UploadMarker
from monitor_runtime.cloud.values import Upload
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.listing import find_objects

MAX_PAGES = 5
"""Pages of 1,000 uploads: what was given up long ago is listed for ever, or until a lifecycle rule aborts it."""
MAX_EXAMINED = 10
"""Uploads of this launch whose parts are looked into; what is beyond counts as it is listed."""
MAX_PART_PAGES = 10
"""Pages of 1,000 parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html allows 10,000 an upload."""
GIVEN_UP_AFTER = timedelta(hours=1)
"""What had got no part for so long when the run was complete, a crashed attempt left behind."""


def find_uploads(
    cloud: Cloud, settings: Settings, launched_at: datetime, completed_at: datetime
) -> tuple[Upload, ...] | Unknown:
    """The uploads under way of this launch, as far as the first page that has one. Unknown when `MAX_PAGES` have none.

    One whose key has a newer whole object is superseded. One that had stood still for `GIVEN_UP_AFTER` when the run
    was complete is not waited for.
    """

    def under_way(uploads: Sequence[Upload]) -> tuple[Upload, ...]:
        begun = [upload for upload in uploads if upload.initiated_at >= launched_at]
        return _under_way(cloud, settings, begun, completed_at)

    return search_uploads(cloud, settings, under_way)


def search_uploads(
    cloud: Cloud, settings: Settings, pick: Callable[[Sequence[Upload]], tuple[Upload, ...]]
) -> tuple[Upload, ...] | Unknown:
    """What ``pick`` takes of the first page in which it finds any. Unknown when `MAX_PAGES` have none, and more are."""
    marker: UploadMarker | None = None
    try:
        for _ in range(MAX_PAGES):
            page = cloud.list_uploads(settings.bucket, settings.prefix, marker)
            picked = pick(page.uploads)
            if picked or page.next_marker is None:
                return picked
            marker = page.next_marker
    except CloudError as error:
        return Unknown.of(error)
    return Unknown(
        f"more than {MAX_PAGES} pages of uploads were given up under {settings.output_uri}: have a lifecycle rule abort"
        " them",
        permanent=True,
    )


def _under_way(cloud: Cloud, settings: Settings, begun: Sequence[Upload], completed_at: datetime) -> tuple[Upload, ...]:
    newest_first = sorted(begun, key=lambda upload: upload.initiated_at, reverse=True)
    examined = _not_superseded(cloud, settings, newest_first[:MAX_EXAMINED])
    moved = (replace(upload, moved_at=_newest_part(cloud, settings, upload)) for upload in examined)
    counting = [upload for upload in moved if upload.last_movement >= completed_at - GIVEN_UP_AFTER]
    return (*counting, *newest_first[MAX_EXAMINED:])


def _not_superseded(cloud: Cloud, settings: Settings, uploads: Iterable[Upload]) -> Iterator[Upload]:
    """An object that came as a multipart upload is dated to its beginning, so it is newer only than earlier uploads."""
    uploads = tuple(uploads)
    names = tuple(upload.key.removeprefix(settings.prefix) for upload in uploads)
    whole = find_objects(cloud, settings, names) if names else ()
    if isinstance(whole, Unknown):
        yield from uploads
        return
    newest = {entry.key: entry.modified_at for entry in whole}
    for upload in uploads:
        if upload.key not in newest or newest[upload.key] <= upload.initiated_at:
            yield upload


def _newest_part(cloud: Cloud, settings: Settings, upload: Upload) -> datetime | None:
    """When the last part to arrive did: parts are listed by their numbers. None where none did, or the upload is over.

    Raises:
        CloudError: when S3 does not tell.
    """
    newest: datetime | None = None
    after: int | None = None
    try:
        for _ in range(MAX_PART_PAGES):
            page = cloud.list_parts(settings.bucket, upload.key, upload.upload_id, after)
            newest = max(filter(None, (newest, page.newest_at)), default=None)
            if page.next_marker is None:
                break
            after = page.next_marker
    except CloudError as error:
        if error.kind is not ErrorKind.NOT_FOUND:
            raise
    return newest
