"""Checking args: pure, everything at once, plain values as soon as the program runs."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any, cast

import pulumi

from monitor_runtime import names, rules
from monitor_runtime.rules import Problem, Rule
from monitor_runtime.settings import Settings, combination_problems, parse
from runctl_component.errors import InvalidArgs
from runctl_component.run_rules import (
    MAX_NAME_CHARACTERS,
    MAX_TAG_VALUE_CHARACTERS,
    PLAIN,
    REQUIRED,
    RESOLVED_RULES,
    RUN_RULES,
    combinations,
)

PLACEHOLDER_INSTANCE_ID = "i-00000000000000000"
"""Stands for the instance where settings are only looked at, as for the plan at preview."""
MAX_EVENT_INPUT_BYTES = 8192

_SETTINGS_FIELDS = {field.name for field in fields(Settings)} - {"run", "monitor", "instance_ids"}
_SETTINGS_DEFAULTS = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}


def has_output(value: object) -> bool:
    """Whether a value, or anything within it, is known only when the engine says so."""
    if isinstance(value, Mapping):
        return any(has_output(entry) for entry in cast("Mapping[object, object]", value).values())
    if isinstance(value, list | tuple):
        return any(has_output(entry) for entry in cast("list[object]", value))
    return isinstance(value, pulumi.Output) or hasattr(value, "__await__")


def unknown_keys(values: Mapping[str, object], known: Mapping[str, Rule] | tuple[str, ...]) -> Iterator[Problem]:
    """Keys that nobody reads: most often a known one, misspelled."""
    for key in values:
        if key not in known:
            near = get_close_matches(str(key), list(known), n=1, cutoff=0.5)
            fix = f"did you mean {near[0]}?" if near else f"remove it; there are: {', '.join(sorted(known))}"
            yield Problem(str(key), values[key], "a known arg", fix)


def run_name_problems(name: object) -> Iterator[Problem]:
    """Whether all that is named after a run can be."""
    yield from rules.run_name("name", name)
    if isinstance(name, str) and len(name) > MAX_NAME_CHARACTERS:
        accepted = f"at most {MAX_NAME_CHARACTERS} characters, since roles and event rules are named after it"
        yield Problem("name", name, accepted, f"shorten it by {len(name) - MAX_NAME_CHARACTERS}")


def check_early(name: str, args: Mapping[str, Any], *, subject: str | None = None) -> None:
    """Check what is known when the program runs, before anything is registered.

    Raises:
        InvalidArgs: with every problem of the name, the keys and the plain values.
    """
    problems = [*run_name_problems(name)]
    if not isinstance(args, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - programs need not be typed
        raise InvalidArgs(
            subject or f"TrainingRun {name!r}",
            [*problems, Problem("args", args, "an object of args", "pass a dict with at least bucket and command")],
        )
    given = {key: value for key, value in args.items() if value is not None}
    plain = {key: value for key, value in given.items() if not has_output(value)}
    problems.extend(
        Problem(field, "an Output", "a plain value", "decide it in the program or its config")
        for field in PLAIN
        if field in given and field not in plain
    )
    if len(plain) == len(given):
        problems += _all_problems(name, plain, RUN_RULES)
    else:
        problems += _field_problems(given, plain, RUN_RULES)
        problems += [problem for problem in combinations(given) if not has_output(problem.got)]
    if problems:
        raise InvalidArgs(subject or f"TrainingRun {name!r}", problems)


def check_resolved(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check and complete args whose Outputs have resolved; returns them with their defaults.

    Raises:
        InvalidArgs: with every problem.
    """
    given = {key: value for key, value in values.items() if value is not None}
    problems = _all_problems(name, given, RESOLVED_RULES)
    if problems:
        raise InvalidArgs(f"TrainingRun {name!r}", problems)
    return complete(name, given)


def complete(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The args of a run with the defaults that depend on other args."""
    ending = "terminate" if given.get("spot") == "one-time" else "stop"
    return {
        **_SETTINGS_DEFAULTS,
        "instance_type": "g5.xlarge",
        "root_volume_gib": 100,
        "environment": {},
        "tags": {},
        "on_complete": ending,
        "on_failure": ending,
        "on_deadline": ending,
        **given,
        "prefix": normal_prefix(given.get("prefix", name)),
    }


def normal_prefix(prefix: object) -> Any:
    """With the slash at its end that makes it a folder; what is no string is left for its rule to refuse."""
    return f"{prefix.rstrip('/')}/" if isinstance(prefix, str) and prefix.strip("/") else prefix


def to_settings(name: str, monitor: str, checked: Mapping[str, Any]) -> Settings:
    """The settings of a run whose args were checked, before its instance is known."""
    document = {key: value for key, value in checked.items() if key in _SETTINGS_FIELDS}
    instance_ids = [PLACEHOLDER_INSTANCE_ID]
    settings, _ = parse({"version": 1, "run": name, "monitor": monitor, "instance_ids": instance_ids, **document})
    return settings


def _all_problems(name: object, given: Mapping[str, Any], field_rules: Mapping[str, Rule]) -> list[Problem]:
    problems = [*_field_problems(given, given, field_rules), *combinations(given)]
    if problems:
        return problems
    completed = complete("r" * MAX_NAME_CHARACTERS, given)
    problems = [*combination_problems(completed), *_output_problems(name, given)]
    if problems:
        return problems
    size = len(to_settings("r" * MAX_NAME_CHARACTERS, "m" * 100, completed).to_json().encode())
    if size > MAX_EVENT_INPUT_BYTES:
        accepted = f"settings of at most {MAX_EVENT_INPUT_BYTES} bytes"
        return [Problem("expected_outputs", f"{size} bytes of settings", accepted, "use fewer, shorter patterns")]
    return []


def _output_problems(name: object, given: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether bucket and prefix together fit in the tag by which an S3 event finds the instance."""
    prefix = normal_prefix(given.get("prefix", name))
    size = len(names.output_tag(given["bucket"], prefix))
    if size > MAX_TAG_VALUE_CHARACTERS:
        yield Problem(
            "prefix",
            prefix,
            f"at most {MAX_TAG_VALUE_CHARACTERS} characters together with bucket and the slash between (a tag's value)",
            f"shorten it by {size - MAX_TAG_VALUE_CHARACTERS}",
        )


def _field_problems(
    given: Mapping[str, Any], plain: Mapping[str, Any], field_rules: Mapping[str, Rule]
) -> Iterator[Problem]:
    yield from unknown_keys(given, RUN_RULES)
    for field in REQUIRED:
        if field not in given:
            yield Problem(field, None, "a value", f"add {field}")
    for field, value in plain.items():
        if field in field_rules:
            yield from field_rules[field](field, normal_prefix(value) if field == "prefix" else value)
