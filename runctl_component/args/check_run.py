"""Checking args: pure, everything at once, plain values as soon as the program runs."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pulumi

from monitor_runtime.contract.rules import Problem, Rule, key_prefix
from monitor_runtime.contract.settings import combination_problems
from runctl_component.args.arn_rules import Place, key_place_problems
from runctl_component.args.checked_args import CheckedArgs, Requirement
from runctl_component.args.defaults import complete, default_prefix
from runctl_component.args.key_rules import name_problems, unknown_keys
from runctl_component.args.monitor_handle import read_handle
from runctl_component.args.problem_fields import field_of, fields_touched
from runctl_component.args.run_combinations import combinations, written_marker_problems
from runctl_component.args.run_rules import (
    LENGTH_IS_PLAIN,
    MAX_NAME_CHARACTERS,
    PLAIN,
    PRESENCE_IS_PLAIN,
    REQUIRED,
    RESOLVED_RULES,
    RUN_RULES,
)
from runctl_component.args.size_limits import LONGEST_MONITOR, missing_prefix, size_problems
from runctl_component.args.unknown_values import (
    absent_problems,
    decided_late,
    has_output,
    known_problems,
    plain_containers,
    without_none,
)
from runctl_component.errors import InvalidArgs


def checked_run(name: str, args: Mapping[str, Any], *, monitor: str) -> CheckedArgs:
    """The args of a run whose monitor has that tag, checked now as far as they are plain.

    Raises:
        InvalidArgs: with every problem of the name, the keys and the plain values.
    """
    given = check_early(name, args, monitor=monitor)
    check_resolved = partial(resolved_problems, name, monitor, _rules_once_resolved(given))
    return CheckedArgs(f"TrainingRun {name!r}", given, check_resolved, partial(complete, name))


def _rules_once_resolved(given: Mapping[str, Any]) -> Mapping[str, Rule]:
    """Those for what the engine gives are for the Outputs alone: what is plain was checked, and stays what it is."""
    return {field: RESOLVED_RULES[field] if has_output(given.get(field)) else RUN_RULES[field] for field in RUN_RULES}


def check_early(name: str, args: Mapping[str, Any], *, monitor: str = LONGEST_MONITOR) -> dict[str, Any]:
    """Check what is known when the program runs, before anything is registered; returns what was given.

    ``monitor`` is the tag of the run's monitor, which counts in the size of a heartbeat, unless ``args`` have a handle.

    Raises:
        InvalidArgs: with every problem of the name, the keys and the plain values.
    """
    of_name = [*name_problems(name, MAX_NAME_CHARACTERS)]
    if not isinstance(args, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - programs need not be typed
        problem = Problem(
            "args", got=args, accepted="an object of args", fix="pass a dict with at least bucket and command"
        )
        raise InvalidArgs(f"TrainingRun {name!r}", [*of_name, problem])
    given = _from_here(without_none(plain_containers(args)))
    must_be_plain = [*decided_late(given, PLAIN)]
    must_be_plain += [
        Problem(field, found="an Output", accepted="a list, whose entries may be Outputs", fix="list them one by one")
        for field in LENGTH_IS_PLAIN
        if field in given and has_output(given[field]) and not isinstance(given[field], list)
    ]
    usable = "r" * MAX_NAME_CHARACTERS if of_name else name
    problems = [*of_name, *must_be_plain, *_problems(usable, given, monitor, RUN_RULES)]
    if problems:
        raise InvalidArgs(f"TrainingRun {name!r}", problems)
    return given


def _from_here(given: dict[str, Any]) -> dict[str, Any]:
    """With the folder of code in full: it is read when Outputs have resolved, and the program may be elsewhere then."""
    code = given.get("code")
    return {**given, "code": str(Path.cwd() / code)} if isinstance(code, str) and code.strip() else given


def resolved_problems(
    name: str, monitor: str, field_rules: Mapping[str, Rule], values: Mapping[str, Any]
) -> list[Problem]:
    """What is wrong with args whose Outputs have resolved, those that are still unknown excepted."""
    absent = absent_problems(values, PRESENCE_IS_PLAIN)
    return [*absent, *_problems(name, without_none(values), monitor, field_rules)]


def require_key_in_place(checked: CheckedArgs, partition: pulumi.Output[str], region: pulumi.Output[str]) -> None:
    """Let nothing be launched that could not write: refuse a key of another region than the run's."""

    def check(args: Mapping[str, Any], here: Mapping[str, str]) -> Iterator[Problem]:
        if args.get("kms_key_arn") is not None:
            yield from key_place_problems("kms_key_arn", args["kms_key_arn"], Place(**here))

    if "kms_key_arn" in checked:
        here = pulumi.Output.all(partition=partition, region=region)
        checked.require(Requirement(("kms_key_arn",), here, check))


def _problems(name: str, given: Mapping[str, Any], monitor: str, field_rules: Mapping[str, Rule]) -> list[Problem]:
    """All of them, as far as values are known; a rule that looks at one that is unknown, or wrong, is left out."""
    wrong = [*_field_problems(given, field_rules), *_default_prefix_problems(name, given)]
    refused = {field_of(problem) for problem in wrong}
    sound = {field: value for field, value in given.items() if field in RUN_RULES and field not in refused}
    known = {field: value for field, value in sound.items() if not has_output(value)}
    completed = complete(name, known)
    contradictions = [
        problem
        for problem in (
            *combination_problems(completed),
            *(written_marker_problems(completed) if "command" in given else ()),
        )
        if not any(field in given and field not in known for field in fields_touched(problem))
    ]
    misplaced = [
        problem
        for problem in combinations(given)
        if not any(_may_be_absent(given, field) for field in fields_touched(problem))
    ]
    measured = {**sound, "prefix": ""} if "prefix" in refused else sound
    tag = _monitor_of(sound.get("monitor")) if "monitor" in given else monitor
    return [*wrong, *misplaced, *contradictions, *size_problems(name, measured, tag)]


def _monitor_of(handle: object) -> str:
    """The tag of the monitor behind a sound handle; what is unknown counts at its longest."""
    return read_handle(handle).monitor if isinstance(handle, str) else LONGEST_MONITOR


def _may_be_absent(given: Mapping[str, Any], field: str) -> bool:
    """An Output can still turn out to be None, unlike a list or an object with one in it.

    What starts the training is decided when the program runs.
    """
    value = given.get(field)
    return field != "command" and has_output(value) and not isinstance(value, dict | list)


def _default_prefix_problems(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether the names of project, stack and run make a prefix: Pulumi takes longer ones, and others."""
    if "prefix" not in given:
        default = default_prefix(name)
        for problem in key_prefix("prefix", default):
            yield missing_prefix(default, problem.accepted, f"set it, for example to runs/{name}")


def _field_problems(given: Mapping[str, Any], field_rules: Mapping[str, Rule]) -> Iterator[Problem]:
    yield from unknown_keys(given, RUN_RULES)
    for field in REQUIRED:
        if field not in given:
            yield Problem(field, found="missing", accepted="a value", fix=f"add {field}")
    for field, value in given.items():
        if field in field_rules:
            yield from known_problems(field, value, field_rules[field])
