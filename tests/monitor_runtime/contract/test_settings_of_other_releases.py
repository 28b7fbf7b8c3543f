"""Settings that another release has written."""

from __future__ import annotations

from typing import Any

import pytest

from monitor_runtime.contract.settings import VERSION, Idle, SettingsError, Stalled, parse

from ..builders import settings

IDLE = {"metric": "CPUUtilization", "threshold": 5, "minutes": 30}


def _document(**changes: object) -> dict[str, Any]:
    return {**settings().to_document(), **changes}


def _refused(document: object) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        parse(document)
    return caught.value


@pytest.mark.parametrize("version", [VERSION + 1, 0, "1", None, [1]])
def test_another_version_is_refused_before_anything_else_is_read(version: object) -> None:
    (problem,) = _refused({"version": version, "run": 5}).problems
    assert (problem.field, problem.got) == ("version", version)
    assert "same release" in problem.fix


def test_a_document_without_a_version_is_refused() -> None:
    assert [problem.field for problem in _refused({}).problems] == ["version"]


def test_a_version_that_only_equals_a_number_is_refused() -> None:
    assert [problem.field for problem in _refused(_document(version=True)).problems] == ["version"]


def test_fields_of_a_newer_component_are_ignored_and_told_in_order() -> None:
    assert parse(_document(zone="a", cool_down_seconds=5)) == (settings(), ("cool_down_seconds", "zone"))


def test_a_field_of_stalled_that_only_a_newer_component_knows_is_reported_and_ignored() -> None:
    read, unknown = parse(_document(stalled={"patterns": ["*.pt"], "minutes": 60.0, "growing": True}))
    assert (read.stalled, unknown) == (Stalled(("*.pt",), 60), ("stalled.growing",))


def test_a_field_of_idle_that_only_a_newer_component_knows_is_reported_and_ignored() -> None:
    idle = {"metric": "CPUUtilization", "threshold": 5, "minutes": 30, "statistic": "p99"}
    read, unknown = parse(_document(idle=idle))
    assert (read.idle, unknown) == (Idle("CPUUtilization", 5.0, 30), ("idle.statistic",))


def test_a_run_of_before_there_was_a_warm_up_to_set_has_the_default() -> None:
    read, _ = parse(_document(idle=IDLE))
    assert read.idle == Idle("CPUUtilization", 5.0, 30)
