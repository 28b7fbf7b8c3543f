"""Checking the args of a monitor: what is plain at once, Outputs when they resolve."""

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from monitor_runtime.contract.rules import Problem
from runctl_component.args.arn_rules import Place, key_place_problems, topic_place_problems
from runctl_component.args.checked_args import CheckedArgs, Requirement
from runctl_component.args.defaults import DEFAULT_RETENTION_DAYS, DEFAULT_SILENCE_MINUTES
from runctl_component.args.key_rules import name_problems, unknown_keys
from runctl_component.args.monitor_handle import Watched
from runctl_component.args.monitor_rules import (
    MAX_NAME_CHARACTERS,
    MONITOR_RULES,
    PLAIN,
    RESOLVED_MONITOR_RULES,
)
from runctl_component.args.run_combinations import topic_key_problems
from runctl_component.args.unknown_values import decided_late, has_output, plain_containers, without_none
from runctl_component.errors import InvalidArgs


def checked_monitor(name: str, args: Mapping[str, Any]) -> CheckedArgs:
    """The args of a monitor, checked now as far as they are plain.

    Raises:
        InvalidArgs: with every problem of the name, the keys and the plain values.
    """
    given = check_monitor(name, args)
    return CheckedArgs(f"Monitor {name!r}", given, _resolved_problems, _complete, independent=True)


def _resolved_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    for field, value in without_none(values).items():
        if not has_output(value):
            yield from RESOLVED_MONITOR_RULES[field](field, value)


def _complete(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "log_retention_days": DEFAULT_RETENTION_DAYS,
        "silence_minutes": DEFAULT_SILENCE_MINUTES,
        **given,
        "watch": [Watched.of(entry) for entry in given.get("watch", ())],
    }


def check_monitor(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Check what is known when the program runs; returns what was given.

    Raises:
        InvalidArgs: with every problem.
    """
    if not isinstance(args, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - programs need not be typed
        problem = Problem("args", got=args, accepted="an object of args", fix="pass a dict with at least watch")
        raise InvalidArgs(f"Monitor {name!r}", [problem])
    given = without_none(plain_containers(args))
    problems = [*name_problems(name, MAX_NAME_CHARACTERS), *unknown_keys(given, MONITOR_RULES)]
    if "watch" not in given:
        problems.append(
            Problem(
                "watch", found="missing", accepted="a list of buckets", fix="name the buckets to which the runs write"
            )
        )
    if not has_output(given.get("notify_key_arn")):
        problems += topic_key_problems(given)
    problems += decided_late(given, PLAIN)
    for field, value in given.items():
        if field in MONITOR_RULES and (field == "watch" or not has_output(value)):
            problems += MONITOR_RULES[field](field, value)
    if problems:
        raise InvalidArgs(f"Monitor {name!r}", problems)
    return given


def require_place(checked: CheckedArgs, partition: pulumi.Output[str], region: pulumi.Output[str]) -> None:
    """Let nothing through the gate of a monitor whose topic or keys are elsewhere: in a preview too, if they are known.

    Each arg for itself, so that one that is unknown hides nothing of the others.
    """
    here = pulumi.Output.all(partition=partition, region=region)
    requirements = {"watch": _watch_place, "notify_topic_arn": _topic_place, "notify_key_arn": _topic_key_place}
    checked.require(*(Requirement((field,), here, check) for field, check in requirements.items() if field in checked))


def _watch_place(args: Mapping[str, Any], here: Mapping[str, str]) -> Iterator[Problem]:
    for index, entry in enumerate(args["watch"]):
        if entry.kms_key_arn is not None:
            yield from key_place_problems(f"watch[{index}].kms_key_arn", entry.kms_key_arn, Place(**here))


def _topic_place(args: Mapping[str, Any], here: Mapping[str, str]) -> Iterator[Problem]:
    if args.get("notify_topic_arn") is not None:
        yield from topic_place_problems("notify_topic_arn", args["notify_topic_arn"], Place(**here))


def _topic_key_place(args: Mapping[str, Any], here: Mapping[str, str]) -> Iterator[Problem]:
    if args.get("notify_key_arn") is not None:
        yield from key_place_problems("notify_key_arn", args["notify_key_arn"], Place(**here), of="the topic")
