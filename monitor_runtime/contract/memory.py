"""What the tags of an instance remember of its current launch: read in one place, written in one form.

The monitor and the command of the status read them with this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import REMOVAL
from monitor_runtime.contract.hold_time import MAX_HOLD, hold_time
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.times import end_of_second, format_time, parse_time

MAX_TAG_VALUE = 256
MAX_REFUSALS = 3
"""How often in a row EC2 is asked for what it refuses, before it is asked once every `ASKED_AGAIN`."""
ASKED_AGAIN = timedelta(hours=1)
ONLY_STARTED_AGAIN = "only started again"
"""How the reason ends for which an instance is stopped whose training had finished in an earlier launch."""
SPOT_REASON = "spot interruption"
"""How the reason of every ending by EC2 begins, which distinguishes it from an ending that was reported or refused."""
_REFUSED_REASON = "refused: "
"""How a reason begins of an ending that EC2 refused, so that the instance ran on."""
STOP = "stop"
"""What is noticed of an instance that stops by itself, where EC2 does not say since when."""
_UNSURE = " unsure"
_MAX_MONITOR = 200
"""Leaves room in a tag for the time, the action and `_UNSURE`."""


class Refusable(StrEnum):
    """What EC2 can refuse beside the ending by an outcome: each is counted by itself."""

    FORCE = "force"
    STOP_UNSUPPORTED = "stop-unsupported"
    """The stop of an instance that EC2 can only terminate."""
    TERMINATE_STOPPED = "terminate-stopped"


class BoxNews(StrEnum):
    """What is known of the box, after which it is not looked for any more in this launch."""

    REPORTED = "reported"
    TOLD = "told"
    """It was told that the box is silent, or that its report cannot be read."""


class Launch(Protocol):
    """What is asked of an instance: its tags, and when its current launch began."""

    @property
    def launched_at(self) -> datetime | None:
        """LaunchTime, which moves on at every start after a stop."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags by their keys."""
        ...


class Refusals(NamedTuple):
    """How often in a row EC2 refused something, when last, and what."""

    times: int
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The hold that is in force, if one is, and what is wrong with the tag, if something is."""

    until: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """What the monitor, and a person who holds the run, wrote about the current launch; by default, nothing."""

    hold: Hold = Hold()
    outcome: Outcome | None = None
    reason: str = ""
    """The reason recorded with the outcome."""
    ended_at: datetime | None = None
    notified: bool = False
    """Whether the ending was published, and not only something that was reported before."""
    armed: str = ""
    """For when, and to what end, the deadline switch is armed, as written; empty when it is not."""
    armed_for: datetime | None = None
    """When the deadline switch fires, if a tag of this launch says so for sure."""
    refused: str = ""
    """What EC2 refused last, ``refused_count``, how often in a row, and ``refused_at``, when."""
    refused_count: int = 0
    refused_at: datetime | None = None
    reported: frozenset[Outcome] = frozenset()
    """The outcomes that were only reported, the instance left as it was."""
    noticed: str = ""
    """Which completion was noticed, and ``noticed_since``, since when its grace period is counted."""
    noticed_since: datetime | None = None
    progress: str = ""
    """Which large objects were seen, as a digest, and ``progress_at``, when these were first seen together."""
    progress_at: datetime | None = None
    released_at: datetime | None = None
    """When Pulumi was about to remove the instance."""
    watched: bool = False
    """Whether it was published that the launch is watched."""
    box: BoxNews | None = None
    """What became known of the box."""
    outcome_before: Outcome | None = None
    """How an earlier launch ended, as long as the current one has no outcome of its own."""

    @classmethod
    def of(cls, launch: Launch, now: datetime) -> Memory:
        """Read the tags. What is dated before LaunchTime belongs to an earlier launch and does not count."""

        def tag(name: str) -> str:
            return launch.tags.get(name, "")

        ended_at = _after_launch(launch, tag(names.TAG_ENDED_AT))
        notified_at = _since_launch(launch, tag(names.TAG_NOTIFIED))
        outcome = tag(names.TAG_OUTCOME)
        known = Outcome(outcome) if outcome in set(Outcome) else None
        reason = tag(names.TAG_REASON) if ended_at else ""
        refusals = read_refusals(tag(names.TAG_REFUSED))
        refused = refusals if refusals and _is_of(launch, refusals.at) else None
        of_before = bool(refused) and reason.endswith(ONLY_STARTED_AGAIN)
        noticed_at, noticed = _parts(tag(names.TAG_NOTICED), 2)
        noticed_since = (_after_launch if noticed == STOP else _since_launch)(launch, noticed_at)
        armed = tag(names.TAG_ARMED)
        progress, progress_at = _parts(tag(names.TAG_PROGRESS), 2)
        return cls(
            hold=_read_hold(tag(names.TAG_HOLD_UNTIL), now),
            outcome=known if ended_at else None,
            reason=reason,
            ended_at=ended_at,
            notified=notified_at is not None and (ended_at is None or notified_at >= ended_at),
            armed=armed,
            armed_for=None if armed.endswith(_UNSURE) else _since_launch(launch, armed.partition(" ")[0]),
            refused=refused.what if refused else "",
            refused_count=refused.times if refused else 0,
            refused_at=refused.at if refused else None,
            reported=_read_reported(launch, tag(names.TAG_REPORTED)),
            noticed=noticed if noticed_since else "",
            noticed_since=noticed_since,
            progress=progress,
            progress_at=_since_launch(launch, progress_at),
            released_at=_since_launch(launch, tag(names.TAG_RELEASED)),
            watched=_since_launch(launch, tag(names.TAG_WATCHED)) is not None,
            box=_read_box(launch, tag(names.TAG_BOX)),
            outcome_before=known if of_before or (not ended_at and parse_time(tag(names.TAG_ENDED_AT))) else None,
        )

    def may_be_going(self, now: datetime) -> bool:
        """Whether the instance was released a moment ago: what is made for it now would outlive it."""
        return self.released_at is not None and now - self.released_at < REMOVAL

    def refusals(self, what: Outcome | Refusable) -> int:
        """How often in a row EC2 refused this."""
        return self.refused_count if self.refused == what else 0

    def is_refused(self, what: Outcome | Refusable, now: datetime) -> bool:
        """Whether EC2 is not to be asked for this now: it refused often enough, and not long ago."""
        recent = self.refused_at is not None and now - self.refused_at < ASKED_AGAIN
        return recent and self.refusals(what) >= MAX_REFUSALS

    def noticed_before(self, completion: str) -> datetime | None:
        """Since when the grace period of this completion is counted; None while it was not noticed."""
        return self.noticed_since if self.noticed == completion else None

    @property
    def is_provisional(self) -> bool:
        """Whether the outcome was recorded of an instance that ran on: EC2 was to take it, or refused to end it.

        What was only started again is never terminated for that, and so is not looked into.
        """
        ran_on = self.reason.startswith((SPOT_REASON, _REFUSED_REASON))
        return self.ended_as is not None and ran_on and not self.reason.endswith(ONLY_STARTED_AGAIN)

    @property
    def evidence(self) -> str:
        """The reason, without what became of the ending."""
        return self.reason.removeprefix(_REFUSED_REASON).removeprefix(f"{SPOT_REASON}: ")

    @property
    def ended_as(self) -> Outcome | None:
        """The outcome with which the launch ended; None while there is none, or it was only reported."""
        return None if self.outcome in self.reported else self.outcome


def _parts(value: str, count: int) -> list[str]:
    """The words of a value, the last with all that follows; missing ones are empty."""
    words = value.split(" ", count - 1)
    return words + [""] * (count - len(words))


def _read_hold(value: str, now: datetime) -> Hold:
    """A hold counts until its time, at most `MAX_HOLD` ahead; anything else is reported and ignored."""
    if not value.strip():
        return Hold()
    until = hold_time(value)
    if until is None:
        how = "write it like 2030-01-31T18:00:00Z"
        return Hold(None, f"{names.TAG_HOLD_UNTIL} {value!r} is not a time, and is ignored: {how}")
    if until - now > MAX_HOLD:
        return Hold(None, f"{names.TAG_HOLD_UNTIL} {value!r} is ignored: it is more than {MAX_HOLD.days} days ahead")
    return Hold(until if until > now else None)


def _since_launch(launch: Launch, value: str) -> datetime | None:
    """The time that is written there, if it belongs to the current launch."""
    moment = parse_time(value)
    return moment if moment and _is_of(launch, moment) else None


def _after_launch(launch: Launch, value: str) -> datetime | None:
    """The same of an end: none comes within a launch's first second, and a check may have looked a moment before it."""
    moment = _since_launch(launch, value)
    return None if moment == launch.launched_at else moment


def _is_of(launch: Launch, moment: datetime) -> bool:
    return launch.launched_at is None or moment >= launch.launched_at


def refused_value(count: int, now: datetime, what: Outcome | Refusable) -> str:
    """The tag's value when something was refused."""
    return f"{count} {format_time(now)} {what}"


def refused_reason(reason: str) -> str:
    """The reason to record of an ending that EC2 refused, so that the instance runs on."""
    return f"{_REFUSED_REASON}{reason}"


def armed_value(at: datetime, action: Action, monitor: str) -> str:
    """The tag's value for a switch that was confirmed: when, what, and whose it is.

    A run can be moved to another monitor, and the switch of the old one may no longer end the instance. Of a long tag
    of a monitor, the end is what distinguishes it.
    """
    return f"{format_time(at)} {action} by {monitor[-_MAX_MONITOR:]}"


def unsure(armed_tag: str) -> str:
    """The tag's value when AWS did not confirm that the switch was made, moved or removed."""
    return armed_tag if armed_tag.endswith(_UNSURE) else f"{armed_tag}{_UNSURE}"


def noticed_value(completion: str, since: datetime) -> str:
    """The tag's value for a completion that was noticed: since when its grace period counts, and which one it is."""
    return f"{format_time(end_of_second(since))} {completion}"


def box_value(now: datetime, news: BoxNews) -> str:
    """The tag's value when something became known of the box."""
    return f"{format_time(now)} {news}"


def reported_value(reported: Iterable[Outcome], now: datetime) -> str:
    """The tag's value when outcomes were reported."""
    return " ".join([format_time(now), *sorted(reported)])


def read_refusals(value: str) -> Refusals | None:
    """The tag of a refusal; None for one that is not understood."""
    count, at, what = _parts(value, 3)
    moment = parse_time(at)
    return Refusals(int(count), moment, what) if moment and count.isdecimal() and count.isascii() else None


def _read_reported(launch: Launch, value: str) -> frozenset[Outcome]:
    reported_at, outcomes = _parts(value, 2)
    known = set(outcomes.split()) & set(Outcome)
    return frozenset(map(Outcome, known)) if _since_launch(launch, reported_at) else frozenset()


def _read_box(launch: Launch, value: str) -> BoxNews | None:
    known_at, news = _parts(value, 2)
    return BoxNews(news) if _since_launch(launch, known_at) and news in set(BoxNews) else None


def safe_value(text: str) -> str:
    """Text as a tag value: at most 256 characters, of those that every service accepts.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """
    kept = "".join(sign if sign.isalnum() or sign in " _.:/=+-@" else " " for sign in text)
    return " ".join(kept.split())[:MAX_TAG_VALUE]
