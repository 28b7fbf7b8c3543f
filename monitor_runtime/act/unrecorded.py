"""Tags that could not be written: the follow-up carries them to the next check, so that nothing hangs on a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor_runtime.act.report import Report
from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.lateness import TIMEOUT_SECONDS
from monitor_runtime.contract.memory import read_refusals
from monitor_runtime.contract.times import parse_time
from monitor_runtime.contract.triggers import TagValues, unrecorded_of


@dataclass(slots=True)
class Unrecorded:
    """What a check knows of a run's instances and could not write; mutable, filled step by step."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    changed: bool = False
    """Whether there is more to carry than the pending follow-up does."""
    recalled: bool = False
    """Whether the pending follow-up was looked into, or could not be."""
    unread: bool = False
    """Whether it could not be read just now: what it carries would be lost with it."""
    _described: dict[str, Instance] = field(default_factory=dict[str, Instance])

    @classmethod
    def carried_by(cls, carried: TagValues | None) -> Unrecorded:
        """What a trigger carries; None for one that is not made to."""
        if carried is None:
            return cls()
        tags = {instance_id: dict(values) for instance_id, values in carried.items()}
        return cls(tags, changed=bool(tags))

    def overlaid(self, instance: Instance) -> Instance:
        """The instance as its tags should be."""
        newer = self.newer_than(instance)
        return replace(instance, tags={**instance.tags, **newer}) if newer else instance

    def newer_than(self, instance: Instance) -> dict[str, str]:
        """What should stand in the tags of the instance: of its launch, and not overtaken by what was done since."""
        values = self.tags.get(instance.instance_id, {})
        return {
            tag: text
            for tag, text in values.items()
            if not _is_later(tag, instance.tags, values)
            and not _was_taken_away(tag, values, instance.tags)
            and not _is_of_before(tag, values, instance.launched_at)
        }

    def drop_overtaken(self, instance: Instance) -> None:
        """What was written since, or is of an earlier launch, needs no follow-up any more to carry it."""
        self._described[instance.instance_id] = instance
        newer = self.newer_than(instance)
        carried = self.tags.get(instance.instance_id, {})
        self.written(instance.instance_id, {tag: text for tag, text in carried.items() if tag not in newer})

    def recall(self, cloud: Cloud, report: Report) -> bool:
        """Look once into the pending follow-up for what an earlier check could not write; whether there was any news.

        Of each tag, the later value counts: a follow-up that comes late carries less than the one that is pending.
        """
        if self.recalled:
            return False
        self.recalled = True
        return self._look(cloud, report)

    def catch_up(self, cloud: Cloud, report: Report) -> None:
        """Look once more, before the pending follow-up is replaced: a check that overlaps may have put it."""
        if self.changed and not self.unread:
            self._look(cloud, report)

    def _look(self, cloud: Cloud, report: Report) -> bool:
        try:
            found = unrecorded_of(cloud.schedule_input(names.follow_up_name(report.run)))
        except CloudError as error:
            self.unread = error.kind is ErrorKind.TRANSIENT
            if error.kind is not ErrorKind.NOT_FOUND:
                report.problem(str(error))
            return False
        news = [instance_id for instance_id, values in found.items() if self._learn(instance_id, values)]
        return bool(news)

    def _learn(self, instance_id: str, values: Mapping[str, str]) -> bool:
        """Take over what is later than what is known, and still counts; whether anything is."""
        own, described = self.tags.get(instance_id, {}), self._described.get(instance_id)
        launched_at = described.launched_at if described else None
        news = {
            tag: text
            for tag, text in values.items()
            if _is_news(tag, values, own)
            and not (described and _was_taken_away(tag, values, described.tags))
            and not _is_of_before(tag, values, launched_at)
        }
        if news:
            self.tags[instance_id] = {**own, **news}
        return bool(news)

    def keep(self, instance_id: str, values: Mapping[str, str]) -> None:
        """These could not be written. The switch of a run that goes on is not kept: it is put again where unsure."""
        ended = names.TAG_OUTCOME in values
        kept = {tag: text for tag, text in values.items() if ended or tag != names.TAG_ARMED}
        if kept:
            self.tags.setdefault(instance_id, {}).update(kept)
            self.changed = True

    def written(self, instance_id: str, values: Mapping[str, str]) -> None:
        """These were written, whatever was to be carried of them."""
        kept = self.tags.get(instance_id, {})
        for tag in values:
            kept.pop(tag, None)
        if not kept:
            self.tags.pop(instance_id, None)
            self.changed = self.changed and bool(self.tags)


def _is_later(tag: str, these: Mapping[str, str], those: Mapping[str, str]) -> bool:
    """Whether the tag in ``these`` tells of a later time than in ``those``.

    Of refusals that overlapping checks met, the higher count is the later: one that did not know of the others counted
    less. Of others it is the date that counts: a person may have forgiven the earlier ones.
    """
    if tag == names.TAG_REFUSED:
        here, there = read_refusals(these.get(tag, "")), read_refusals(those.get(tag, ""))
        if here and there and here.what == there.what and abs(here.at - there.at) < timedelta(seconds=TIMEOUT_SECONDS):
            return here[:2] > there[:2]
    return _dated(tag, these) > _dated(tag, those)


def _is_news(tag: str, carried: Mapping[str, str], own: Mapping[str, str]) -> bool:
    """Whether what another check carries of the tag counts more than what this one does.

    Of one completion, the first sight counts: who saw it later did not know of that.
    """
    if tag not in own:
        return True
    here, there = (each.get(tag, "").partition(" ") for each in (carried, own))
    if tag == names.TAG_NOTICED and here[2] == there[2]:
        return here[0] < there[0]
    return _is_later(tag, carried, own)


def _was_taken_away(tag: str, carried: Mapping[str, str], written: Mapping[str, str]) -> bool:
    """Whether a person removed the tag of a refusal, to have the ending tried again.

    It was there: the ending of which it tells is, and both are written by one call.
    """
    ended_at = written.get(names.TAG_ENDED_AT)
    removed = tag == names.TAG_REFUSED and tag not in written
    return removed and ended_at is not None and ended_at == carried.get(names.TAG_ENDED_AT)


def _is_of_before(tag: str, tags: Mapping[str, str], launched_at: datetime | None) -> bool:
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
