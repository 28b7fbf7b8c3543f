"""What of an expected output is missing, and how that is said."""

from __future__ import annotations

import pytest

from monitor_runtime.cloud.values import StoredObject
from monitor_runtime.decide.unmet import missing

from ..builders import LAUNCH, at, settings, stored

SHARDS = "model-*.safetensors"


def _missing(pattern: str, *written: str, empty: tuple[str, ...] = (), older: tuple[str, ...] = ()) -> str | None:
    objects = [
        *(stored(name, at(hours=1)) for name in written),
        *(stored(name, at(hours=1), size=0) for name in empty),
        *(stored(name, at(hours=-1)) for name in older),
    ]
    return missing(settings(), pattern, objects, LAUNCH)


def _shard(number: int, total: int = 3) -> str:
    return f"model-{number:05}-of-{total:05}.safetensors"


def test_what_is_not_there_is_absent() -> None:
    assert _missing("config.json", "other.json") == "config.json: absent"


def test_what_an_earlier_launch_wrote_is_told_from_what_is_absent() -> None:
    assert _missing("config.json", older=("config.json",)) == "config.json: older than this launch"


@pytest.mark.parametrize(("pattern", "name"), [("config.json", "config.json"), ("*.json", "config.json")])
def test_what_is_empty_is_named(pattern: str, name: str) -> None:
    assert _missing(pattern, empty=(name,)) == f"{pattern}: {name} is empty"


def test_one_empty_match_makes_a_pattern_incomplete() -> None:
    assert _missing("*.pt", "a.pt", empty=("b.pt",)) == "*.pt: b.pt is empty"


def test_an_empty_file_of_an_earlier_launch_does_not_matter() -> None:
    old = stored("b.pt", at(hours=-1), size=0)
    assert missing(settings(), "*.pt", [stored("a.pt", at(hours=1)), old], LAUNCH) is None


def test_what_marks_a_folder_is_no_file_in_it() -> None:
    assert _missing("model/*", "model/a.pt", empty=("model/",)) is None


@pytest.mark.parametrize(
    ("written", "gap"),
    [
        ((_shard(1),), "only part 1 of 3"),
        ((_shard(1), _shard(3)), "only parts 1, 3 of 3"),
        ((_shard(1), _shard(2), _shard(3)), None),
        ((_shard(0), _shard(1), _shard(2)), None),
        ((_shard(0), _shard(3), _shard(1)), "only parts 0, 1, 3 of 3"),
        ((_shard(1, 1),), None),
        ((_shard(0, 1),), None),
        (tuple(_shard(number, 9) for number in range(1, 8)), "only 7 parts of 9"),
        ((_shard(1), _shard(2), _shard(3), _shard(1, 2)), "only part 1 of 2"),
        (("model-final.safetensors",), None),
    ],
)
def test_a_set_whose_names_count_its_parts_is_complete_with_all_of_them(
    written: tuple[str, ...], gap: str | None
) -> None:
    assert _missing(SHARDS, *written) == (f"{SHARDS}: {gap}" if gap else None)


@pytest.mark.parametrize("name", ["shard_1_of_2.bin", "shard-1-of-2.bin", "shard.1of2.bin", "shard 1 Of 2.bin"])
def test_parts_are_counted_in_every_usual_spelling(name: str) -> None:
    assert _missing("shard*.bin", name) == "shard*.bin: only part 1 of 2"


def test_sets_of_several_names_are_counted_each_by_itself() -> None:
    assert _missing("*.bin", "a-1-of-2.bin", "b-2-of-2.bin") == "*.bin: only part 1 of 2"


def test_a_grid_of_parts_is_complete_in_both_directions() -> None:
    ranks = [f"rank-{rank}-of-2/part" for rank in (1, 2)]
    both = [f"opt-{rank}-of-2-part-{part}-of-2.pt" for rank in (1, 2) for part in (1, 2)]
    assert _missing("opt-*.pt", *both, *ranks) is None
    assert _missing("opt-*.pt", *both[:3]) == "opt-*.pt: only part 1 of 2"


def test_a_part_that_an_earlier_launch_left_does_not_complete_a_set() -> None:
    gap = _missing(SHARDS, _shard(1), _shard(2), older=(_shard(3),))
    assert gap == f"{SHARDS}: only parts 1, 2 of 3, others are older than this launch"


def test_a_part_that_is_named_exactly_stands_for_itself() -> None:
    assert _missing(_shard(1), _shard(1)) is None


@pytest.mark.parametrize("number", ["1", "0000000001"])
def test_a_number_of_parts_that_nobody_can_count_costs_nothing(number: str) -> None:
    assert _missing("a*", f"a-{number}-of-9999999999") == "a*: only part 1 of 9999999999"


def test_a_part_beyond_the_total_is_none() -> None:
    assert _missing(SHARDS, _shard(5)) == f"{SHARDS}: no part of 3"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("fold-1-of-5/model-*.pt", "fold-1-of-5/model-a.pt"),
        ("shard-1-of-4-*.bin", "shard-1-of-4-a.bin"),
        ("*_1_of_3.json", "eval_1_of_3.json"),
        ("model[1-of-2].pt", "model[1-of-2].pt"),
    ],
)
def test_a_number_that_the_pattern_spells_out_counts_no_parts(pattern: str, name: str) -> None:
    assert _missing(pattern, name) is None


@pytest.mark.parametrize("pattern", ["shard-1-of-4-*.bin", "*/part-*.bin"])
def test_beside_it_what_a_wildcard_stands_for_does(pattern: str) -> None:
    name = pattern.replace("*/", "1-of-1/").replace("*", "1-of-2")
    assert _missing(pattern, name) == f"{pattern}: only part 1 of 2"


def test_nor_does_one_in_the_prefix() -> None:
    run = settings(prefix="sweep/trial-2-of-10/")
    assert missing(run, "*.pt", [StoredObject("sweep/trial-2-of-10/a.pt", 1, at(hours=1))], LAUNCH) is None


@pytest.mark.parametrize(("count", "gap"), [(3, None), (2, "only parts 0, 1 of 3")])
def test_parts_are_one_set_though_each_has_a_digest_of_its_own(count: int, gap: str | None) -> None:
    digests = ["5f1c0a9be2d47788", "a0b1c2d3e4f50617", "123e4567-e89b-12d3-a456-426614174000"][:count]
    written = [f"data/train-{number:05}-of-00003-{digest}.parquet" for number, digest in enumerate(digests)]
    assert _missing("data/train-*.parquet", *written) == (f"data/train-*.parquet: {gap}" if gap else None)


@pytest.mark.parametrize("pattern", ["*/*", "*/*.json", "r*/s*", "?unctl/*"])
def test_what_runctl_writes_itself_is_nothing_that_a_wildcard_means(pattern: str) -> None:
    assert _missing(pattern, "runctl/started.json") == f"{pattern}: absent"
