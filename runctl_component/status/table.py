"""The status as people read it: a table for each monitor, then what somebody should see to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.wording import few
from runctl_component.status.readings import Readings, sentence
from runctl_component.status.run_status import HeartbeatState, RunState, RunStatus

_STYLES = {
    RunState.UNWATCHED: "bold red",
    RunState.REFUSED: "bold red",
    RunState.KEPT: "yellow",
    RunState.HELD: "magenta",
    RunState.COMPLETING: "cyan",
    RunState.RUNNING: "green",
    RunState.STARTING: "green",
    RunState.ENDING: "cyan",
    RunState.UNKNOWN: "yellow",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def report(read: Readings, found: Sequence[RunStatus]) -> RenderableType:
    """All of it."""
    return Group(*_parts(read, found))


def _parts(read: Readings, found: Sequence[RunStatus]) -> Iterator[RenderableType]:
    yield Text(f"{format_time(read.at)}  {read.region}  {_summary(read, found)}", style="bold")
    for monitor, group in groupby(found, key=lambda status: status.monitor):
        statuses = list(group)
        yield Text(f"\n{monitor or 'of no monitor that is known'}", style="bold")
        yield _table(statuses, read.at)
    problems = [(status, problem) for status in found for problem in status.problems]
    if problems:
        yield Text("\nLook at", style="bold")
    for status, problem in problems:
        named = Text(f"{status.run or status.instance_id}: ", style="bold")
        yield Text.assemble(named, _plain(problem), style="yellow")
    for error in read.unread:
        yield Text(f"\n{sentence(error)}", style="yellow")


def _summary(read: Readings, found: Sequence[RunStatus]) -> str:
    if not found:
        others = sorted({instance.monitor for instance in read.instances or ()} - {""})
        hint = f"; there are monitors {few(others)}" if others else ""
        return f"no runs of {read.scope.words}{hint}"
    counts = Counter(status.state for status in found)
    runs = len({(status.monitor, status.run) for status in found})
    words = ", ".join(f"{counts[state]} {state}" for state in RunState if counts[state])
    return f"{runs:,} run{'' if runs == 1 else 's'} of {read.scope.words}: {words}"


def _table(statuses: Sequence[RunStatus], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("run", "state", "launched", "checked", "next check", "deadline"):
        table.add_column(heading, no_wrap=heading != "run", overflow="fold")
    table.add_column("what", ratio=1, overflow="fold")
    for status in statuses:
        table.add_row(
            _plain(status.run or "?"),
            _state(status),
            ago(status.launched_at, now),
            ago(status.last_check.at if status.last_check else None, now),
            _next_check(status, now),
            _deadline(status, now),
            _what(status, now),
        )
    return table


def _state(status: RunStatus) -> Text:
    if status.outcome and status.state in {RunState.ENDED, RunState.ENDING}:
        return Text(status.outcome, style="green" if status.outcome == Outcome.SUCCEEDED else "red")
    return Text(status.state, style=_STYLES.get(status.state, "dim"))


def _next_check(status: RunStatus, now: datetime) -> str:
    """Where nothing tells when it is, the heartbeat comes within its interval."""
    if status.state in {RunState.ENDED, RunState.ENDING, RunState.GONE}:
        return ""
    if status.next_check_at is None and status.heartbeat is HeartbeatState.ENABLED and status.check_every_seconds:
        return f"within {short(status.check_every_seconds)}"
    return ahead(status.next_check_at, now)


def _deadline(status: RunStatus, now: datetime) -> str:
    if status.state in {RunState.ENDED, RunState.ENDING, RunState.GONE}:
        return ""
    return "none" if status.has_deadline is False else ahead(status.deadline_at, now)


def _what(status: RunStatus, now: datetime) -> Text:
    held = f"held until {format_time(status.hold_until)}" if status.hold_until else ""
    ended = f"ended {ago(status.ended_at, now)}" if status.ended_at and status.state is RunState.ENDED else ""
    said = ": ".join(part for part in (ended or held, status.reason) if part)
    where = " ".join(part for part in (status.instance_id, status.instance_state) if part)
    log = ", ".join(part for part in (where, "log:") if part) if status.log_uri else where
    lines = [said, log, status.log_uri or ""]
    kept = [_plain(line) for line in lines if line]
    return Text("\n").join([*kept[:1], *(Text(line.plain, style="dim") for line in kept[1:])])


def _plain(text: str) -> Text:
    """What others wrote: neither rich nor the terminal takes anything in it for an instruction."""
    return Text("".join(sign if sign.isprintable() else " " for sign in text))


def short(seconds: float) -> str:
    """In the two largest units that it has: ``45s``, ``5m``, ``2h10m``, ``3d4h``."""
    whole = max(0, round(seconds))
    for unit, smaller, letters in ((_DAY, _HOUR, "dh"), (_HOUR, _MINUTE, "hm")):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit}{letters[0]}" + (f"{rest}{letters[1]}" if rest else "")
    return f"{whole // _MINUTE}m" if whole >= _MINUTE else f"{whole}s"


def ago(moment: datetime | None, now: datetime) -> str:
    """How long ago that was; a dash where it is not known."""
    return f"{short((now - moment).total_seconds())} ago" if moment else "-"


def ahead(moment: datetime | None, now: datetime) -> str:
    """In how long it will be, or how long ago it was; a dash where it is not known."""
    if moment is None or moment >= now:
        return f"in {short((moment - now).total_seconds())}" if moment else "-"
    return ago(moment, now)
