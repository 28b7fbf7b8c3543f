"""What the oracle knows: derived from the record alone, with none of the monitor's code."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.activity import Activity
from sandbox.simulation.judge.facts import NOT_UNDERSTOOD, Due, Finish, counted_since, is_named, is_whole
from sandbox.simulation.world.bucket import UploadTruth
from sandbox.simulation.world.machine import Launch, SpotKind
from sandbox.simulation.world.record import Pardon, Tagging
from sandbox.simulation.world.tampering import Right, Tampering
from sandbox.simulation.world.timeline import DAY, HOUR, MINUTE, SECOND, whole_seconds

LONGEST_HOLD = 7 * DAY
WARNING = 5 * MINUTE
"""For so long a warning of EC2 is one: a copy that comes later is about what is over."""
INTERRUPTION = 15 * MINUTE
"""A check that heard of the warning may be slow; five minutes after it all is as if nobody had warned."""
LAST_LOOK = 5 * MINUTE
"""So long after its deadline a run that was complete before it may take to end as what it is."""
STILL = 5 * MINUTE
"""An upload that got no part for so long is not waited for beyond the time of verification."""
STUCK = 10 * MINUTE
REMOVAL = 10 * MINUTE
"""What is released and still there after that long is watched and armed like any other instance."""


class Truth(Activity):
    """Questions about a record."""

    @property
    def stuck_after(self) -> int:
        """How long an instance may take to stop."""
        return max(STUCK, self.settings.shutdown_timeout_seconds * SECOND + 2 * MINUTE)

    def finish(self, launch: Launch, moment: int) -> Finish | None:
        """What completed the training, by what lay in S3 at that moment, as far as S3 lets anybody list it."""
        if self.record.lacks(Right.LIST_BUCKET, moment):
            return None
        return self.marker(launch, moment) or self._outputs(launch, moment)

    def _outputs(self, launch: Launch, moment: int) -> Finish | None:
        objects, expected = self.objects(launch, moment), self.settings.expected_outputs
        if not expected or not all(is_whole(pattern, objects) for pattern in expected):
            return None
        written = [entry for name, entry in objects.items() if is_named(name, expected)]
        since, stamp = max(counted_since(entry) for entry in written), max(entry.stamp for entry in written)
        return Finish(Outcome.SUCCEEDED, since, stamp, {}, any(entry.multipart for entry in written))

    def is_verified(self, launch: Launch, finish: Finish, moment: int) -> bool:
        """Whether what the marker says is understood, all had arrived, and nothing was on its way any more."""
        if finish.body is NOT_UNDERSTOOD or self.uploads_under_way(launch, finish, moment):
            return False
        if self.are_uploads_untold(launch, finish, moment):
            return False
        objects = self.objects(launch, moment)
        for pattern in self.settings.checkpoint_patterns:
            if not is_whole(pattern, objects):
                return False
        for entry in finish.body.get("checkpoint", []):
            written = objects.get(entry["key"].removeprefix(self.settings.prefix))
            if written is None or entry.get("size", written.size) != written.size:
                return False
        return True

    def are_uploads_untold(self, launch: Launch, finish: Finish, moment: int) -> bool:
        """Whether S3 denies to tell what is being uploaded, or of what is begun, whether it gets on."""
        begun = self.uploads_under_way(launch, finish, moment, given_up=True)
        untold = self.record.lacks(Right.LIST_UPLOADS, moment)
        return untold or (bool(begun) and self.record.lacks(Right.LIST_PARTS, moment))

    def uploads_under_way(
        self, launch: Launch, finish: Finish, moment: int, *, given_up: bool = False
    ) -> list[UploadTruth]:
        """Uploads of this launch, neither superseded by a newer object nor given up an hour before the completion.

        ``given_up``: with those that were.
        """
        objects, start = self.objects(launch, moment), len(self.settings.prefix)

        def counts(upload: UploadTruth) -> bool:
            going_on = upload.at <= moment and (upload.completed_at is None or upload.completed_at > moment)
            whole = objects.get(upload.key[start:])
            superseded = whole is not None and whole.stamp > upload.stamp
            stood_still = (upload.newest_part(moment) or upload.stamp) < finish.given_up_before(moment)
            return going_on and upload.stamp >= launch.stamp and not superseded and (given_up or not stood_still)

        return [upload for upload in self.record.bucket.uploads if counts(upload)]

    def deadline(self, launch: Launch) -> int | None:
        """When the launch has used up its time."""
        hours = self.settings.max_runtime_hours
        return launch.stamp + round(hours * HOUR) if hours else None

    def dues(self, launch: Launch, looked_at: int | None, moment: int, *, sure: bool = False) -> list[Due]:
        """The endings that are due at a moment, by what lay in S3 when the check looked; None if it did not look.

        ``sure``: without those that only a monitor may find due which saw a marker late, or told of a silent box.
        """
        settings = self.settings
        dues: list[Due] = []
        deadline = self.deadline(launch)
        finish = None if looked_at is None else self.finish(launch, looked_at)
        found: set[Due] = set()
        if finish is not None and looked_at is not None:
            readings = (finish,) if sure else finish.readings()
            found = {self.due_of(launch, each, at) for each in readings for at in (looked_at, moment)}
        if deadline is not None and moment >= deadline and not self._ends_as_complete(launch, finish, found):
            dues.append(Due(Outcome.DEADLINE, deadline, settings.on_deadline))
        if found:
            dues.extend(sorted(due for due in found if moment >= due.at))
            return dues
        again = self.started_again(launch, moment if looked_at is None else looked_at)
        if again and sure:
            return dues
        dues.extend(due for due in again if moment >= due.at)
        stalled_at = None if looked_at is None else self.stalled_at(launch, looked_at)
        if stalled_at is not None and moment >= stalled_at:
            dues.append(Due(Outcome.STALLED, stalled_at, settings.on_failure))
        if self.is_idle(launch, moment):
            dues.append(Due(Outcome.IDLE, moment, settings.on_failure))
        return dues

    def _ends_as_complete(self, launch: Launch, finish: Finish | None, found: set[Due]) -> bool:
        """Whether a deadline finds a run that was complete before, and ends as that: unless that is only reported.

        Not for sure where the monitor may know only a version of the marker that is later than the deadline.
        """
        deadline = self.deadline(launch)
        if finish is not None and deadline is not None and finish.uncertain and finish.stamp >= deadline:
            return False
        before = finish is not None and deadline is not None and min(finish.since, finish.stamp) < deadline
        return before and all(due.action is not Action.REPORT for due in found)

    def due_of(self, launch: Launch, finish: Finish, moment: int) -> Due:
        """The ending that a completion leads to, by what is verified at that moment; soon after a deadline at last."""
        due = self._due_in_time(launch, finish, moment)
        deadline = self.deadline(launch)
        late = deadline is None or min(finish.since, finish.stamp) >= deadline
        if late or deadline is None or self.settings.on_deadline is Action.REPORT:
            return due
        return replace(due, at=min(due.at, deadline + LAST_LOOK))

    def _due_in_time(self, launch: Launch, finish: Finish, moment: int) -> Due:
        settings, grace_over = self.settings, finish.since + self.grace
        if finish.outcome is Outcome.FAILED:
            return Due(Outcome.FAILED, grace_over, settings.on_failure)
        if self.is_verified(launch, finish, moment):
            return Due(Outcome.SUCCEEDED, grace_over, settings.on_complete)
        action = Action.STOP if settings.on_complete is Action.TERMINATE else settings.on_complete
        untold = self.are_uploads_untold(launch, finish, moment)
        uploads = [] if untold else self.uploads_under_way(launch, finish, moment)
        still = [(upload.newest_part(moment) or upload.stamp) + STILL for upload in uploads]
        return Due(Outcome.UNVERIFIED, max(grace_over + settings.verify_timeout_seconds * SECOND, *still, 0), action)

    def refused_before(self, launch: Launch, moment: int) -> set[Outcome]:
        """The outcomes of endings that EC2 refused: what was complete once ends as that, whatever comes later."""
        return {
            Outcome(tagging.tags["runctl:outcome"])
            for tagging in self.record.taggings
            if tagging.launch == launch.number and tagging.at < moment
            if {"runctl:outcome", "runctl:ending-refused"} <= tagging.tags.keys()
        }

    def is_kept(self, launch: Launch, due: Due, moment: int) -> bool:
        """Whether work in doubt is to be kept: EC2 can only terminate the instance, and its deadline is to come."""
        deadline = None if self.settings.on_deadline is Action.REPORT else self.deadline(launch)
        over = deadline is not None and moment >= deadline + LAST_LOOK
        one_time = self.record.scenario.machine.spot is SpotKind.ONE_TIME
        return due.outcome is Outcome.UNVERIFIED and one_time and not over

    def is_held(self, moment: int, known_at: int | None = None) -> bool:
        """Whether a valid hold was in force at a moment, and had been set by ``known_at``."""
        known = moment if known_at is None else known_at
        return any(
            hold.until is not None
            and hold.at <= known
            and moment < hold.until
            and hold.until - known <= LONGEST_HOLD
            and (hold.cleared_at is None or moment < hold.cleared_at)
            for hold in self.record.holds
        )

    def is_interrupted(self, moment: int) -> bool:
        """Whether EC2 is taking the instance back, or has just done so."""
        at = self.record.interrupted_at
        return at is not None and at <= moment <= at + INTERRUPTION

    def is_warned(self, launch: Launch, moment: int) -> bool:
        """Whether EC2's warning, told in whole seconds, is about this launch and still has something to say."""
        at = self.record.interrupted_at
        if self.is_going(launch, moment, moment + MINUTE):
            return False
        return at is not None and launch.stamp <= whole_seconds(at) and moment - whole_seconds(at) < WARNING

    def recorded(self, launch: Launch) -> list[Tagging]:
        """What wrote an outcome of the launch into its tags, in the order of time."""
        return [
            tagging
            for tagging in self.record.taggings
            if tagging.launch == launch.number and "runctl:outcome" in tagging.tags
        ]

    def is_tampered_with(self, kinds: Collection[Tampering], moment: int) -> bool:
        """Whether somebody had done one of these to the run by then."""
        plan, at = self.record.scenario.tampering, self.record.tampered_at
        return plan is not None and plan.kind in kinds and at is not None and at <= moment

    def is_going(self, launch: Launch, start: int, end: int) -> bool:
        """Whether some of that time was within ten minutes after the launch's instance was released."""
        return any(at <= end and start < at + REMOVAL for at in launch.releases)

    def can_end(self, action: Action, moment: int) -> bool:
        """Whether the monitor may end it so: what cannot be stopped is terminated, a spot request cancelled before."""
        spot = self.record.scenario.machine.spot
        needed = {Right.DESCRIBE, Right.STOP if action is Action.STOP else Right.TERMINATE}
        if action is Action.STOP and spot is SpotKind.ONE_TIME:
            needed.add(Right.TERMINATE)
        if Right.TERMINATE in needed and spot is not SpotKind.NONE:
            needed.add(Right.CANCEL)
        return not any(self.record.lacks(right, moment) for right in needed)

    @property
    def has_two_instances(self) -> bool:
        """Whether an instance lived on beside the one that replaced it."""
        plan = self.record.scenario.replacement
        return plan is not None and plan.abandons_old and self.record.replaced_at is not None

    def refusals(self, launch: Launch, moment: int, *, by_denial: bool = True) -> int:
        """How often an ending of this launch had been refused by then, since a person last forgave it.

        ``by_denial``: with those for which the monitor has no right.
        """
        pardon = self.record.pardon
        since = pardon.at if pardon and pardon.at <= moment and self._counts(pardon) else 0
        counted = [entry for entry in self.record.refusals if by_denial or not entry.by_denial]
        return sum(entry.launch == launch.number and since <= entry.at <= moment for entry in counted)

    def _counts(self, pardon: Pardon) -> bool:
        """Whether the tag told of all refusals: what the monitor could not write there, nobody can remove from it."""
        told = all(entry.at < pardon.told_until + 2 * SECOND for entry in self.record.refusals if entry.at <= pardon.at)
        return told and not self.record.lacks(Right.TAG, pardon.at)
