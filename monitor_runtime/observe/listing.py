"""Looking for patterns under a prefix in a bounded number of calls, however many keys there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.pages import Page
from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract.patterns import literal_head, matches
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.observation import Unknown

MAX_PAGES = 5
"""Pages of 1,000 keys that are read for one pattern with wildcards before its folder counts as too full."""
MAX_LISTINGS = 60
"""Listings that one search may cost: a manifest of the training can name any number of keys."""

Undecided = Callable[[Sequence[StoredObject]], Sequence[str]]
"""Which patterns still matter, once the objects of a folder's first pages are known."""


def find_objects(
    cloud: Cloud, settings: Settings, patterns: Sequence[str], undecided: Undecided | None = None
) -> tuple[StoredObject, ...] | Unknown:
    """The objects that match the patterns, and perhaps others.

    One call per folder that the patterns name. Where a folder has more than one page, keys come in order: a page says
    of each name before its end whether it is there, and only for names behind it that are ``undecided`` there is a
    narrowed listing. A pattern with wildcards in folders is looked for among all keys that begin like it, or, where
    these are too many, folder by folder.

    What cannot be seen in `MAX_PAGES` pages a pattern, or in `MAX_LISTINGS` calls, is unknown, not missing.
    """
    looks = _Looks(cloud, settings, undecided or (lambda _: patterns))
    in_order = sorted(dict.fromkeys(patterns), key=_folder)
    named = [pattern for pattern in in_order if _is_literal(_folder(pattern))]
    found: dict[StoredObject, None] = {}
    try:
        for folder, names in groupby(named, key=_folder):
            found.update(dict.fromkeys(looks.list_folder(folder, tuple(names))))
        for pattern in (each for each in in_order if each not in named):
            found.update(dict.fromkeys(looks.list_folders(pattern)))
    except CloudError as error:
        return Unknown.of(error)
    except _TooManyKeysError as error:
        return Unknown(str(error), permanent=True)
    return tuple(found)


class _TooManyKeysError(Exception):
    """More keys or patterns than a bounded number of calls can look through."""


def _folder(pattern: str) -> str:
    return pattern[: pattern.rfind("/") + 1]


def _is_literal(text: str) -> bool:
    return literal_head(text) == text


def _objects(pages: Iterable[Page]) -> list[StoredObject]:
    return [entry for page in pages for entry in page.objects]


class _Looks:
    """The listings of one search, counted."""

    def __init__(self, cloud: Cloud, settings: Settings, undecided: Undecided) -> None:
        self._cloud = cloud
        self._settings = settings
        self._undecided = undecided
        self._left = MAX_LISTINGS
        self._below: dict[str, Sequence[StoredObject] | None] = {}

    def list_folder(self, folder: str, patterns: Sequence[str]) -> Iterable[StoredObject]:
        """The objects of one folder, as far as they matter.

        Where several names lie behind the first page, a few more are read: most folders end there.
        """
        page = self._list(folder)
        found = list(page.objects)
        behind = self._behind(page, patterns, found)
        in_all_of_it = next((pattern for pattern in behind if literal_head(pattern) == folder), None)
        for _ in range(MAX_PAGES - 1 if in_all_of_it else min(MAX_PAGES - 1, len(behind) // 2)):
            if not behind or page.next_token is None:
                break
            page = self._list(folder, page.next_token)
            found.extend(page.objects)
            behind = self._behind(page, behind, found)
        if in_all_of_it in behind:
            raise self._too_many(folder, in_all_of_it)
        return [*found, *(entry for pattern in behind for entry in self._list_narrowed(folder, pattern))]

    def _behind(self, page: Page, patterns: Iterable[str], found: Sequence[StoredObject]) -> list[str]:
        """The patterns that matter and may name an object behind the page."""
        if page.next_token is None:
            return []
        undecided = set(self._undecided(found))
        return [pattern for pattern in patterns if pattern in undecided and not self._is_told(page, pattern)]

    def _is_told(self, page: Page, pattern: str) -> bool:
        """Whether all that the pattern can match sorts before the end of the page."""
        head, last = self._settings.prefix + literal_head(pattern), page.last_key
        return head <= last and (_is_literal(pattern) or not last.startswith(head))

    def _list_narrowed(self, folder: str, pattern: str) -> Iterable[StoredObject]:
        """An exact name is the first key of its own narrowed listing, so one page answers it."""
        name = pattern[len(folder) :]
        head = folder + literal_head(name)
        pages = self._read(self._list, head, 1 if _is_literal(name) else MAX_PAGES)
        if pages[-1].next_token and not _is_literal(name):
            raise self._too_many(head, pattern)
        return _objects(pages)

    def list_folders(self, pattern: str) -> Iterable[StoredObject]:
        """What a pattern matches that has wildcards in its folders."""
        head, start = literal_head(pattern), len(self._settings.prefix)
        below = self._list_all_below(head)
        if below is None:
            try:
                below = self._list_folder_by_folder(pattern)
            except _TooManyKeysError as error:
                raise _TooManyKeysError(
                    f"{pattern}: more than {MAX_PAGES} pages of keys begin with {self._settings.prefix + head}, and"
                    f" folder by folder {error}; write more of its folders' names, or an entry for each folder"
                ) from error
        return [entry for entry in below if matches(pattern, entry.key[start:])]

    def _list_all_below(self, head: str) -> Sequence[StoredObject] | None:
        """All objects that begin so, in whatever folder: one call where they are few. None where they are too many."""
        for known, objects in self._below.items():
            if head.startswith(known) and objects is not None:
                return objects
        if head not in self._below:
            pages = self._read(self._list_below, head, MAX_PAGES)
            self._below[head] = None if pages[-1].next_token else _objects(pages)
        return self._below[head]

    def _list_folder_by_folder(self, pattern: str) -> Sequence[StoredObject]:
        """However full the folders are: a call for each level, and one for each folder that matches."""
        folders = [""]
        *above, name = pattern.split("/")
        for segment in above:
            folders = [inner for folder in folders for inner in self._folders_in(folder, segment)]
        return [entry for folder in folders for entry in self._list_narrowed(folder, folder + name)]

    def _folders_in(self, folder: str, segment: str) -> Sequence[str]:
        """The folders of that name, or names, in a folder."""
        if _is_literal(segment):
            return [f"{folder}{segment}/"]
        start, head = len(self._settings.prefix + folder), folder + literal_head(segment)
        pages = self._read(self._list, head, MAX_PAGES)
        if pages[-1].next_token:
            raise self._too_many(head, folder + segment)
        inner = [key[start:-1] for page in pages for key in page.folders]
        return [f"{folder}{name}/" for name in inner if matches(segment, name)]

    def _read(self, listing: Callable[[str, str | None], Page], below: str, max_pages: int) -> list[Page]:
        """The first pages of a listing; it is complete when the last of them has no token."""
        pages = [listing(below, None)]
        while pages[-1].next_token and len(pages) < max_pages:
            pages.append(listing(below, pages[-1].next_token))
        return pages

    def _list(self, below: str, token: str | None = None) -> Page:
        self._count()
        return self._cloud.list_folder(self._settings.bucket, self._settings.prefix + below, token)

    def _list_below(self, below: str, token: str | None = None) -> Page:
        self._count()
        return self._cloud.list_below(self._settings.bucket, self._settings.prefix + below, token)

    def _count(self) -> None:
        if self._left == 0:
            raise _TooManyKeysError(f"more than {MAX_LISTINGS} listings would be needed: use fewer, narrower patterns")
        self._left -= 1

    def _too_many(self, head: str, pattern: str) -> _TooManyKeysError:
        beginning = self._settings.prefix + head
        return _TooManyKeysError(f"more than {MAX_PAGES} pages of keys begin with {beginning}: narrow {pattern}")
