from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import pytest

from monitor_runtime.cloud.interface import ErrorKind
from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.contract.patterns import matches
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.listing import MAX_LISTINGS, MAX_PAGES, find_objects

from ..builders import PREFIX, settings
from ..fakes import PAGE_KEYS, FakeBucket, ScriptedCloud, failure

MILLION = 1_000_000


def _bucket(names: Iterable[str]) -> FakeBucket:
    return FakeBucket(PREFIX + name for name in names)


def _crowd(count: int, form: str = "a{:07d}") -> Iterable[str]:
    return (form.format(number) for number in range(count))


def _found(bucket: FakeBucket, patterns: Sequence[str]) -> set[str]:
    """The names that match, of what a look brought back."""
    objects = find_objects(bucket.cloud, settings(), patterns)
    assert not isinstance(objects, Unknown)
    names = {entry.key.removeprefix(PREFIX) for entry in objects}
    return {name for name in names if any(matches(pattern, name) for pattern in patterns)}


# One call a folder.


@pytest.mark.parametrize(
    ("patterns", "folders"),
    [
        ((), []),
        (("done", "COMPLETE", "*.txt"), [""]),
        (("model/a.pt", "model/*.json"), ["model/"]),
        (("done", "model/a.pt", "model/x/b.pt", "COMPLETE", "model/c.pt"), ["", "model/", "model/x/"]),
        (("done", "done"), [""]),
    ],
    ids=["nothing", "root", "one folder", "three folders", "twice the same"],
)
def test_each_folder_that_is_named_is_listed_once(patterns: tuple[str, ...], folders: list[str]) -> None:
    bucket = _bucket(["done", "model/a.pt", "model/x/b.pt"])
    find_objects(bucket.cloud, settings(), patterns)
    assert sorted(bucket.listed) == [(PREFIX + folder, None) for folder in folders]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("done",), {"done"}),
        (("DONE", "don"), set[str]()),
        (("*.pt",), set[str]()),
        (("model/*.pt",), {"model/a.pt", "model/b.pt"}),
        (("model/*/*.pt", "model/x/c.pt"), {"model/x/c.pt"}),
        (("model/*/*.pt",), {"model/x/c.pt"}),
        (("*/c.pt", "*/x/d.pt"), set[str]()),
        (("m?del/[xy]/c.pt",), {"model/x/c.pt"}),
        (("done", "model/a.pt"), {"done", "model/a.pt"}),
    ],
)
def test_a_pattern_finds_what_lies_in_its_own_folder(patterns: tuple[str, ...], names: set[str]) -> None:
    assert _found(_bucket(["done", "model/a.pt", "model/b.pt", "model/x/c.pt"]), patterns) == names


def test_nothing_outside_of_the_runs_prefix_is_found() -> None:
    bucket = FakeBucket(["done", "runs/done", "runs/llama-ft-2/done"])
    assert find_objects(bucket.cloud, settings(), ("done",)) == ()


def test_a_run_that_has_the_whole_bucket_is_looked_for_from_the_first_key_on() -> None:
    bucket = FakeBucket(["done"])
    objects = find_objects(bucket.cloud, settings(prefix=""), ("done",))
    assert not isinstance(objects, Unknown)
    assert [entry.key for entry in objects] == ["done"]
    assert bucket.listed == [("", None)]


# Folders with more than a page.


@pytest.mark.parametrize("marker", ["done", "A", "a0000000", "a0000000-late", "a0001500"])
def test_a_marker_of_a_crowded_folder_is_found_on_whichever_page_it_lies(marker: str) -> None:
    bucket = _bucket(chain(_crowd(3 * PAGE_KEYS), [marker]))
    assert _found(bucket, (marker, "FAILED")) == {marker}
    narrowed = [(PREFIX + marker, None)] if marker > "a0000999" else []
    assert bucket.listed == [(PREFIX, None), *narrowed]


@pytest.mark.parametrize("pattern", ["COMPLETE", "COMP*", "a0000500", "a00005*", "a0000500?", "a0"])
def test_what_sorts_before_the_end_of_the_first_page_costs_no_further_call(pattern: str) -> None:
    bucket = _bucket(_crowd(3 * PAGE_KEYS))
    _found(bucket, (pattern,))
    assert bucket.listed == [(PREFIX, None)]


def test_folders_count_in_the_order_of_a_page() -> None:
    bucket = _bucket(chain((f"shard-{number:04}/0.bin" for number in range(1200)), ["done", "training_complete.txt"]))
    assert _found(bucket, ("done", "FAILED")) == {"done"}
    assert _found(bucket, ("shard",)) == set[str]()
    assert bucket.listed == [(PREFIX, None)] * 2
    assert _found(bucket, ("training_complete.txt",)) == {"training_complete.txt"}
    assert bucket.listed[3:] == [(f"{PREFIX}training_complete.txt", None)]


def test_several_names_behind_the_first_page_are_looked_for_on_the_next() -> None:
    bucket = _bucket(chain(_crowd(PAGE_KEYS + 200), ["done"]))
    names = ("training_complete.txt", "COMPLETE", "done", "training_failed.txt", "FAILED")
    assert _found(bucket, names) == {"done"}
    assert len(bucket.listed) == 2


def test_nothing_more_is_looked_for_once_nothing_more_matters() -> None:
    bucket = _bucket(chain(["done"], _crowd(MILLION, "f{:07d}")))
    objects = find_objects(bucket.cloud, settings(), ("done", "training_complete.txt", "x*"), lambda _: ())
    assert isinstance(objects, tuple)
    assert objects[0].key == f"{PREFIX}done"
    assert bucket.listed == [(PREFIX, None)]


def test_what_still_matters_is_asked_of_what_was_found() -> None:
    bucket = _bucket(chain(["done"], _crowd(MILLION, "f{:07d}"), ["training_failed.txt"]))
    found: list[int] = []

    def undecided(objects: Sequence[StoredObject]) -> Sequence[str]:
        found.append(len(objects))
        return ("training_failed.txt",)

    patterns = ("done", "training_complete.txt", "training_failed.txt")
    objects = find_objects(bucket.cloud, settings(), patterns, undecided)
    assert isinstance(objects, tuple)
    assert objects[-1].key == f"{PREFIX}training_failed.txt"
    assert (found, len(bucket.listed)) == ([PAGE_KEYS], 2)


def test_a_crowded_folder_without_a_marker_has_none() -> None:
    assert _found(_bucket(_crowd(3 * PAGE_KEYS)), ("done", "FAILED*")) == set[str]()


def test_an_exact_name_costs_one_call_before_a_million_keys_that_begin_like_it() -> None:
    bucket = _bucket(chain(_crowd(PAGE_KEYS), _crowd(MILLION, "done{:07d}"), ["done"]))
    assert _found(bucket, ("done",)) == {"done"}
    assert len(bucket.listed) == 2


def test_a_million_keys_in_folders_below_are_not_looked_through() -> None:
    bucket = _bucket(chain(_crowd(MILLION, "checkpoints/{:07d}"), ["done"]))
    assert _found(bucket, ("done", "x*")) == {"done"}
    assert len(bucket.listed) == 1


def test_a_pattern_is_read_through_as_many_pages_as_are_allowed() -> None:
    bucket = _bucket(chain(_crowd(MAX_PAGES * PAGE_KEYS - 1), ["a9.pt", "zzz"]))
    assert _found(bucket, ("a*.pt",)) == {"a9.pt"}
    assert len(bucket.listed) == 1 + MAX_PAGES


@pytest.mark.parametrize(("pattern", "calls"), [("a*", 6), ("a?????9*", 6), ("*.pt", 5), ("[ab]*", 5)])
def test_what_cannot_be_seen_in_a_bounded_number_of_calls_is_unknown_and_not_missing(pattern: str, calls: int) -> None:
    bucket = _bucket(_crowd(MILLION))
    objects = find_objects(bucket.cloud, settings(), (pattern,))
    assert isinstance(objects, Unknown)
    assert objects.permanent
    assert f"narrow {pattern}" in objects.cause
    assert len(bucket.listed) == calls


@pytest.mark.parametrize(("folders", "known"), [(MAX_LISTINGS, True), (MAX_LISTINGS + 1, False)])
def test_more_folders_than_calls_are_unknown(folders: int, known: bool) -> None:
    bucket = _bucket(["done"])
    objects = find_objects(bucket.cloud, settings(), [f"{number}/done" for number in range(folders)])
    assert (objects == ()) is known
    assert isinstance(objects, Unknown) is not known
    assert len(bucket.listed) == MAX_LISTINGS


@pytest.mark.parametrize(("names", "known"), [(MAX_LISTINGS - MAX_PAGES, True), (MAX_LISTINGS - MAX_PAGES + 1, False)])
def test_more_names_in_a_crowded_folder_than_calls_are_unknown(names: int, known: bool) -> None:
    bucket = _bucket(_crowd(MAX_PAGES * PAGE_KEYS + 1))
    objects = find_objects(bucket.cloud, settings(), [f"b{number}" for number in range(names)])
    assert isinstance(objects, Unknown) is not known
    assert len(bucket.listed) == MAX_LISTINGS


def test_many_names_in_a_folder_of_a_few_pages_are_looked_for_by_reading_on() -> None:
    bucket = _bucket(chain(_crowd(PAGE_KEYS + 1), (f"b{number}" for number in range(100))))
    objects = find_objects(bucket.cloud, settings(), [f"b{number}" for number in range(100)])
    assert not isinstance(objects, Unknown)
    assert len(bucket.listed) == 2


def test_an_object_that_two_patterns_of_a_crowded_folder_match_comes_once() -> None:
    bucket = _bucket(chain(_crowd(2 * PAGE_KEYS), ["done"]))
    objects = find_objects(bucket.cloud, settings(), ("done", "don?"))
    assert not isinstance(objects, Unknown)
    assert [entry.key for entry in objects if "done" in entry.key] == [f"{PREFIX}done"]


# Wildcards in folders.


def _epochs(count: int, files: int) -> Iterable[str]:
    return (f"checkpoints/epoch-{number}/{file}.bin" for number in range(count) for file in range(files))


def test_a_pattern_with_wildcards_in_folders_costs_one_call_where_few_keys_begin_like_it() -> None:
    bucket = _bucket(chain(_epochs(40, 20), ["checkpoints/epoch-7/model.pt", "logs/epoch-7/model.pt"]))
    patterns = ("checkpoints/epoch-*/model.pt", "checkpoints/epoch-*/*.bin", "checkpoints/epoch-7/*/x")
    assert len(_found(bucket, patterns)) == 801
    assert bucket.listed == [(f"{PREFIX}checkpoints/epoch-", None)]


def test_full_folders_are_looked_through_one_by_one() -> None:
    bucket = _bucket(chain(_epochs(3, 4000), ["checkpoints/epoch-1/model.pt", "checkpoints/epochs/model.pt"]))
    assert _found(bucket, ("checkpoints/epoch-*/model.pt",)) == {"checkpoints/epoch-1/model.pt"}
    assert bucket.listed[MAX_PAGES:] == [
        (f"{PREFIX}checkpoints/epoch-", None),
        *((f"{PREFIX}checkpoints/epoch-{number}/model.pt", None) for number in range(3)),
    ]


def test_folders_in_folders_are_looked_through_level_by_level() -> None:
    bucket = _bucket(
        chain(_epochs(2, 4000), ["checkpoints/epoch-1/ranks/[0]/a.pt", "checkpoints/epoch-0/ranks/1/b.pt"])
    )
    assert _found(bucket, ("check*/epoch-*/ranks/*/*.pt",)) == {
        "checkpoints/epoch-1/ranks/[0]/a.pt",
        "checkpoints/epoch-0/ranks/1/b.pt",
    }
    assert len(bucket.listed) == MAX_PAGES + 1 + 1 + 2 + 2


@pytest.mark.parametrize(
    ("pattern", "folders", "files"),
    [
        ("checkpoints/*/model.pt", 6000, 1),
        ("checkpoints/epoch-*/model.pt", MAX_LISTINGS, 100),
        ("checkpoints/epoch-*/*", 1, 6000),
    ],
    ids=["more folders than pages show", "more folders than calls", "a folder with more keys than pages show"],
)
def test_what_a_bounded_number_of_calls_does_not_show_is_unknown_and_the_text_says_what_to_write(
    pattern: str, folders: int, files: int
) -> None:
    bucket = _bucket(_epochs(folders, files))
    objects = find_objects(bucket.cloud, settings(), (pattern,))
    assert len(bucket.listed) <= MAX_LISTINGS
    assert isinstance(objects, Unknown)
    assert objects.permanent
    assert objects.cause.startswith(f"{pattern}: more than {MAX_PAGES} pages of keys begin with {PREFIX}checkpoints/")
    assert "write more of its folders' names" in objects.cause


def test_a_million_keys_in_one_folder_hide_no_other_folder() -> None:
    bucket = _bucket(chain(_crowd(MILLION, "data/{:07d}"), ["epoch-1/model.pt"]))
    assert _found(bucket, ("*/model.pt",)) == {"epoch-1/model.pt"}
    assert len(bucket.listed) == MAX_PAGES + 1 + 2


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_listing_below_that_fails_is_unknown(kind: ErrorKind) -> None:
    cloud = ScriptedCloud({"list_below": [failure(kind, "SomeCode")]})
    objects = find_objects(cloud.cloud, settings(), ("a*/b",))
    assert objects == Unknown("ec2:Operation: SomeCode: message", permanent=kind is ErrorKind.REFUSED)


# Keys.


@pytest.mark.parametrize("crowd", [0, 2 * PAGE_KEYS])
@pytest.mark.parametrize(
    "name", ["dönë", "all done", "a+b", "100%", "%41", "line\nbreak", "emoji-✓", "[x].txt", "a*b", "a?b", "\U0001f680"]
)
def test_a_name_is_found_by_itself_whatever_signs_it_has(name: str, crowd: int) -> None:
    assert _found(_bucket(chain(_crowd(crowd), [name])), (name,)) == {name}


# Errors.


@pytest.mark.parametrize("kind", ErrorKind)
def test_a_listing_that_fails_is_unknown_and_only_a_refusal_for_good(kind: ErrorKind) -> None:
    cloud = ScriptedCloud({"list_folder": [failure(kind, "SomeCode")]})
    objects = find_objects(cloud.cloud, settings(), ("done", "model/a.pt"))
    assert objects == Unknown("ec2:Operation: SomeCode: message", permanent=kind is ErrorKind.REFUSED)
    assert len(cloud.made) == 1
