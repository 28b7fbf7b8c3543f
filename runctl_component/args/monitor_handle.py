"""The handle of a monitor: all that a run needs of it, as a text that one program exports and another one reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self, cast

from monitor_runtime.contract import patterns, rules
from monitor_runtime.contract.rules import Problem, Rule
from runctl_component.args.defaults import normal_prefix

VERSION = 1
_ACCEPTED = f"the output handle of a Monitor, as it is: JSON of version {VERSION}"
_MAX_CHARACTERS = 2048
"""The longest of the names and ARNs; what they look like is AWS's affair, and in a team's own tests their mocks'."""


@dataclass(frozen=True)
class Watched:
    """A place that a monitor watches: a resolved entry of ``watch``."""

    bucket: str
    prefix: str
    kms_key_arn: str | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """The entry as it was declared, without Outputs."""
        return cls(entry["bucket"], normal_prefix(entry.get("prefix") or ""), entry.get("kms_key_arn"))

    def covers(self, bucket: str, prefix: str) -> bool:
        """Whether a run that writes there is within."""
        return bucket == self.bucket and prefix.startswith(self.prefix)


@dataclass(frozen=True)
class MonitorFacts:
    """What a run needs of its monitor. None of it is secret."""

    monitor: str
    """The value of the tag ``runctl:monitor`` on the instances that it may end."""
    function_name: str
    function_arn: str
    schedule_group: str
    """The name of the group of all schedules of its runs."""
    scheduler_role_arn: str
    dead_letter_arn: str
    region: str
    partition: str
    s3_events: bool
    markers: tuple[str, ...]
    """What it listens for with ``s3_events``."""
    silence_minutes: int
    watch: tuple[Watched, ...]
    dashboard: bool
    """Whether it has one: a part of what it costs."""
    notify_topic_arn: str | None = None

    @property
    def account_id(self) -> str:
        """The account of its function."""
        return self.function_arn.split(":")[4] if self.function_arn.count(":") > 4 else ""  # noqa: PLR2004


_ENTRY = rules.record_of({"bucket": rules.bucket_name, "prefix": rules.key_prefix})
_TEXT = rules.text(r"\S+", "a text", "export it anew", maximum=_MAX_CHARACTERS)
_RULES: Mapping[str, Rule] = {
    **{field.name: _TEXT for field in fields(MonitorFacts)},
    "s3_events": rules.boolean,
    "dashboard": rules.boolean,
    "markers": rules.list_of(patterns.marker_name),
    "silence_minutes": rules.whole_number(3, 1440, "minutes"),
    "watch": rules.list_of(_ENTRY),
    "notify_topic_arn": rules.optional(_TEXT),
}


def to_handle(facts: MonitorFacts) -> str:
    """The same text for the same monitor: keys sorted, so that previews stay quiet."""
    places = sorted({(entry.bucket, entry.prefix) for entry in facts.watch})
    watch = [{"bucket": bucket, "prefix": prefix} for bucket, prefix in places]
    return json.dumps({"version": VERSION, **asdict(facts), "watch": watch}, sort_keys=True, separators=(",", ":"))


def read_handle(handle: str) -> MonitorFacts:
    """What `to_handle` wrote; ``handle`` has passed `handle_rule`. Keys that a newer monitor added are left out."""
    document: Mapping[str, Any] = json.loads(handle)
    known: dict[str, Any] = {field.name: document[field.name] for field in fields(MonitorFacts)}
    known.update(
        markers=tuple(known["markers"]),
        silence_minutes=int(known["silence_minutes"]),
        watch=tuple(Watched.of(entry) for entry in known["watch"]),
    )
    return MonitorFacts(**known)


def handle_rule(field: str, value: object) -> Iterator[Problem]:
    """Whether a text is the handle of a monitor, whole and of this version. No error shows it."""
    found = _not_a_handle(value)
    if found:
        yield Problem(field, found=found, accepted=_ACCEPTED, fix=_fix(value))
        return
    document: Mapping[str, Any] = json.loads(cast("str", value))
    version: object = document["version"]
    if version != VERSION or isinstance(version, bool):
        found = f"a handle of version {version!r}"
        fix = "use the same release of runctl in the program of the monitor and in this one, and update both"
        yield Problem(field, found=found, accepted=f"version {VERSION}", fix=fix)
        return
    wrong = [name for name in _RULES if name not in document or [*_RULES[name](name, document[name])]]
    if wrong:
        found = f"a handle whose {', '.join(wrong)} cannot be read"
        yield Problem(field, found=found, accepted=_ACCEPTED, fix="update the program of the monitor, and pass it anew")


def _not_a_handle(value: object) -> str:
    """What it is instead; empty for what has the form of a handle."""
    if not isinstance(value, str):
        return f"a value of type {type(value).__name__}"
    if not value.strip():
        return "an empty text"
    try:
        document: object = json.loads(value)
    except (ValueError, RecursionError):
        kind = "a handle that is cut off or changed" if value.lstrip().startswith("{") else "no handle"
        return f"{kind}, a text of {len(value)} characters"
    if not isinstance(document, Mapping) or "version" not in document:
        return f"no handle, a text of {len(value)} characters"
    return ""


def _fix(value: object) -> str:
    if type(value).__name__ == "Monitor":
        return "pass the Monitor beside the args, as TrainingRun(name, args, monitor=...), or its handle here"
    return "export the output handle of the monitor from its program, and pass it here whole"
