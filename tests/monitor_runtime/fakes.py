"""Stand-ins at the AWS boundary for one unit at a time: a script of answers, a clock that only moves when asked."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.pages import Page, UploadMarker, UploadPage
from monitor_runtime.cloud.values import StoredObject

from .builders import LAUNCH

PAGE_KEYS = 1000


def failure(kind: ErrorKind, code: str = "Code") -> CloudError:
    """A call that did not succeed."""
    return CloudError("ec2:Operation", code, "message", kind)


class FakeClock:
    """A clock that stands still but for sleeping; ``slept`` has every wait in seconds."""

    def __init__(self) -> None:
        self._now = LAUNCH
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The present moment."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)


class ScriptedCloud:
    """Answers each method from its list, an exception by raising it; the last answer is given for ever."""

    def __init__(self, answers: Mapping[str, Sequence[object]]) -> None:
        self._answers = {method: list(given) for method, given in answers.items()}
        self.made: list[tuple[object, ...]] = []

    def __getattr__(self, method: str) -> Callable[..., Any]:
        given = self._answers[method]

        def answer(*arguments: object, **_: object) -> object:
            self.made.append((method, *arguments))
            found = given.pop(0) if len(given) > 1 else given[0]
            if isinstance(found, Exception):
                raise found
            return found

        return answer

    @property
    def cloud(self) -> Cloud:
        """As the interface that the monitor knows."""
        return cast("Cloud", self)


class FakeBucket:
    """Lists keys as S3 does: in their order, 1,000 entries a page, a folder below as one entry without objects."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = sorted(keys)
        self.listed: list[tuple[str, str | None]] = []

    def list_folder(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_folder`; a token is the key up to which all has been told."""
        del bucket
        return self._list(prefix, token, into_folders=False)

    def list_below(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        """See `Cloud.list_below`."""
        del bucket
        return self._list(prefix, token, into_folders=True)

    def _list(self, prefix: str, token: str | None, *, into_folders: bool) -> Page:
        self.listed.append((prefix, token))
        at = bisect_right(self._keys, token) if token else bisect_left(self._keys, prefix)
        objects: list[StoredObject] = []
        folders: list[str] = []
        entries, last = 0, ""
        while at < len(self._keys) and self._keys[at].startswith(prefix):
            if entries == PAGE_KEYS:
                return Page(tuple(objects), last, tuple(folders))
            key = self._keys[at]
            folder, slash, _ = key[len(prefix) :].partition("/")
            in_folder = slash and not into_folders
            last = f"{prefix}{folder}/\U0010ffff" if in_folder else key
            if in_folder:
                folders.append(f"{prefix}{folder}/")
            else:
                objects.append(StoredObject(key, 1, LAUNCH))
            at = bisect_right(self._keys, last)
            entries += 1
        return Page(tuple(objects), None, tuple(folders))

    def read_object(self, bucket: str, key: str, max_bytes: int) -> bytes:
        """See `Cloud.read_object`: every object is empty."""
        del bucket, key, max_bytes
        return b""

    def list_uploads(self, bucket: str, prefix: str, after: UploadMarker | None = None) -> UploadPage:
        """See `Cloud.list_uploads`: none is under way."""
        del bucket, prefix, after
        return UploadPage(())

    @property
    def cloud(self) -> Cloud:
        """As the interface that the monitor knows."""
        return cast("Cloud", self)
