"""What EventBridge Scheduler replaces in the input of a schedule: settings that had it would arrive as others."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.contract.rules import Problem, Rule, leaves

KEYWORD = "<aws."
"""How each keyword begins, and future ones may:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


def without_keywords(inner: Rule) -> Rule:
    """What ``inner`` accepts, with no keyword in any of its texts."""

    def rule(field: str, value: object) -> Iterator[Problem]:
        problems = [*inner(field, value)]
        yield from problems
        refused = {problem.field for problem in problems}
        for place, text in leaves(field, value):
            if isinstance(text, str) and KEYWORD in text.lower() and place not in refused:
                yield Problem(
                    place,
                    got=text,
                    accepted=f"a text without {KEYWORD}",
                    fix="rename it: EventBridge Scheduler, whose schedules carry the settings, replaces keywords like"
                    " <aws.scheduler.attempt-number>",
                )

    return rule
