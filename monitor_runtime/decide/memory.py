"""What the tags of an instance say about its present launch: hold, outcome, switch, refusals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import end_of_second, format_time, parse_time

MAX_HOLD = timedelta(days=7)
MAX_TAG_VALUE = 256
_UNSURE = " unsure"


@dataclass(frozen=True, slots=True)
class Hold:
    """The hold that is in force, if one is, and what is wrong with the tag, if something is."""

    until: datetime | None
    problem: str | None = None


def read_hold(instance: Instance, now: datetime) -> Hold:
    """A hold counts while it lies in the future, at most `MAX_HOLD` ahead; anything else is reported and ignored."""
    value = instance.tags.get(names.TAG_HOLD_UNTIL, "")
    if not value.strip():
        return Hold(None)
    until = parse_time(value)
    if until is None:
        return Hold(None, f"{names.TAG_HOLD_UNTIL} {value!r} is no time: write it like 2030-01-31T18:00:00Z")
    if until - now > MAX_HOLD:
        return Hold(None, f"{names.TAG_HOLD_UNTIL} {value!r} is ignored: more than {MAX_HOLD.days} days ahead")
    return Hold(until if until > now else None)


def recorded_outcome(instance: Instance) -> Outcome | None:
    """The outcome of the present launch; one from before LaunchTime belongs to an earlier launch."""
    value = instance.tags.get(names.TAG_OUTCOME, "")
    of_this_launch = _since_launch(instance, instance.tags.get(names.TAG_ENDED_AT, ""))
    return Outcome(value) if of_this_launch and value in set(Outcome) else None


def was_notified(instance: Instance) -> bool:
    """Whether the ending of the present launch was published."""
    return _since_launch(instance, instance.tags.get(names.TAG_NOTIFIED, ""))


class Refusable(StrEnum):
    """What EC2 can refuse beside the ending by an outcome: each is counted by itself."""

    FORCE = "force"
    TERMINATE_STOPPED = "terminate-stopped"


def refusals(instance: Instance, what: Outcome | Refusable) -> int:
    """How often in a row EC2 refused this to the present launch."""
    count, _, rest = instance.tags.get(names.TAG_REFUSED, "").partition(" ")
    moment, _, refused = rest.partition(" ")
    counts = refused == what and count.isdecimal() and count.isascii() and _since_launch(instance, moment)
    return int(count) if counts else 0


def refused_value(count: int, now: datetime, what: Outcome | Refusable) -> str:
    """What stands in the tag when something was refused."""
    return f"{count} {format_time(now)} {what}"


def ended_at(instance: Instance) -> datetime | None:
    """When the monitor ended the present launch."""
    value = instance.tags.get(names.TAG_ENDED_AT, "")
    return parse_time(value) if _since_launch(instance, value) else None


def recorded_reason(instance: Instance) -> str:
    """The reason that stands beside the outcome."""
    return instance.tags.get(names.TAG_REASON, "")


def armed(instance: Instance) -> str:
    """For when, and to what end, the deadline switch is armed, as written; empty when it is not."""
    return instance.tags.get(names.TAG_ARMED, "")


def armed_for(instance: Instance) -> datetime | None:
    """When the deadline switch fires, if a tag says so for sure."""
    value = armed(instance)
    return None if value.endswith(_UNSURE) else parse_time(value.partition(" ")[0])


def armed_value(at: datetime, action: Action) -> str:
    """What stands in the tag of a switch that was confirmed."""
    return f"{format_time(at)} {action}"


def noticed_value(since: datetime, seen_at: datetime) -> str:
    """What stands in the tag of a completion that was noticed: which one it is, and when it had been seen."""
    return f"{format_time(since)} {format_time(end_of_second(seen_at))}"


def noticed_at(instance: Instance, since: datetime) -> datetime | None:
    """When the completion of that time was noticed; None while it was not."""
    completed, _, noticed = instance.tags.get(names.TAG_NOTICED, "").partition(" ")
    return parse_time(noticed) if completed == format_time(since) else None


def unsure(armed_tag: str) -> str:
    """What stands there when AWS did not say whether the switch was made, moved or removed."""
    return armed_tag if armed_tag.endswith(_UNSURE) else f"{armed_tag}{_UNSURE}"


def safe_value(text: str) -> str:
    """Text as a tag value: at most 256 characters, of those that every service accepts.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """
    kept = "".join(sign if sign.isalnum() or sign in " _.:/=+-@" else " " for sign in text)
    return " ".join(kept.split())[:MAX_TAG_VALUE]


def _since_launch(instance: Instance, value: str) -> bool:
    moment = parse_time(value)
    return moment is not None and (instance.launched_at is None or moment >= instance.launched_at)
