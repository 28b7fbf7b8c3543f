"""The bucket as S3 has it: objects, uploads under way, listings by page."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor_runtime.cloud.pages import Page, PartPage, UploadMarker, UploadPage
from monitor_runtime.cloud.values import StoredObject, Upload
from sandbox.simulation.world.timeline import MINUTE, Timeline, to_datetime, whole_seconds


@dataclass(frozen=True, slots=True)
class Written:
    """An object as it truly is, there since ``at``.

    ``stamp`` is S3's LastModified, by S3's clock and to the second: of a multipart upload, when it was begun.
    ``there_since`` is what it would be if S3 told when the object came to be.
    """

    key: str
    size: int
    body: bytes
    at: int
    stamp: int
    there_since: int

    @property
    def multipart(self) -> bool:
        """Whether S3 may have dated it back."""
        return self.stamp != self.there_since


@dataclass(slots=True)
class UploadTruth:
    """A multipart upload. It ends by being completed, or never: what dies with its box stays listed.

    ``moves``: whether a part of it arrives every minute; one that was given up has none.
    """

    key: str
    size: int
    at: int
    stamp: int
    launch: int
    moves: bool = True
    completed_at: int | None = None
    lost_at: int | None = None

    def newest_part(self, moment: int) -> int | None:
        """S3's stamp of the last part that had arrived by then."""
        until = moment if self.lost_at is None else min(moment, self.lost_at)
        minutes = (until - self.at) // MINUTE
        return self.stamp + minutes * MINUTE if self.moves and minutes > 0 else None


@dataclass(slots=True)
class Bucket:
    """Strongly consistent, as S3 is. ``skew`` is what S3's clock is ahead of all others, in milliseconds."""

    timeline: Timeline
    skew: int
    page_size: int
    on_put: Callable[[Written], None]
    history: list[Written] = field(default_factory=list[Written])
    removed: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """When which key was deleted."""
    uploads: list[UploadTruth] = field(default_factory=list[UploadTruth])
    _objects: dict[str, Written] = field(default_factory=dict[str, Written])
    _keys: list[str] = field(default_factory=list[str])
    _pages: dict[tuple[str, str | None, str], Page] = field(default_factory=dict[tuple[str, str | None, str], Page])

    def put(self, key: str, size: int, body: bytes = b"", *, begun: int | None = None) -> Written:
        """Write an object, over what was there. ``begun``: the stamp of the multipart upload that it comes from."""
        now = self.timeline.now
        stamp = whole_seconds(now + self.skew)
        written = Written(key, size, body, now, stamp if begun is None else begun, stamp)
        if key not in self._objects:
            insort(self._keys, key)
        self._objects[key] = written
        self.history.append(written)
        self._pages.clear()
        self.timeline.trace("s3       {} written, {} bytes", key, size)
        self.on_put(written)
        return written

    def delete(self, key: str) -> None:
        """Delete an object, if it is there, as a person or a lifecycle rule does."""
        if key not in self._objects:
            return
        del self._objects[key]
        self._keys.remove(key)
        self._pages.clear()
        self.removed.append((self.timeline.now, key))
        self.timeline.trace("s3       {} deleted", key)

    def begin_upload(self, key: str, size: int, launch: int, *, moves: bool) -> UploadTruth:
        """Begin a multipart upload: the object appears when it is completed."""
        now = self.timeline.now
        upload = UploadTruth(key, size, now, whole_seconds(now + self.skew), launch, moves)
        self.uploads.append(upload)
        self.timeline.trace("s3       upload of {} begun", key)
        return upload

    def complete_upload(self, upload: UploadTruth) -> None:
        """Make it an object."""
        upload.completed_at = self.timeline.now
        self.put(upload.key, upload.size, begun=upload.stamp)

    def list_folder(self, prefix: str, token: str | None) -> Page:
        """What ListObjectsV2 answers with a delimiter: folders count as entries of a page."""
        return self._page(prefix, token, "/")

    def list_below(self, prefix: str, token: str | None) -> Page:
        """What ListObjectsV2 answers without a delimiter: each object, in whatever folder, is an entry of a page."""
        return self._page(prefix, token, "")

    def _page(self, prefix: str, token: str | None, delimiter: str) -> Page:
        page = self._pages.get((prefix, token, delimiter))
        if page is None:
            page = self._pages[prefix, token, delimiter] = self._list(prefix, token, delimiter)
        return page

    def _list(self, prefix: str, token: str | None, delimiter: str) -> Page:
        found: list[StoredObject] = []
        folders: list[str] = []
        entries: list[str] = []
        start = bisect_right(self._keys, token) if token else 0
        for key in self._keys[start:]:
            if not key.startswith(prefix):
                continue
            folder, slash, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key[len(prefix) :], "", "")
            entry = prefix + folder + slash
            if entry == token or (slash and entries and entries[-1] == entry):
                continue
            if len(entries) == self.page_size:
                return Page(tuple(found), entries[-1], tuple(folders))
            entries.append(entry)
            if slash:
                folders.append(entry)
            else:
                written = self._objects[key]
                found.append(StoredObject(key, written.size, to_datetime(written.stamp), written.multipart))
        return Page(tuple(found), None, tuple(folders))

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """The beginning of an object; None when it is not there."""
        written = self._objects.get(key)
        return None if written is None else written.body[:max_bytes]

    def stamp(self, key: str) -> int | None:
        """LastModified of an object; None when it is not there."""
        written = self._objects.get(key)
        return None if written is None else written.stamp

    def list_parts(self, number: int) -> PartPage:
        """What ListParts answers, on one page."""
        newest = self.uploads[number].newest_part(self.timeline.now)
        return PartPage(None if newest is None else to_datetime(newest))

    def list_uploads(self, prefix: str, after: UploadMarker | None) -> UploadPage:
        """What ListMultipartUploads answers: uploads neither completed nor aborted, by key, then by id."""
        open_uploads = sorted(
            (upload.key, f"{number:08}", upload)
            for number, upload in enumerate(self.uploads)
            if upload.completed_at is None and upload.key.startswith(prefix)
        )
        left = [entry for entry in open_uploads if after is None or entry[:2] > (after.key, after.upload_id)]
        page = tuple(Upload(key, to_datetime(upload.stamp), number) for key, number, upload in left[: self.page_size])
        last = UploadMarker(*left[self.page_size - 1][:2]) if len(left) > self.page_size else None
        return UploadPage(page, last)
