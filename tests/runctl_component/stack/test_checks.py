"""What a stack's config declares is checked whole, with its config path, before anything is created."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from runctl_component import InvalidArgs
from runctl_component.stack.program import declare_runs

from ..forms import KEY
from ..recording import Recorded, record

RUN: dict[str, Any] = {"bucket": "outputs", "command": "python train.py"}


def _declared(secret: tuple[str, ...] = (), **config: Any) -> Recorded:
    def program() -> dict[str, Any]:
        texts = {f"team:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        pulumi.runtime.set_all_config(texts, [f"team:{key}" for key in secret])
        exported = declare_runs(pulumi.Config())
        return {name: outputs["plan"].is_secret() for name, outputs in exported.items()}

    return record(program)


def _refused(**config: Any) -> dict[str, str]:
    with pytest.raises(InvalidArgs) as caught:
        _declared(**config)
    return {problem.field: str(problem) for problem in caught.value.problems}


def _runs(count: int, **args: Any) -> dict[str, Any]:
    """Runs each with a prefix of its own: ``{name}`` in it is the run's name."""
    prefix = args.pop("prefix", "{name}")
    names = [f"llama-ft-v{number:02d}" for number in range(count)]
    return {name: {**RUN, **args, "prefix": prefix.format(name=name)} for name in names}


def _read_below(recorded: Recorded) -> list[str]:
    policy = json.loads(recorded.one("RolePolicy", "runs-function").inputs["policy"])
    (statement,) = [each for each in policy["Statement"] if each["Sid"] == "ReadOutputs"]
    return [resource.removeprefix("arn:aws:s3:::") for resource in statement["Resource"]]


def test_runs_of_one_folder_are_watched_by_it_once_their_prefixes_do_not_fit() -> None:
    runs = _runs(10, prefix="team/nlp/{name}", s3_events=True)
    assert _read_below(_declared(runs=runs)) == ["outputs/team/nlp/*"]


def test_prefixes_that_fit_are_watched_as_they_are() -> None:
    runs = _runs(11)
    assert _read_below(_declared(runs=runs)) == [f"outputs/{name}/*" for name in runs]


def test_folders_go_up_no_further_than_is_needed() -> None:
    runs = {**_runs(10, prefix="team/nlp/{name}", s3_events=True), "cv": {**RUN, "prefix": "team/cv/cv"}}
    assert _read_below(_declared(runs=runs)) == ["outputs/team/cv/*", "outputs/team/nlp/*"]


@pytest.mark.parametrize(
    ("runs", "field"),
    [
        (_runs(12, s3_events=True), "team:monitor.markers"),
        (_runs(51), "team:monitor.watch"),
        ({f"r{n}": {**RUN, "bucket": f"bucket-{n:03d}"} for n in range(51)}, "team:monitor.watch"),
        ({f"r{n}": {**RUN, "bucket": f"{'b' * 55}-{n:03d}"} for n in range(45)}, "team:monitor.watch"),
    ],
)
def test_places_that_fit_no_limit_are_refused_and_never_become_the_whole_bucket(
    runs: dict[str, Any], field: str
) -> None:
    problems = _refused(runs=runs)
    assert set(problems) == {field}
    assert "give the runs of a bucket a common folder" in problems[field]
    assert "declare monitor.watch" in problems[field]


def test_a_declared_watch_is_the_whole_bucket_if_it_says_so() -> None:
    declared = _declared(runs=_runs(60), monitor={"watch": [{"bucket": "outputs"}]})
    assert _read_below(declared) == ["outputs/*"]


def test_markers_of_runs_without_events_are_not_listened_for() -> None:
    runs = {f"r{n}": {**RUN, "markers": [f"ok-{n}"], "failure_markers": [f"bad-{n}"]} for n in range(24)}
    assert _declared(runs=runs).one("Function", "runs-function")


def test_markers_of_runs_with_events_are_listened_for() -> None:
    runs = {"a": {**RUN, "s3_events": True, "markers": ["mine"], "failure_markers": []}, "b": {**RUN, "markers": ["b"]}}
    pattern = _declared(runs=runs).one("EventRule", "runs-markers-1").inputs["eventPattern"]
    assert "mine" in pattern
    assert "training_complete.txt" not in pattern


@pytest.mark.parametrize("longest", [600, 1200])
def test_the_silence_follows_the_longest_interval(longest: int) -> None:
    runs = {"a": RUN, "b": {**RUN, "max_interval_seconds": longest}}
    assert _declared(runs=runs).one("MetricAlarm", "runs-silence").inputs["period"] == 3 * longest


@pytest.mark.parametrize("field", ["watch", "silence_minutes", "s3_events", "markers"])
def test_null_in_the_monitors_config_is_not_given(field: str) -> None:
    runs = {"a": {**RUN, "s3_events": True}}
    assert _declared(runs=runs, monitor={field: None}).names() == _declared(runs=runs, monitor={}).names()


@pytest.mark.parametrize(
    ("runs", "monitor", "path"),
    [
        ({"a": {**RUN, "s3_events": True}}, {"s3_events": False}, "team:runs.a.s3_events"),
        ({"a": {**RUN, "s3_events": True, "markers": ["fin"]}}, {"markers": ["FAILED", "training_failed.txt"]},
         "team:runs.a.markers"),
        ({"a": RUN}, {"watch": [{"bucket": "another"}]}, "team:runs.a.bucket"),
        ({"a": RUN}, {"log_retention_days": 8}, "team:monitor.log_retention_days"),
        ({"a": {**RUN, "command": "x" * 14_000}, "b": RUN}, {}, "team:runs.a.command"),
        ({f"r{n}": {**RUN, "s3_events": True, "markers": [f"ok{n}"]} for n in range(60)},
         {"watch": [{"bucket": "outputs"}]}, "team:monitor.markers"),
    ],
)  # fmt: skip
def test_what_is_wrong_between_runs_and_monitor_is_told_with_its_config_path(
    runs: dict[str, Any], monitor: dict[str, Any], path: str
) -> None:
    assert set(_refused(runs=runs, monitor=monitor)) == {path}


def test_the_key_of_a_runs_bucket_reaches_the_shared_monitor() -> None:
    policy = _declared(runs={"a": {**RUN, "kms_key_arn": KEY}, "b": RUN}).one("RolePolicy", "runs-function")
    assert KEY in policy.inputs["policy"]


def test_secrets_of_the_config_stay_secret_and_hide_nothing_else() -> None:
    recorded = _declared(secret=("runs",), runs={"a": {**RUN, "environment": {"TOKEN": "hunter2"}}})
    shown = {
        each.name: {key: value for key, value in each.inputs.items() if key != "userData"}
        for each in recorded.resources
    }
    assert "hunter2" not in str(shown)
    assert isinstance(recorded.one("Instance", "a").inputs["userData"], dict)
    assert recorded.outputs == {"a": False}


@pytest.mark.parametrize(
    "runs",
    [
        {"a": {**RUN, "command": "hunter2\0"}},
        {"a": {**RUN, "prefix": "hunter2/../x"}},
        {"a": {**RUN, "prefix": "hunter2"}, "b": {**RUN, "s3_events": True}},
        "hunter2",
        '"hunter2"',
    ],
)
def test_no_error_shows_a_secret_of_the_config(runs: object) -> None:
    with pytest.raises(InvalidArgs) as caught:
        _declared(secret=("runs",), runs=runs, monitor={"s3_events": False, "watch": [{"bucket": "another"}]})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("runs", ["hello", "", "[1]"])
def test_config_that_is_no_json_object_is_refused_with_its_path(runs: str) -> None:
    with pytest.raises(InvalidArgs, match=r"team:runs: (a text that is not JSON|got \[1\]); accepted: an object"):
        _declared(runs=runs)
