"""Each run has a place of its own."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from runctl_component import InvalidArgs, Monitor, TrainingRun, TrainingRunArgs
from runctl_component.stack.program import declare_runs

from ..recording import record

RUN: TrainingRunArgs = {"bucket": "outputs", "command": "python3 train.py", "prefix": "runs/x"}


def test_two_runs_that_write_to_one_place_are_refused_with_both_names() -> None:
    def program() -> None:
        TrainingRun("a", RUN)
        TrainingRun("b", {**RUN, "prefix": "runs/x/"})

    with pytest.raises(InvalidArgs, match=r"'b'.*\n.*prefix: s3://outputs/runs/x/;.*run 'a' writes there too"):
        record(program)


def test_runs_of_a_shared_monitor_have_places_of_their_own_too() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("a", RUN, monitor=monitor)
        TrainingRun("b", RUN, monitor=monitor)

    with pytest.raises(InvalidArgs, match="run 'a' writes there too"):
        record(program)


def test_a_place_that_is_known_only_when_it_resolves_is_checked_then() -> None:
    def program() -> None:
        TrainingRun("a", {**RUN, "bucket": pulumi.Output.from_input("outputs")})
        TrainingRun("b", {**RUN, "bucket": pulumi.Output.from_input("outputs")})

    with pytest.raises(Exception, match="writes there too"):
        record(program)


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("runs/x/y", "run 'a' writes around it, to s3://outputs/runs/x/, and uploads and markers of one would count"),
        ("runs", "run 'a' writes within it, to s3://outputs/runs/x/, and uploads and markers of one would count"),
        ("", "run 'a' writes within it"),
    ],
)
def test_a_run_whose_place_is_around_or_within_anothers_is_refused(prefix: str, words: str) -> None:
    def program() -> None:
        TrainingRun("a", RUN)
        TrainingRun("b", {**RUN, "prefix": prefix})

    with pytest.raises(InvalidArgs, match=words):
        record(program)


@pytest.mark.parametrize("secret", ["b", "ab"])
@pytest.mark.parametrize("prefix", ["runs/x", "runs/x/y", "runs"])
def test_a_place_that_is_secret_is_taken_and_not_shown(secret: str, prefix: str) -> None:
    def place(name: str, text: str) -> Any:
        return pulumi.Output.secret(text) if name in secret else text

    def program() -> None:
        TrainingRun("a", {**RUN, "prefix": place("a", "runs/x")})
        TrainingRun("b", {**RUN, "prefix": place("b", prefix)})

    with pytest.raises(ValueError, match=r"run '[ab]' writes (there too|around it|within it), ") as caught:
        record(program)
    assert "s3://" not in str(caught.value)


def test_a_secret_place_is_not_shown_by_the_run_that_wants_it_too() -> None:
    def program() -> None:
        TrainingRun("a", {**RUN, "prefix": pulumi.Output.secret("runs/hunter2/a")})
        TrainingRun("b", {**RUN, "prefix": pulumi.Output.from_input("runs")})

    with pytest.raises(ValueError, match=r"run '[ab]' writes (around|within) it, ") as caught:
        record(program)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "other",
    [{"prefix": "runs/y"}, {"bucket": "others"}, {"bucket": "others", "prefix": "runs/x/y"}, {"prefix": "runs/xy"}],
)
def test_runs_of_other_places_are_no_obstacle(other: dict[str, Any]) -> None:
    def program() -> None:
        TrainingRun("a", RUN)
        TrainingRun("b", {**RUN, **other})  # pyright: ignore[reportArgumentType]

    assert record(program).one("Instance", "b")


def test_what_another_program_has_taken_is_free() -> None:
    for _ in range(2):
        assert record(lambda: TrainingRun("a", RUN)).one("Instance", "a")
    assert record(lambda: TrainingRun("b", RUN)).one("Instance", "b")


def test_the_config_of_a_stack_is_refused_with_the_path_of_the_run() -> None:
    def program() -> None:
        pulumi.runtime.set_all_config({"team:runs": json.dumps({"a": RUN, "b": RUN})})
        declare_runs(pulumi.Config())

    with pytest.raises(InvalidArgs, match=r"team:runs\.b\.prefix: s3://outputs/runs/x/;"):
        record(program)
