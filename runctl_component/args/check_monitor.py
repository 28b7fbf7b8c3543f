"""Checking the args of a monitor: what is plain at once, Outputs when they resolve."""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor_runtime.contract.rules import Problem
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.defaults import DEFAULT_RETENTION_DAYS, DEFAULT_SILENCE_MINUTES
from runctl_component.args.key_rules import name_problems, unknown_keys
from runctl_component.args.monitor_rules import (
    MAX_NAME_CHARACTERS,
    MONITOR_RULES,
    RESOLVED_MONITOR_RULES,
)
from runctl_component.args.unknown_values import has_output, plain_containers, without_none
from runctl_component.args.watched import Watched
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
    problems.extend(
        Problem(field, found="an Output", accepted="a plain value", fix="decide it in the program or its config")
        for field in ("s3_events", "markers")
        if has_output(given.get(field))
    )
    for field, value in given.items():
        if field in MONITOR_RULES and (field == "watch" or not has_output(value)):
            problems += MONITOR_RULES[field](field, value)
    if problems:
        raise InvalidArgs(f"Monitor {name!r}", problems)
    return given


def topic_problems(topic_arn: str | None, region: str) -> Iterator[Problem]:
    """Whether the monitor can publish to a topic: SNS and CloudWatch take none of another region."""
    if topic_arn is None:
        return
    parts = topic_arn.split(":")
    if parts[2:3] == ["sns"] and parts[3:4] != [region]:
        fix = "create a topic there, and let it pass on what it gets"
        yield Problem(
            "notify_topic_arn", got=topic_arn, accepted=f"a topic in {region}, the region of the monitor", fix=fix
        )
