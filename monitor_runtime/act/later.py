"""Which of two values of a tag counts, where one was carried and the other written, or both were carried."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from monitor_runtime.contract import names
from monitor_runtime.contract.memory import ASKED_AGAIN, read_refusals
from monitor_runtime.contract.times import parse_time


def is_later(tag: str, these: Mapping[str, str], those: Mapping[str, str]) -> bool:
    """Whether the tag in ``these`` tells of a later time than in ``those``.

    Of refusals within an hour, the higher count is the later: a check that did not know of the others counted less.
    """
    if tag == names.TAG_REFUSED:
        here, there = read_refusals(these.get(tag, "")), read_refusals(those.get(tag, ""))
        if here and there and here.what == there.what and abs(here.at - there.at) < ASKED_AGAIN:
            return here[:2] > there[:2]
    return _dated(tag, these) > _dated(tag, those)


def is_news(tag: str, carried: Mapping[str, str], own: Mapping[str, str]) -> bool:
    """Whether what another check carries of the tag counts more than what this one does.

    Of one completion, the first sight counts: who saw it later did not know of that.
    """
    if tag not in own:
        return True
    here, there = (each.get(tag, "").partition(" ") for each in (carried, own))
    if tag == names.TAG_NOTICED and here[2] == there[2]:
        return here[0] < there[0]
    return is_later(tag, carried, own)


def was_taken_away(tag: str, carried: Mapping[str, str], written: Mapping[str, str]) -> bool:
    """Whether a person removed the tag of a refusal, to have the ending tried again.

    It was there: the ending of which it tells is, and both are written by one call.
    """
    ended_at = written.get(names.TAG_ENDED_AT)
    removed = tag == names.TAG_REFUSED and tag not in written
    return removed and ended_at is not None and ended_at == carried.get(names.TAG_ENDED_AT)


def is_of_before(tag: str, tags: Mapping[str, str], launched_at: datetime | None) -> bool:
    """Whether the tag tells of an earlier launch."""
    moment = parse_time(_dated(tag, tags))
    return moment is not None and launched_at is not None and moment < launched_at


def _dated(tag: str, tags: Mapping[str, str]) -> str:
    """When a tag was written, as a text that sorts by time; empty where that is not known.

    What an ending writes without a time of its own is as old as the ending, which also empties what was reported.
    """
    is_emptied = tag == names.TAG_REPORTED and not tags.get(tag)
    if is_emptied or tag in {names.TAG_OUTCOME, names.TAG_REASON, names.TAG_ARMED}:
        tag = names.TAG_ENDED_AT
    words = tags.get(tag, "").split(" ")
    return words[1] if tag == names.TAG_REFUSED and len(words) > 1 else words[0]
