"""To which args a problem belongs, and which of them it may show."""

from collections.abc import Collection
from dataclasses import replace

from monitor_runtime.contract.rules import Problem


def field_of(problem: Problem) -> str:
    """The arg to which a problem belongs: ``markers`` of ``markers[0]``."""
    return problem.field.partition(".")[0].partition("[")[0]


def fields_touched(problem: Problem) -> set[str]:
    """The args on which a problem of a combination rests."""
    return {field_of(problem), *problem.touches}


def without_secrets(problem: Problem, secret: Collection[str]) -> Problem:
    """A problem may show the value of its own field, and that of a field which it contradicts; its words, of both."""
    hidden = fields_touched(problem) & set(secret)
    if hidden - {field_of(problem)}:
        problem = replace(problem, accepted=f"what fits {', '.join(sorted(hidden))}")
    return problem.without_value() if field_of(problem) in secret or (hidden and problem.found) else problem
