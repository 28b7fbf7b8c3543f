"""Errors of a program's, as Pulumi shows them to a user of another language: by property, without a traceback."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pulumi.errors import InputPropertyErrorDetails

from monitor_runtime.contract.rules import Problem
from runctl_component.errors import InvalidArgs, RunctlError
from runctl_component.provider.names import Shape, in_prose, property_path


@dataclass(frozen=True)
class Refusal:
    """What the engine is told: it shows the message, and below it each property with its value and the reason."""

    message: str
    properties: list[InputPropertyErrorDetails]


def refusal(error: RunctlError, shape: Shape, names: Collection[str]) -> Refusal:
    """An error in words of other languages. ``shape`` is that of the component's args, ``names`` are all of Python's.

    The engine shows the value of each property that it is told of. What our own words do not show, since it may be a
    secret, is therefore told within the message.
    """
    if not isinstance(error, InvalidArgs):
        return Refusal(in_prose(str(error), names), [])
    message = str(error).partition("\n")[0]
    properties: list[InputPropertyErrorDetails] = []
    for problem in error.problems:
        path = property_path(problem.field, shape)
        reason = _reason(problem, names)
        if path is None or problem.found:
            message += f"\n\t\t- property {path or in_prose(problem.field, names)} has a problem: {reason}"
        else:
            properties.append({"property_path": path, "reason": reason})
    return Refusal(message, properties)


def _reason(problem: Problem, names: Collection[str]) -> str:
    """Without the field; the value that was got is left as it is."""
    translated = replace(
        problem,
        found=in_prose(problem.found, names),
        accepted=in_prose(problem.accepted, names),
        fix=in_prose(problem.fix, names),
    )
    return str(translated).removeprefix(f"{problem.field}: ")


def refused_by(error: BaseException | None) -> RunctlError | None:
    """The error of ours behind one of Pulumi's: that of an Output comes wrapped in errors of what waits for it."""
    while error is not None and not isinstance(error, RunctlError):
        error = error.__cause__ or error.__context__
    return error
