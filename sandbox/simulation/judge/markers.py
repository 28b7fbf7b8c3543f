"""What lies in S3, which marker counts there, and since when: one that was gone for a while counts from its return."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.observe.listing import MAX_PAGES
from sandbox.simulation.judge.facts import NOT_UNDERSTOOD, Finish, body_of, is_named, tells_failure, together
from sandbox.simulation.world.bucket import Written
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.record import Check, Record
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import SECOND


class Markers:
    """Questions about what a launch had written."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.settings = record.scenario.settings
        self.grace = self.settings.grace_seconds * SECOND
        self._objects: dict[tuple[int, int], Mapping[str, Written]] = {}
        self._kind: dict[tuple[int, int], Outcome | None] = {}

    def objects(self, launch: Launch, moment: int) -> Mapping[str, Written]:
        """What this launch, and nothing before it, had written by then and still lay there; without the prefix."""
        known = self._objects.get((launch.number, moment))
        if known is None:
            known = self._objects[launch.number, moment] = self._list(launch, moment)
        return known

    def _list(self, launch: Launch, moment: int) -> Mapping[str, Written]:
        prefix = self.settings.prefix
        return {
            written.key[len(prefix) :]: written
            for written in self._versions(moment)
            if written.key.startswith(prefix) and written.stamp >= launch.stamp
        }

    def _versions(self, moment: int) -> Iterable[Written]:
        latest: dict[str, Written] = {}
        for written in self.record.bucket.history:
            if written.at <= moment:
                latest[written.key] = written
        for at, key in self.record.bucket.removed:
            if at <= moment and key in latest and latest[key].at <= at:
                del latest[key]
        return latest.values()

    def marker(self, launch: Launch, moment: int) -> Finish | None:
        """The marker that counts at a moment: a failure before a success, then the earliest."""
        objects = self.objects(launch, moment)
        for outcome, patterns in self._kinds():
            found = sorted((written.stamp, name) for name, written in objects.items() if is_named(name, patterns))
            if found:
                stamp, _ = found[0]
                unread = self.record.lacks(Right.GET_OBJECT, moment)
                body = NOT_UNDERSTOOD if unread else together(body_of(objects[name]) for _, name in found)
                failed = tells_failure(body) or (unread and self._was_recorded(launch, moment, Outcome.FAILED))
                forgotten_at = self._forgotten_at(launch, moment, outcome)
                since = self._first_stamp(launch, moment, patterns, forgotten_at)
                seen = since == stamp or self._was_seen(launch, moment, patterns, since)
                uncertain = not seen or self._was_gone(launch, moment, patterns, forgotten_at)
                told = Outcome.FAILED if failed else outcome
                return Finish(told, since, stamp, body, since != stamp, uncertain=uncertain, kind=outcome)
        return None

    def _was_recorded(self, launch: Launch, moment: int, outcome: Outcome) -> bool:
        """Whether an outcome stood in the tags by then: what was understood once stays so."""
        return any(
            tagging.launch == launch.number and tagging.at < moment and tagging.tags.get("runctl:outcome") == outcome
            for tagging in self.record.taggings
        )

    def _kinds(self) -> Sequence[tuple[Outcome, tuple[str, ...]]]:
        return ((Outcome.FAILED, self.settings.failure_markers), (Outcome.SUCCEEDED, self.settings.markers))

    def kind(self, launch: Launch, moment: int) -> Outcome | None:
        """Which kind of marker counts at a moment, whatever its body says."""
        asked = launch.number, moment
        if asked not in self._kind:
            names = self.objects(launch, moment)
            of_it = (kind for kind, patterns in self._kinds() if any(is_named(name, patterns) for name in names))
            self._kind[asked] = next(of_it, None)
        return self._kind[asked]

    def may_hide_a_marker(self, launch: Launch, moment: int) -> bool:
        """Whether one success marker hides another, or it is not known whether one of failure is beside it.

        Of several, the first that a page shows is the one that counts, and only some pages are read. What earlier
        launches left behind is on them too.
        """
        markers = [name for name in self.objects(launch, moment) if is_named(name, self.settings.markers)]
        prefix = self.settings.prefix
        # An object beside a folder of its name is listed beside it.
        there = {
            each.key[len(prefix) :].partition("/")[:2] for each in self._versions(moment) if each.key.startswith(prefix)
        }
        page_size = self.record.scenario.page_size
        return len(there) > page_size * (1 if len(markers) > 1 else MAX_PAGES)

    def _first_stamp(self, launch: Launch, moment: int, patterns: Sequence[str], forgotten_at: int) -> int:
        """When a marker of these was there first: one that is written again has its grace once."""
        there = self.objects(launch, moment).values()
        return min(
            written.stamp
            for written in self._written(launch, moment, patterns)
            if written.at > forgotten_at or written in there
        )

    def _written(self, launch: Launch, moment: int, patterns: Sequence[str]) -> Iterator[Written]:
        for written in self.record.bucket.history:
            current = written.at <= moment and written.stamp >= launch.stamp
            if current and is_named(written.key[len(self.settings.prefix) :], patterns):
                yield written

    def _was_seen(self, launch: Launch, moment: int, patterns: Sequence[str], stamp: int) -> bool:
        """Whether a check surely saw the version of that time, and a tag keeps that in mind."""
        return not self.record.lacks(Right.TAG, moment) and any(
            check.ended_at is not None and check.ended_at <= moment
            for check in self.noticing(launch)
            if check.looks and all(stamp in self._stamps(launch, look, patterns) for look in check.looks)
        )

    def _stamps(self, launch: Launch, moment: int, patterns: Sequence[str]) -> set[int]:
        objects = self.objects(launch, moment)
        return {written.stamp for name, written in objects.items() if is_named(name, patterns)}

    def _was_gone(self, launch: Launch, moment: int, patterns: Sequence[str], forgotten_at: int) -> bool:
        """Whether a marker of these was deleted, and nobody surely saw that: some check may have."""
        start = len(self.settings.prefix)
        return any(
            max(forgotten_at, launch.at) < at <= moment and is_named(key[start:], patterns)
            for at, key in self.record.bucket.removed
        )

    def _forgotten_at(self, launch: Launch, moment: int, kind: Outcome) -> int:
        """The last look that surely ended the grace period of such a marker: it saw that another one counts, or none.

        Where tags could not be written, a follow-up may still carry what was noticed before, and what overlaps may have
        seen it before and say so later.
        """
        if not self.record.bucket.removed:
            return 0
        looks = [
            check.looked_until
            for check in self.noticing(launch)
            if check.ended_at is not None and check.ended_at <= moment and check.looked_until is not None
            if kind not in self.kinds_seen(launch, check) and not any(self.overlapping(check))
        ]
        carried = any(call == "tag_instance" and launch.at <= at <= moment for at, call in self.record.injected)
        carried |= self.record.lacks(Right.TAG, moment)
        return 0 if carried else max(looks, default=0)

    def overlapping(self, check: Check) -> Iterator[Check]:
        """The other checks that were under way at some moment of a check."""
        end = check.ended_at or check.started_at
        for other in self.record.checks:
            if other is not check and other.started_at <= end and (other.ended_at or end) >= check.started_at:
                yield other

    def noticing(self, launch: Launch) -> Iterator[Check]:
        """The checks that surely kept in mind, in a tag, what they saw."""
        for check in self.record.checks:
            if check.completed and check.launch == launch.number and check.decision == "wait" and check.looked_at:
                yield check

    def kinds_seen(self, launch: Launch, check: Check) -> set[Outcome | None]:
        """The kinds of marker that its last look may have met."""
        return {self.kind(launch, look) for look in check.looks}
