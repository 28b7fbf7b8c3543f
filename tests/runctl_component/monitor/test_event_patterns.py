"""Event patterns: EventBridge takes them, and they match every marker that the monitor would find."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor_runtime.contract.patterns import marker_name
from monitor_runtime.contract.patterns import matches as names_marker
from monitor_runtime.contract.rules import key_prefix
from runctl_component.args.defaults import DEFAULT_MARKERS
from runctl_component.monitor.event_patterns import (
    MAX_PATTERN_CHARACTERS,
    object_created_pattern,
    pattern_problems,
    private_pattern,
    shared_endings,
    shared_pattern,
    spot_warning_pattern,
)
from sandbox.aws.event_matching import matches

MARKERS = st.text(alphabet="ab*?[]!\\.", min_size=1, max_size=8).filter(lambda name: not list(marker_name("m", name)))
PREFIXES = st.lists(st.sampled_from(["runs", "a b", "x"]), max_size=2).map(
    lambda names: "".join(f"{name}/" for name in names)
)
NAMES = st.text(alphabet="ab[]!\\.", min_size=1, max_size=8)


def _created(key: str, bucket: str = "outputs") -> dict[str, Any]:
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def _hears(pattern: str, key: str) -> bool:
    return matches(json.loads(pattern), _created(key))


@given(PREFIXES, st.lists(MARKERS, min_size=1, max_size=4), NAMES)
@example("runs/", ["*.done"], "x")
@example("runs/", ["[]a]b"], "]b")
@example("runs/", ["**a", "[a"], "[a")
@example("runs/", ["a[b]*?c"], "abxc")
def test_every_pattern_is_one_that_eventbridge_takes_and_hears_every_marker(
    prefix: str, markers: list[str], name: str
) -> None:
    assert list(key_prefix("prefix", prefix)) == []
    is_marker = any(names_marker(marker, name) for marker in markers)
    for folder in (prefix, f"{prefix}llama/"):
        assert _hears(shared_pattern("outputs", [prefix], markers), folder + name) or not is_marker
        assert (
            _hears(object_created_pattern("outputs", shared_endings(prefix, markers)), folder + name) or not is_marker
        )
    assert _hears(private_pattern("outputs", [prefix], markers), prefix + name) or not is_marker


@pytest.mark.parametrize(
    ("key", "heard"),
    [
        ("runs/done", True),
        ("runs/llama/done", True),
        ("runs/a/b/done", True),
        ("runs/llama/undone", False),
        ("runs/undone", False),
        ("other/done", False),
        ("runs/llama/done/part", False),
    ],
)
def test_a_shared_monitor_hears_whole_names_at_any_depth(key: str, heard: bool) -> None:
    assert _hears(shared_pattern("outputs", ["runs/"], ["done"]), key) is heard


def test_a_monitor_of_a_whole_bucket_hears_whole_names_too() -> None:
    pattern = shared_pattern("outputs", [""], ["done"])
    assert [_hears(pattern, key) for key in ("done", "a/done", "undone")] == [True, True, False]


def test_a_run_of_its_own_monitor_is_heard_directly_under_its_prefix_alone() -> None:
    pattern = private_pattern("outputs", ["runs/llama/"], ["done", "*.ok"])
    heard = [_hears(pattern, key) for key in ("runs/llama/done", "runs/llama/a.ok", "runs/llama/a/done", "runs/done")]
    assert heard == [True, True, False, False]


def test_another_bucket_is_not_heard() -> None:
    assert not matches(json.loads(shared_pattern("outputs", [""], ["done"])), _created("done", "others"))


def test_where_folder_borders_make_a_pattern_too_long_the_ends_of_names_do() -> None:
    prefixes = [f"run-{number}/" for number in range(8)]
    pattern = shared_pattern("outputs", prefixes, DEFAULT_MARKERS)
    assert len(pattern) <= MAX_PATTERN_CHARACTERS
    assert list(pattern_problems(pattern)) == []
    assert _hears(pattern, "run-7/done")
    assert _hears(pattern, "run-7/deep/done")
    assert not _hears(pattern, "run-8/done")


def test_a_pattern_that_is_too_long_in_any_form_is_refused() -> None:
    pattern = shared_pattern("outputs", [f"run-{number}/" for number in range(50)], DEFAULT_MARKERS)
    (problem,) = pattern_problems(pattern)
    assert problem.field == "markers"


def test_a_spot_warning_of_any_instance_is_heard() -> None:
    warning: dict[str, Any] = {
        "source": "aws.ec2",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "detail": {},
    }
    assert matches(json.loads(spot_warning_pattern()), warning)
