"""The report as people read it, at a fixed width."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from runctl_component.status.readings import Readings
from runctl_component.status.scope import Scope
from runctl_component.status.statuses import statuses
from runctl_component.status.table import report, short
from runctl_component.status.values import ReadError

from .readings_builders import MONITOR, NOW, RUN, after, before, check, heartbeat, instance, readings, switch


def _shown(read: Readings, width: int = 120) -> list[str]:
    written = StringIO()
    Console(file=written, width=width, highlight=False).print(report(read, statuses(read)))
    return [line.rstrip() for line in written.getvalue().splitlines()]


def test_a_run_is_a_row_with_its_times_from_now_on() -> None:
    said = {(MONITOR, RUN): check(next_check_at=NOW + timedelta(minutes=4))}
    shown = _shown(readings(instance(success_marker="done"), checks=said))
    assert shown == [
        "2026-03-02T12:00:00Z  us-east-1  1 run of the account: 1 running",
        "",
        "team/dev/runs",
        "run       state    launched  checked  next check  deadline  what",
        "llama-ft  running  3h ago    1m ago   in 4m       in 21h    training",
        "                                                            i-0123456789abcdef0 running, log:",
        "                                                            s3://outputs/runs/llama-ft/runctl/",
    ]


def test_what_is_not_known_is_a_dash_and_a_heartbeat_comes_within_its_interval() -> None:
    row = _shown(readings(instance(), checks={}, logs_since={}))[4]
    assert row.split() == [
        RUN,
        "running",
        "3h",
        "ago",
        "-",
        "within",
        "5m",
        "in",
        "21h",
        "i-0123456789abcdef0",
        "running",
    ]
    row = _shown(readings(instance(), checks={}, logs_since={}, heartbeats=(heartbeat(None),)))[4]
    assert row.split() == [RUN, "running", "3h", "ago", "-", "-", "-", "i-0123456789abcdef0", "running"]


def test_a_run_without_a_deadline_says_so() -> None:
    (beat,) = readings().heartbeats
    assert beat.settings
    endless = heartbeat(replace(beat.settings, max_runtime_hours=0))
    assert " none " in _shown(readings(instance(), heartbeats=(endless,)))[4]


def test_a_run_that_ended_is_named_by_its_outcome_and_has_no_next_check() -> None:
    tags = {"outcome": "failed", "ended_at": before(minutes=40), "reason": "marker training_failed.txt exit code 1"}
    row = _shown(readings(instance("stopped", **tags)))[4]
    assert row.split()[:6] == [RUN, "failed", "3h", "ago", "1m", "ago"]
    assert row.endswith("  ended 40m ago: marker training_failed.txt exit code 1")


def test_a_hold_says_until_when() -> None:
    assert "held until 2026-03-02T14:00:00Z: training" in "\n".join(
        _shown(readings(instance(hold_until=after(hours=2))))
    )


def test_runs_stand_below_their_monitors_and_are_counted_by_state() -> None:
    other = instance(monitor="team/prod/runs", instance_id="i-2")
    shown = _shown(
        readings(instance(), other, heartbeats=(heartbeat(), replace(heartbeat(), monitor="team/prod/runs")))
    )
    assert shown[0].endswith("2 runs of the account: 2 running")
    assert [line for line in shown if line.startswith("team/")] == ["team/dev/runs", "team/prod/runs"]


def test_what_somebody_should_see_to_stands_below_with_its_run() -> None:
    shown = _shown(readings(instance(), heartbeats=(heartbeat(enabled=False),)))
    assert shown[-2] == "Look at"
    assert shown[-1].startswith("llama-ft: its heartbeat is disabled: only the hourly audit checks it.")


def test_what_could_not_be_read_is_told_at_the_end() -> None:
    denied = ReadError("logs:FilterLogEvents", "no", "AccessDeniedException", denied=True)
    shown = " ".join(_shown(readings(instance(), checks={}, logs_since={}, unread=(denied,))))
    assert shown.endswith("AccessDeniedException: no; allow logs:FilterLogEvents, see docs/status.md")


def test_no_runs_are_told_with_the_monitors_that_there_are() -> None:
    assert _shown(readings(heartbeats=())) == ["2026-03-02T12:00:00Z  us-east-1  no runs of the account"]
    asked = readings(instance(), heartbeats=(), scope=Scope.of("", "team/qa"))
    assert _shown(asked) == [
        "2026-03-02T12:00:00Z  us-east-1  no runs of stack team/qa; there are monitors team/dev/runs"
    ]


def test_an_instance_of_no_run_is_shown_too() -> None:
    bare = replace(instance(), tags={})
    shown = _shown(readings(stripped=(bare,), schedules=(switch(),), heartbeats=()))
    assert "?    unwatched" in shown[4]


def test_what_others_wrote_is_no_instruction_to_the_terminal() -> None:
    said = {(MONITOR, "[/bold]"): check("epoch 3 \x1b[31m[bold]", problems=("\x1b]0;title\x07",))}
    shown = "\n".join(_shown(readings(instance(run="[/bold]"), heartbeats=(), checks=said)))
    assert "[/bold]  unwatched" in shown
    assert "epoch 3  [31m[bold]" in shown
    assert "\x1b" not in shown


def test_everything_is_there_on_a_narrow_terminal() -> None:
    tags = {"success_marker": "done", "armed": f"{after(hours=2)} stop by x"}
    read = readings(instance(**tags))
    wide, narrow = ("".join("".join(_shown(read, width)).split()) for width in (200, 60))
    assert sorted(wide) == sorted(narrow)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0s"), (45, "45s"), (300, "5m"), (7_800, "2h10m"), (7_200, "2h"), (273_600, "3d4h"), (86_400, "1d")],
)
def test_a_duration_has_its_two_largest_units(seconds: float, words: str) -> None:
    assert short(seconds) == words
