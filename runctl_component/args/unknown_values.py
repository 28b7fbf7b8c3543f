"""Values that only the engine knows: finding them among args, and looking at what of them is known already."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, cast

import pulumi

from monitor_runtime.contract.rules import Problem, Rule, leaves

STILL_UNKNOWN = object()
"""Unlike ``pulumi.UNKNOWN``, it does not make an Output unknown that holds it."""


def has_output(value: object) -> bool:
    """Whether a value, or anything within it, is known only when the engine says so."""
    if isinstance(value, Mapping):
        return any(has_output(entry) for entry in cast("Mapping[object, object]", value).values())
    if isinstance(value, list | tuple):
        return any(has_output(entry) for entry in cast("list[object]", value))
    return isinstance(value, pulumi.Output) or value is STILL_UNKNOWN or hasattr(value, "__await__")


def known_problems(field: str, value: object, rule: Rule) -> Iterator[Problem]:
    """What a rule finds wrong with a value, but for what is known only when the engine says so."""
    unknown = {path for path, leaf in leaves(field, value) if has_output(leaf)}
    yield from (problem for problem in rule(field, value) if problem.field not in unknown)


def decided_late(values: Mapping[str, Any], plain: Iterable[str]) -> Iterator[Problem]:
    """The args among ``plain`` that are Outputs: on these it depends which resources there are."""
    for field in plain:
        if has_output(values.get(field)):
            fix = "decide it in the program or its config"
            yield Problem(field, found="an Output", accepted="a plain value", fix=fix)


def absent_problems(values: Mapping[str, Any], present: Iterable[str]) -> Iterator[Problem]:
    """The args among ``present`` whose Outputs have resolved to None: on their presence it depends what there is."""
    for field in present:
        if field in values and values[field] is None:
            fix = f"leave {field} out when there is none"
            accepted = "a value, for what is created depends on it"
            yield Problem(field, found="an Output of None", accepted=accepted, fix=fix)


def wrong_value(field: str, value: object, *, accepted: str, fix: str) -> Problem:
    """The problem of a value that is of a wrong kind, or misplaced; an Output has nothing to show."""
    if has_output(value):
        return Problem(field, found="an Output", accepted=accepted, fix=fix)
    return Problem(field, got=value, accepted=accepted, fix=fix)


def known_text(value: object) -> str | None:
    """A text that is known when the program runs."""
    return value if isinstance(value, str) else None


def shown_text(value: object) -> pulumi.Output[str | None]:
    """A text that may be shown to people: known in every preview, and None where it is still unknown, or a secret."""
    output = pulumi.Output.from_input(value)

    def look(known: list[Any]) -> str | None:
        text, is_secret = known
        return None if is_secret else known_text(text)

    return pulumi.Output.all(as_known(output), output.is_secret()).apply(look)


def plain_containers(value: object) -> Any:
    """Dicts and lists in place of other mappings and of tuples, in which alone Pulumi finds Outputs; and no enums."""
    if isinstance(value, Mapping):
        return {key: plain_containers(entry) for key, entry in cast("Mapping[object, object]", value).items()}
    if isinstance(value, list | tuple):
        return [plain_containers(entry) for entry in cast("list[object]", value)]
    return cast("object", value.value) if isinstance(value, Enum) else value


def without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    """What was given: None means that it was not."""
    return {key: value for key, value in values.items() if value is not None}


def as_known(output: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Known in every preview, and no secret: the value, or `STILL_UNKNOWN` in its place. Only to look at."""

    def look(value: object) -> object:
        return STILL_UNKNOWN if pulumi.contains_unknowns(value) else value

    return pulumi.Output.unsecret(output.apply(look, run_with_unknowns=True))
