"""A problem says what is wrong in the words of whoever wrote the value."""

from __future__ import annotations

import pytest

from monitor_runtime.contract import rules
from monitor_runtime.contract.rules import Problem


def test_a_value_is_shown_as_it_would_be_written_and_words_without_quotes() -> None:
    value = Problem("spot", got="on", accepted="one-time, persistent", fix="choose one")
    words = Problem("command", found="14 bytes", accepted="at most 12 bytes", fix="shorten it")
    assert str(value) == "spot: got 'on'; accepted: one-time, persistent; choose one"
    assert str(words) == "command: 14 bytes; accepted: at most 12 bytes; shorten it"


def test_none_is_a_value_too() -> None:
    assert str(Problem("spot", got=None, accepted="a word", fix="write one")).startswith("spot: got None;")


@pytest.mark.parametrize("both", [{"got": 5, "found": "5 bytes"}, {}])
def test_a_problem_with_a_value_and_words_or_with_neither_is_a_mistake(both: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="problem of spot: set got for a value, or found for words"):
        Problem("spot", accepted="a word", fix="write one", **both)  # pyright: ignore[reportArgumentType]


def test_a_problem_below_a_path_and_without_its_value_is_otherwise_the_same() -> None:
    problem = Problem("bucket", got="hunter2", accepted="a name", fix="write one").below("watch[0]").without_value()
    assert str(problem) == "watch[0].bucket: a secret, which is not shown; accepted: a name; write one"


@pytest.mark.parametrize("rule", [rules.number(0, 24, "hours"), rules.whole_number(0, 24, "hours")])
def test_a_quoted_number_is_to_be_written_without_quotes(rule: rules.Rule) -> None:
    (problem,) = rule("max_runtime_hours", "5")
    assert problem.fix == "write max_runtime_hours without quotes, as a number"
    (problem,) = rule("max_runtime_hours", 25)
    assert problem.fix == f"set max_runtime_hours to {problem.accepted}"


def test_a_field_that_a_record_lacks_is_missing() -> None:
    (problem,) = rules.record_of({"minutes": rules.whole_number(10, 20, "minutes")})("idle", {})
    assert str(problem) == "idle.minutes: missing; accepted: a value; add minutes to idle"


def test_an_entry_that_may_be_left_out_is_offered_and_checked() -> None:
    rule = rules.record_of({"minutes": rules.boolean}, {"margin": rules.boolean})
    assert [*rule("idle", {"minutes": True})] == []
    (wrong,) = rule("idle", {"minutes": True, "margin": 1})
    assert wrong.field == "idle.margin"
    (other,) = rule("idle", 5)
    assert other.accepted == "an object with minutes, and optionally margin"
