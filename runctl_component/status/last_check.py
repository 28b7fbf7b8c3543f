"""What the last check of each run saw and decided, by the lines of the monitor's log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from monitor_runtime.contract.times import parse_time
from runctl_component.status.values import LogLine

PATTERN = '{ ($.message = "check") || ($.message = "check failed") }'
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""
FAILED = "failed"
"""The decision of a check that raised an error before it decided."""


@dataclass(frozen=True, slots=True)
class LastCheck:
    """One check; ``at`` is when it began, by the monitor's own words."""

    at: datetime
    trigger: str = ""
    decision: str = ""
    reason: str = ""
    instance_id: str | None = None
    """Which of the run's instances the decision is about."""
    next_check_at: datetime | None = None
    unmet: tuple[str, ...] = ()
    seen: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def about(self, instance_id: str | None) -> LastCheck | None:
        """The same check as far as it is about that instance; None when it was about others alone."""
        if instance_id is None or self.instance_id in {None, instance_id}:
            return self
        for sentence in self.seen:
            name, _, said = sentence.partition(": ")
            if name == instance_id:
                decision, _, reason = said.partition(": ")
                return replace(self, instance_id=instance_id, decision=decision, reason=reason, unmet=())
        return None


def last_checks(lines: Iterable[LogLine]) -> Mapping[str, LastCheck]:
    """The newest check of each run. Lines that are of another form are passed over."""
    found: dict[str, tuple[str, LastCheck]] = {}
    for line in sorted(lines, key=lambda entry: entry.at):
        run, request_id, check = _read(line)
        if run and check:
            earlier_id, earlier = found.get(run, ("", None))
            if earlier and check.decision == FAILED and request_id == earlier_id:
                check = _with_problem(earlier, check.reason)
            found[run] = (request_id, check)
    return {run: check for run, (_, check) in found.items()}


def _with_problem(check: LastCheck, error: str) -> LastCheck:
    """A check that decided, and then failed to do it: it tells of that itself, or is told so."""
    return check if error in check.problems else replace(check, problems=(*check.problems, error))


def _read(line: LogLine) -> tuple[str, str, LastCheck | None]:
    """The run, the request and the check of a line; empty or None where it has none."""
    try:
        document: object = json.loads(line.text)
    except ValueError:
        document = None
    entry = _mapping(document)
    run, request_id = _text(entry.get("run")), _text(entry.get("function_request_id"))
    if entry.get("message") == "check failed":
        return run, request_id, LastCheck(line.at, decision=FAILED, reason=_text(entry.get("error")))
    check = _mapping(entry.get("check"))
    if entry.get("message") != "check" or not check:
        return run, request_id, None
    return (
        run,
        request_id,
        LastCheck(
            at=_time(check.get("at")) or line.at,
            trigger=_text(check.get("trigger")),
            decision=_text(check.get("decision")),
            reason=_text(check.get("reason")),
            instance_id=_text(_mapping(check.get("instance")).get("id")) or None,
            next_check_at=_time(check.get("next_check_at")),
            unmet=_texts(check.get("unmet")),
            seen=_texts(check.get("seen")),
            problems=_texts(check.get("problems")),
        ),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(entry) for entry in cast("list[object]", value)) if isinstance(value, list) else ()


def _time(value: object) -> datetime | None:
    return parse_time(value) if isinstance(value, str) else None
