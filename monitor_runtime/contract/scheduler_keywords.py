"""What EventBridge Scheduler replaces in the input of a schedule: settings that had it would arrive as others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from monitor_runtime.contract.rules import Problem, Rule

KEYWORD = "<aws."
"""How each keyword begins, and future ones may:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


def without_keywords(inner: Rule) -> Rule:
    """What ``inner`` accepts, with no keyword in any of its texts."""

    def rule(field: str, value: object) -> Iterator[Problem]:
        problems = [*inner(field, value)]
        yield from problems
        refused = {problem.field for problem in problems}
        for place, text in _texts(field, value):
            if KEYWORD in text.lower() and place not in refused:
                yield Problem(
                    place,
                    got=text,
                    accepted=f"a text without {KEYWORD}",
                    fix="rename it: EventBridge Scheduler, whose schedules carry the settings, replaces keywords like"
                    " <aws.scheduler.attempt-number>",
                )

    return rule


def _texts(field: str, value: object) -> Iterator[tuple[str, str]]:
    """Each string of a value, with its path."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, Mapping):
        for key, entry in cast("Mapping[object, object]", value).items():
            yield from _texts(f"{field}.{key}", entry)
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(cast("Sequence[object]", value)):
            yield from _texts(f"{field}[{index}]", entry)
