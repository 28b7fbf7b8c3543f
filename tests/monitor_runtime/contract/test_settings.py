from __future__ import annotations

import json
import re
from dataclasses import fields
from typing import Any, cast

import pytest

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import RULES, Idle, Settings, SettingsError, Stalled, parse

from ..builders import settings

EVERYTHING = settings(
    markers=("done", "step-*.ok"),
    failure_markers=("FAILED",),
    expected_outputs=("model/*.pt", "metrics.json"),
    checkpoint_patterns=("checkpoints/*",),
    initial_interval_seconds=60,
    max_interval_seconds=600,
    backoff_multiplier=1.5,
    grace_seconds=0,
    verify_timeout_seconds=0,
    shutdown_timeout_seconds=30,
    on_complete=Action.STOP,
    on_failure=Action.TERMINATE,
    on_deadline=Action.REPORT,
    max_runtime_hours=0.5,
    idle=Idle("CWAgent/nvidia_smi_utilization_gpu", 2.5, 15, 20),
    stalled=Stalled(("checkpoints/*", "step-*.ckpt"), 25),
    terminate_after_days=7,
    s3_events=True,
    share_last_words=True,
    box_reports=True,
)

IDLE = {"metric": "CPUUtilization", "threshold": 5, "minutes": 30}


def _document(**changes: object) -> dict[str, Any]:
    return {**settings().to_document(), **changes}


def _everything() -> dict[str, Any]:
    return json.loads(json.dumps(EVERYTHING.to_document()))


def _refused(document: object) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        parse(document)
    return caught.value


# Round trip.


@pytest.mark.parametrize("written", [settings(), EVERYTHING, settings(prefix="")], ids=["defaults", "all", "no prefix"])
def test_settings_that_were_written_are_read_back(written: Settings) -> None:
    assert parse(json.loads(json.dumps(written.to_document()))) == (written, ())


def test_what_is_read_back_differs_from_every_default_but_one() -> None:
    """`terminate_after_days` is for instances that are stopped."""
    usual = settings()
    kept = {each.name for each in fields(Settings) if getattr(EVERYTHING, each.name) == getattr(usual, each.name)}
    assert kept == {"run", "monitor", "bucket", "prefix", "on_complete"}


def test_every_field_is_written_with_the_version_and_has_a_rule() -> None:
    known = {field.name for field in fields(Settings)}
    assert set(settings().to_document()) == known | {"version"}
    assert set(RULES) == known


def test_fields_that_are_left_out_take_their_defaults() -> None:
    required = ("version", "run", "monitor", "bucket", "prefix")
    document = {name: value for name, value in _document().items() if name in required}
    assert parse(document) == (settings(), ())


def test_numbers_as_pulumi_sends_them_become_what_the_field_is() -> None:
    read, _ = parse(_document(grace_seconds=300.0, max_runtime_hours=2, terminate_after_days=3.0, backoff_multiplier=2))
    sorts = [
        type(value)
        for value in (read.grace_seconds, read.max_runtime_hours, read.terminate_after_days, read.backoff_multiplier)
    ]
    assert sorts == [int, float, int, float]


def test_idle_is_read_with_its_units() -> None:
    idle = {"metric": "CPUUtilization", "threshold": 5, "minutes": 30.0, "warm_up_minutes": 60.0}
    read, _ = parse(_document(idle=idle))
    assert repr(read.idle) == "Idle(metric='CPUUtilization', threshold=5.0, minutes=30, warm_up_minutes=60)"


# Each wrong field is named.

WRONG: dict[str, list[object]] = {
    "run": ["", "-a", "a.b", "a b", "x" * 54, 5, None, "läuft"],
    "monitor": ["", "a*", "x" * 257, None],
    "bucket": ["", "ab", "two words", "s3://outputs", "a..b", "outputs/", "x" * 256, None],
    "prefix": ["runs", "/runs/", "runs//a/", "runs/*/", None, "x" * 190 + "/"],
    "markers": ["done", None, [f"m{number}" for number in range(51)]],
    "failure_markers": ["FAILED", {"a": 1}],
    "expected_outputs": ["model.pt", None],
    "checkpoint_patterns": ["*.pt", 5],
    "initial_interval_seconds": [9, 3601, 30.5, "30", True, None],
    "max_interval_seconds": [59, 61, 3660, "300", None],
    "backoff_multiplier": [0.9, 10.1, "2", float("nan"), None],
    "grace_seconds": [-1, 86_401, 0.5, "soon", float("inf"), True, None],
    "verify_timeout_seconds": [-1, 86_401, None],
    "shutdown_timeout_seconds": [29, 601, None],
    "on_complete": ["delete", "STOP", "", None, ["stop"]],
    "on_failure": ["hibernate", None],
    "on_deadline": ["reboot", None],
    "max_runtime_hours": [-1, 8761, "24", float("inf"), None],
    "idle": [5, "CPUUtilization", [], True],
    "stalled": [60, "*.pt", ["*.pt"], True],
    "terminate_after_days": [0, 366, 1.5, "7", True],
    "s3_events": [1, 0, "true", None],
    "share_last_words": [1, "true", None],
    "box_reports": [1, "yes", None],
}


def test_every_field_has_values_that_are_refused() -> None:
    assert set(WRONG) == set(RULES)


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_wrong_field_is_refused_by_its_name(field: str, value: object) -> None:
    (problem,) = _refused(_document(**{field: value})).problems
    assert problem.field.partition("[")[0] == field
    assert str(problem).startswith(f"{problem.field}: ")
    assert "; accepted: " in str(problem)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("markers", ["done", "a/b"], "markers[1]"),
        ("markers", ["done", "done"], "markers[1]"),
        ("markers", ["*"], "markers[0]"),
        ("markers", ["? *"], "markers[0]"),
        ("failure_markers", [""], "failure_markers[0]"),
        ("expected_outputs", ["/model.pt"], "expected_outputs[0]"),
        ("expected_outputs", ["a.pt", "model/"], "expected_outputs[1]"),
        ("expected_outputs", ["a//b"], "expected_outputs[0]"),
        ("checkpoint_patterns", ["**/a.pt"], "checkpoint_patterns[0]"),
        ("checkpoint_patterns", ["a/b/**"], "checkpoint_patterns[0]"),
        ("checkpoint_patterns", ["a[/]b"], "checkpoint_patterns[0]"),
        ("checkpoint_patterns", ["a[!b/c]d"], "checkpoint_patterns[0]"),
        ("checkpoint_patterns", ["*/a/"], "checkpoint_patterns[0]"),
        ("checkpoint_patterns", ["x" * 257], "checkpoint_patterns[0]"),
        ("expected_outputs", ["runctl/started.json"], "expected_outputs[0]"),
        ("checkpoint_patterns", ["*.pt", "runctl/*"], "checkpoint_patterns[1]"),
        ("stalled", {"patterns": ["runctl/*.log"], "minutes": 60}, "stalled.patterns[0]"),
        ("idle", {"metric": "CPUUtilization", "threshold": 5}, "idle.minutes"),
        ("idle", {"metric": "CPUUtilization", "threshold": -1, "minutes": 30}, "idle.threshold"),
        ("idle", {"metric": "CPU Utilization", "threshold": 5, "minutes": 30}, "idle.metric"),
        ("idle", {"metric": "CPUUtilization", "threshold": 5, "minutes": 31}, "idle.minutes"),
        ("idle", {**IDLE, "warm_up_minutes": -1}, "idle.warm_up_minutes"),
        ("stalled", {"patterns": ["*.pt"]}, "stalled.minutes"),
        ("stalled", {"patterns": [], "minutes": 60}, "stalled.patterns"),
        ("stalled", {"patterns": ["*.pt", "/a"], "minutes": 60}, "stalled.patterns[1]"),
        ("stalled", {"patterns": ["*.pt"], "minutes": 4}, "stalled.minutes"),
        ("stalled", {"patterns": ["*.pt"], "minutes": 10_081}, "stalled.minutes"),
        ("idle", {**IDLE, "warm_up_minutes": 1441}, "idle.warm_up_minutes"),
        ("idle", {**IDLE, "warm_up_minutes": None}, "idle.warm_up_minutes"),
    ],
)
def test_a_wrong_entry_is_named_by_its_place(field: str, value: object, named: str) -> None:
    assert [problem.field for problem in _refused(_document(**{field: value})).problems] == [named]


@pytest.mark.parametrize("keyword", ["<aws.scheduler.attempt-number>", "<AWS.Scheduler.x>", "<aws.new"])
@pytest.mark.parametrize("field", ["markers", "failure_markers", "expected_outputs", "checkpoint_patterns"])
def test_a_name_in_which_the_scheduler_would_replace_something_is_refused_with_the_reason(
    field: str, keyword: str
) -> None:
    (problem,) = _refused(_document(**{field: ["fine", f"a{keyword}.ok"]})).problems
    assert problem.field == f"{field}[1]"
    assert "EventBridge Scheduler" in str(problem)


def _with_keywords(value: Any) -> Any:
    """The same, with a keyword of the Scheduler as each of its texts."""
    if isinstance(value, dict):
        return {key: _with_keywords(entry) for key, entry in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_with_keywords(entry) for entry in cast("list[Any]", value)]
    return "<aws.scheduler.execution-id>" if isinstance(value, str) else value


@pytest.mark.parametrize("field", [name for name, value in _everything().items() if _with_keywords(value) != value])
def test_no_text_of_the_settings_may_have_a_keyword_of_the_scheduler(field: str) -> None:
    changed = {**_everything(), field: _with_keywords(_everything()[field])}
    assert {re.split(r"[.[]", problem.field)[0] for problem in _refused(changed).problems} == {field}


@pytest.mark.parametrize("field", ["run", "monitor", "bucket", "prefix"])
def test_a_required_field_that_is_missing_is_named(field: str) -> None:
    document = _document()
    del document[field]
    assert [problem.field for problem in _refused(document).problems] == [field]


@pytest.mark.parametrize(
    ("changes", "named", "touched"),
    [
        ({"initial_interval_seconds": 301}, "initial_interval_seconds", "max_interval_seconds"),
        ({"markers": [], "expected_outputs": []}, "markers", "expected_outputs"),
        ({"failure_markers": ["FAILED", "done"]}, "failure_markers[1]", "markers"),
        ({"failure_markers": ["FAILED", "d?ne"]}, "failure_markers[1]", "markers"),
        ({"failure_markers": ["*.txt"], "markers": ["done-*.txt"]}, "failure_markers[0]", "markers"),
        ({"max_runtime_hours": 0.1}, "max_runtime_hours", None),
        ({"max_runtime_hours": 1, "grace_seconds": 3600}, "grace_seconds", "max_runtime_hours"),
        ({"max_runtime_hours": 1, "idle": {"metric": "m", "threshold": 1, "minutes": 60}}, "idle.minutes",
         "max_runtime_hours"),
        ({"max_runtime_hours": 1, "stalled": {"patterns": ["a"], "minutes": 60}}, "stalled.minutes",
         "max_runtime_hours"),
        ({"on_complete": "terminate", "terminate_after_days": 1}, "terminate_after_days", "on_complete"),
        ({"on_complete": "report", "terminate_after_days": 1}, "terminate_after_days", "on_complete"),
    ],
)  # fmt: skip
def test_fields_that_do_not_go_together_are_refused_and_the_other_field_is_known(
    changes: dict[str, Any], named: str, touched: str | None
) -> None:
    (problem,) = _refused(_document(**changes)).problems
    assert (problem.field, problem.touches) == (named, (touched,) if touched else ())


@pytest.mark.parametrize(
    "changes",
    [
        {"initial_interval_seconds": 300},
        {"markers": [], "expected_outputs": ["model.pt"]},
        {"expected_outputs": ["*/a.pt", "checkpoints/epoch-*/model.pt", "a[0]/b[12]/?", "a[/b", "*/*"]},
        {"max_runtime_hours": 1, "grace_seconds": 3599},
        {"max_runtime_hours": 0, "grace_seconds": 86_400},
        {"max_runtime_hours": 0, "idle": {"metric": "m", "threshold": 0, "minutes": 1440}},
        {"max_runtime_hours": 1, "idle": {"metric": "m", "threshold": 1, "minutes": 55}},
        {"max_runtime_hours": 8760},
        {"terminate_after_days": None},
    ],
)
def test_fields_at_their_bounds_are_accepted(changes: dict[str, Any]) -> None:
    assert parse(_document(**changes))[1] == ()


def test_everything_that_is_wrong_is_told_at_once() -> None:
    document = _document(run="", grace_seconds="soon", markers=["a/b"])
    del document["bucket"]
    error = _refused(document)
    assert {problem.field for problem in error.problems} == {"run", "grace_seconds", "markers[0]", "bucket"}
    assert all(str(problem) in str(error) for problem in error.problems)


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(str(_refused(_document(run="x" * 5000)))) < 400


def test_a_number_of_any_size_is_refused_and_not_stumbled_over() -> None:
    document = json.loads(json.dumps(_document()).replace('"grace_seconds": 300', f'"grace_seconds": {"9" * 400}'))
    assert [problem.field for problem in _refused(document).problems] == ["grace_seconds"]


@pytest.mark.parametrize("document", [None, "settings", 5, [], True])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert [problem.field for problem in _refused(document).problems] == ["settings"]


def test_the_word_for_the_gpus_is_the_metric_that_the_box_publishes() -> None:
    idle = {"metric": "gpu", "threshold": 5, "minutes": 30}
    read, _ = parse({**settings().to_document(), "idle": idle})
    assert read.idle
    assert (read.idle.metric, read.idle.by_the_box) == ("RunctlInstance/GPUUtilization", True)
    assert parse(read.to_document())[0] == read
