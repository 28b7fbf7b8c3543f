"""Checking the args of a monitor: what is plain at once, Outputs when they resolve."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi

from monitor_runtime.contract.rules import Problem
from runctl_component.args.declared import WatchArgs
from runctl_component.args.defaults import normal_prefix
from runctl_component.args.key_rules import name_problems, unknown_keys
from runctl_component.args.monitor_rules import (
    MAX_NAME_CHARACTERS,
    MONITOR_RULES,
    RESOLVED_MONITOR_RULES,
    Watched,
    watch_list,
)
from runctl_component.args.unknown_values import has_output, plain_containers, without_none
from runctl_component.errors import InvalidArgs


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


def read_arg(name: str, given: Mapping[str, Any], field: str, default: Any) -> Any:
    """An arg of a monitor, or its default: plain when it is, else checked when it has resolved."""

    def read(value: object) -> object:
        problems = [] if value is None else [*RESOLVED_MONITOR_RULES[field](field, value)]
        if problems:
            raise InvalidArgs(f"Monitor {name!r}", problems)
        return default if value is None else value

    value = given.get(field, default)
    return pulumi.Output.from_input(value).apply(read) if has_output(value) else value


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


def read_watch(name: str, watch: Sequence[WatchArgs]) -> list[Watched] | pulumi.Output[list[Watched]]:
    """The entries of ``watch``: plain when all of them are, else when they have resolved, and checked again then."""

    def read(entries: list[dict[str, Any]]) -> list[Watched]:
        problems = [*watch_list("watch", entries)]
        if problems:
            raise InvalidArgs(f"Monitor {name!r}", problems)
        return [
            Watched(entry["bucket"], normal_prefix(entry.get("prefix") or ""), entry.get("kms_key_arn"))
            for entry in entries
        ]

    given: list[Any] = [without_none(entry) for entry in watch]
    return pulumi.Output.from_input(given).apply(read) if has_output(given) else read(given)
