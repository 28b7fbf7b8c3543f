"""Looking for patterns under a prefix in a bounded number of calls, however many keys there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from monitor_runtime.cloud.interface import Cloud, CloudError, Page
from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.observation import Unknown

MAX_PAGES = 5
"""Pages of 1,000 keys that are read for one pattern with wildcards before its folder counts as too full."""
MANY_PATTERNS = 10
"""From here on reading on is tried before a listing for each pattern: most folders end within `MAX_PAGES` pages."""
MAX_LISTINGS = 60
"""Listings that one look may cost: a manifest of the training can name any number of keys."""


def find_objects(cloud: Cloud, settings: Settings, patterns: Sequence[str]) -> tuple[StoredObject, ...] | Unknown:
    """The objects that match the patterns, and whatever else came with them.

    One call per folder that the patterns name; where a folder has more than one page, one narrowed listing per
    pattern. What cannot be seen in `MAX_PAGES` pages a pattern, or in `MAX_LISTINGS` calls, is unknown, not missing.
    """
    looks = _Looks(cloud, settings)
    try:
        return tuple(
            entry
            for folder, names in groupby(sorted(dict.fromkeys(patterns), key=_folder), key=_folder)
            for entry in looks.list_folder(folder, tuple(names))
        )
    except CloudError as error:
        return Unknown.of(error)
    except _TooManyKeysError as error:
        return Unknown(str(error), permanent=True)


class _TooManyKeysError(Exception):
    """More keys or patterns than a bounded number of calls can look through."""


def _folder(pattern: str) -> str:
    return pattern[: pattern.rfind("/") + 1]


def _literal_head(pattern: str) -> str:
    return pattern[: min((pattern.find(sign) for sign in "*?[" if sign in pattern), default=len(pattern))]


class _Looks:
    """The listings of one look, counted."""

    def __init__(self, cloud: Cloud, settings: Settings) -> None:
        self._cloud = cloud
        self._settings = settings
        self._left = MAX_LISTINGS

    def _list(self, below: str, token: str | None = None) -> Page:
        if self._left == 0:
            raise _TooManyKeysError(f"more than {MAX_LISTINGS} listings would be needed: use fewer, narrower patterns")
        self._left -= 1
        return self._cloud.list_folder(self._settings.bucket, self._settings.prefix + below, token)

    def list_folder(self, folder: str, patterns: tuple[str, ...]) -> Iterable[StoredObject]:
        found, complete = self._read(folder, MAX_PAGES if len(patterns) >= MANY_PATTERNS else 1)
        if complete:
            return found
        return {entry: None for pattern in patterns for entry in self._list_narrowed(pattern)}

    def _list_narrowed(self, pattern: str) -> Iterable[StoredObject]:
        """An exact name is the first key of its own narrowed listing, so one page answers it."""
        head = _literal_head(pattern)
        found, complete = self._read(head, 1 if head == pattern else MAX_PAGES)
        if not complete and head != pattern:
            beginning = self._settings.prefix + head
            raise _TooManyKeysError(f"more than {MAX_PAGES} pages of keys begin with {beginning}: narrow {pattern}")
        return found

    def _read(self, below: str, max_pages: int) -> tuple[list[StoredObject], bool]:
        """The objects of some pages, and whether these are all."""
        page = self._list(below)
        found = list(page.objects)
        for _ in range(max_pages - 1):
            if page.next_token is None:
                break
            page = self._list(below, page.next_token)
            found.extend(page.objects)
        return found, page.next_token is None
