"""Rules for the args of a monitor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import pulumi

from monitor_runtime.contract import rules
from monitor_runtime.contract.rules import Problem, Rule
from monitor_runtime.contract.settings import Settings
from runctl_component.args import WatchArgs
from runctl_component.defaults import normal_prefix
from runctl_component.errors import InvalidArgs
from runctl_component.outputs import has_output, plain_containers, without_none
from runctl_component.run_rules import RESOLVED_RULES, RUN_RULES
from runctl_component.validation import unknown_keys

MAX_NAME_CHARACTERS = 45
"""``{name}-markers-50`` and the 8 characters of Pulumi's autonaming must fit in the 64 of an event rule's name.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""
MAX_WATCH = 50
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
DEFAULT_RETENTION_DAYS = 30
DEFAULT_SILENCE_MINUTES = 15
HEARTBEATS_OF_SILENCE = 3
"""A missing heartbeat may be late, two may be unlucky."""
DEFAULT_MARKERS: tuple[str, ...] = (
    *Settings.__dataclass_fields__["markers"].default,
    *Settings.__dataclass_fields__["failure_markers"].default,
)


@dataclass(frozen=True)
class Watched:
    """A resolved entry of ``watch``."""

    bucket: str
    prefix: str
    kms_key_arn: str | None = None

    def covers(self, bucket: str, prefix: str) -> bool:
        """Whether a run that writes there is within."""
        return bucket == self.bucket and prefix.startswith(self.prefix)


def _retention(field: str, value: object) -> Iterator[Problem]:
    if isinstance(value, bool) or value not in RETENTION_DAYS:
        choices = ", ".join(map(str, RETENTION_DAYS))
        yield Problem(field, value, f"one of {choices} days", "choose the nearest")


WATCH_RULES: Mapping[str, Rule] = {field: RUN_RULES[field] for field in ("bucket", "prefix", "kms_key_arn")}


def entry_problems(values: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with the plain values of one entry of ``watch``."""
    yield from unknown_keys(values, WATCH_RULES)
    if "bucket" not in values:
        yield Problem("bucket", None, "a value", "add the bucket")
    for key, value in values.items():
        if key in WATCH_RULES and not has_output(value):
            yield from WATCH_RULES[key](key, normal_prefix(value) if key == "prefix" else value)


def _watch(_: str, watch: object) -> Iterator[Problem]:
    accepted = f"a list of 1 to {MAX_WATCH} objects with bucket and, if wanted, prefix and kms_key_arn"
    entries = cast("Sequence[object]", watch) if isinstance(watch, list | tuple) else ()
    if not 1 <= len(entries) <= MAX_WATCH:
        yield Problem("watch", cast("object", watch), accepted, "name the buckets to which the runs write")
        return
    for index, entry in enumerate(entries):
        field = f"watch[{index}]"
        if not isinstance(entry, Mapping):
            yield Problem(field, entry, accepted, "write it as an object with bucket and prefix")
            continue
        values = {str(key): value for key, value in cast("Mapping[object, object]", entry).items() if value is not None}
        for problem in entry_problems(values):
            yield Problem(f"{field}.{problem.field}", problem.got, problem.accepted, problem.fix)


MONITOR_RULES: Mapping[str, Rule] = {
    "watch": _watch,
    "s3_events": rules.boolean,
    "markers": RUN_RULES["markers"],
    "notify_topic_arn": RUN_RULES["notify_topic_arn"],
    "log_retention_days": _retention,
    "silence_minutes": rules.whole_number(3, 1440, "minutes"),
}
"""One rule for each arg of a monitor; ``watch`` is looked at entry by entry."""


RESOLVED_MONITOR_RULES: Mapping[str, Rule] = {
    **MONITOR_RULES,
    "notify_topic_arn": RESOLVED_RULES["notify_topic_arn"],
}
"""For values that the engine gave."""


def check_monitor(name: str, args: Mapping[str, Any]) -> dict[str, Any]:
    """Check what is known when the program runs; returns what was given.

    Raises:
        InvalidArgs: with every problem.
    """
    if not isinstance(args, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - programs need not be typed
        problem = Problem("args", args, "an object of args", "pass a dict with at least watch")
        raise InvalidArgs(f"Monitor {name!r}", [problem])
    given = without_none(plain_containers(args))
    problems = [*_name_problems(name), *unknown_keys(given, MONITOR_RULES)]
    if "watch" not in given:
        problems.append(Problem("watch", None, "a list of buckets", "name the buckets to which the runs write"))
    problems.extend(
        Problem(field, "an Output", "a plain value", "decide it in the program or its config")
        for field in ("s3_events", "markers")
        if has_output(given.get(field))
    )
    for field, value in given.items():
        if field in MONITOR_RULES and (field == "watch" or not has_output(value)):
            problems += MONITOR_RULES[field](field, value)
    if problems:
        raise InvalidArgs(f"Monitor {name!r}", problems)
    return given


def _name_problems(name: object) -> Iterator[Problem]:
    yield from rules.run_name("name", name)
    if isinstance(name, str) and len(name) > MAX_NAME_CHARACTERS:
        accepted = f"at most {MAX_NAME_CHARACTERS} characters, since roles and event rules are named after it"
        yield Problem("name", name, accepted, f"shorten it by {len(name) - MAX_NAME_CHARACTERS}")


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
        yield Problem("notify_topic_arn", topic_arn, f"a topic in {region}, the region of the monitor", fix)


def read_watch(name: str, watch: Sequence[WatchArgs]) -> list[Watched] | pulumi.Output[list[Watched]]:
    """The entries of ``watch``: plain when all of them are, else when they have resolved, and checked again then."""

    def read(entries: list[dict[str, Any]]) -> list[Watched]:
        problems = [*_watch("watch", entries)]
        if problems:
            raise InvalidArgs(f"Monitor {name!r}", problems)
        return [
            Watched(entry["bucket"], normal_prefix(entry.get("prefix") or ""), entry.get("kms_key_arn"))
            for entry in entries
        ]

    given: list[Any] = [without_none(entry) for entry in watch]
    return pulumi.Output.from_input(given).apply(read) if has_output(given) else read(given)
