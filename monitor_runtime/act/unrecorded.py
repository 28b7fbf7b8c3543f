"""Tags that could not be written: the follow-up carries them to the next check, so that nothing hangs on a write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor_runtime.act.later import is_later, is_news, is_of_before, was_taken_away
from monitor_runtime.act.report import Report
from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import names
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
    _launched_at: dict[str, datetime | None] = field(default_factory=dict[str, datetime | None])

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
            if not is_later(tag, instance.tags, values)
            and not was_taken_away(tag, values, instance.tags)
            and not is_of_before(tag, values, instance.launched_at)
        }

    def drop_overtaken(self, instance: Instance) -> None:
        """What was written since, or is of an earlier launch, needs no follow-up any more to carry it."""
        self._launched_at[instance.instance_id] = instance.launched_at
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
        """Take over what is later than what is known; whether anything is."""
        own, launched_at = self.tags.get(instance_id, {}), self._launched_at.get(instance_id)
        news = {
            tag: text
            for tag, text in values.items()
            if is_news(tag, values, own) and not is_of_before(tag, values, launched_at)
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
