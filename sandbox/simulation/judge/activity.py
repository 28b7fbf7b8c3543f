"""What a launch shows of its activity: that it makes progress, idles, had finished before, or is over."""

from __future__ import annotations

from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.names import STARTED
from monitor_runtime.contract.outcomes import Action, Outcome
from sandbox.simulation.judge.facts import Due, is_named
from sandbox.simulation.judge.markers import Markers
from sandbox.simulation.world.bucket import Written
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.tampering import Right
from sandbox.simulation.world.timeline import HOUR, MINUTE

BOOT = 15 * MINUTE
PERIOD = 5 * MINUTE
_STOPPED = frozenset({InstanceState.STOPPING, InstanceState.STOPPED})


class Activity(Markers):
    """Questions about what a launch does."""

    def signs_of_progress(self, launch: Launch, moment: int) -> list[Written]:
        """What the launch had written by then of what its training writes while it makes progress."""
        patterns = self.settings.stalled.patterns if self.settings.stalled else ()
        written = self.objects(launch, moment).items()
        return [entry for name, entry in written if is_named(name, patterns)]

    def stalled_at(self, launch: Launch, moment: int, large_late: int = 0) -> int | None:
        """When the launch has stalled, by what lay in S3 at a moment; None while something is being uploaded.

        ``large_late``: how much later than it was there the monitor may count what S3 dates back. A marker hides it.
        """
        stalled = self.settings.stalled
        untold = any(self.record.lacks(right, moment) for right in (Right.LIST_BUCKET, Right.LIST_UPLOADS))
        if stalled is None or untold or self._is_uploading_progress(launch, moment):
            return None
        minutes, since = stalled.minutes * MINUTE, launch.stamp
        hidden_until = max((at for at, _ in self.record.bucket.removed if launch.at <= at <= moment), default=0)
        for written in self.signs_of_progress(launch, moment):
            looked_for = max(written.at, launch.stamp + minutes, hidden_until)
            seen_at = looked_for + large_late if large_late else written.at
            since = max(since, max(written.stamp, seen_at) if written.multipart else written.stamp)
        return since + minutes

    def _is_uploading_progress(self, launch: Launch, moment: int) -> bool:
        """Whether S3 lists an upload of such a name that began in this launch, and no newer object has its name."""
        patterns, prefix = self.settings.stalled.patterns if self.settings.stalled else (), self.settings.prefix
        stamps = {written.key: written.stamp for written in self.signs_of_progress(launch, moment)}
        return any(
            upload.at <= moment
            and (upload.completed_at is None or upload.completed_at > moment)
            and launch.stamp <= upload.stamp
            and stamps.get(upload.key, 0) <= upload.stamp
            and is_named(upload.key[len(prefix) :], patterns)
            for upload in self.record.bucket.uploads
        )

    def is_idle(self, launch: Launch, moment: int) -> bool:
        """Whether a whole window, ended at most a quarter of an hour ago, saw no work.

        Within the warm-up only after work that was done when the instance had booted.
        """
        idle = self.settings.idle
        if idle is None:
            return False
        training = self.record.trainings[launch.number]
        newest = moment // PERIOD * PERIOD
        warm_at = launch.stamp + idle.warm_up_minutes * MINUTE
        booted_at = min(launch.stamp + BOOT, warm_at)
        for end in (newest, newest - PERIOD, newest - 2 * PERIOD, newest - 3 * PERIOD):
            start = end - idle.minutes * MINUTE
            warm = start >= warm_at or training.is_busy(booted_at, start)
            if start >= booted_at and warm and not training.is_busy(start, end):
                return True
        return False

    def reported_at(self, launch: Launch, moment: int) -> int | None:
        """When the launch's box had first reported by then."""
        reports = [
            written.at
            for written in self.record.bucket.history
            if written.key == self.settings.prefix + STARTED and written.stamp >= launch.stamp and written.at <= moment
        ]
        return min(reports, default=None)

    def started_again(self, launch: Launch, moment: int) -> list[Due]:
        """The endings that may come of a training that had finished in an earlier launch, and does nothing in this one.

        Its outcome is one that a check of the earlier launch told or recorded.
        """
        if not self.settings.box_reports or launch.previous is None or self.reported_at(launch, moment) is not None:
            return []
        declared = {
            Outcome.SUCCEEDED: self.settings.on_complete,
            Outcome.UNVERIFIED: self.settings.on_complete,
            Outcome.FAILED: self.settings.on_failure,
        }
        ends_at = launch.stamp + HOUR
        known = sorted(self._outcomes_before(launch) & declared.keys())
        return [Due(each, ends_at, Action.STOP) for each in known if declared[each] is not Action.REPORT]

    def _outcomes_before(self, launch: Launch) -> set[Outcome]:
        earlier: set[int] = set()
        while (before := launch.previous) is not None:
            earlier.add(before.number)
            launch = before
        told = {(check.reply or {}).get("outcome") for check in self.record.checks if check.launch in earlier}
        told |= {entry.tags.get("runctl:outcome") for entry in self.record.taggings if entry.launch in earlier}
        return {Outcome(each) for each in told if each}

    def stop_known_since(self, launch: Launch, since: int | None, moment: int) -> int:
        """From when a stop counts: one from inside, of which EC2 says no time, from when a check saw and noted it."""
        if launch.left_by != "box":
            return moment if since is None else since
        seen = [
            check.started_at
            for check in self.record.checks
            if check.launch == launch.number and check.completed and check.state_at_start in _STOPPED
            if check.trigger != "audit"
        ]
        noted = [
            tagging.at
            for tagging in self.record.taggings
            if tagging.launch == launch.number and tagging.tags.get("runctl:noticed", "").endswith(" stop")
        ]
        return min(noted if self.record.lacks(Right.TAG, moment) else [*noted, *seen], default=moment)

    def waits_for_s3(self, launch: Launch, moment: int) -> bool:
        """Whether the outcome of a stopped instance still waits for S3, which denies: for an hour nobody gives up."""
        rights = (Right.LIST_BUCKET, Right.GET_OBJECT, Right.LIST_UPLOADS, Right.LIST_PARTS)
        stopped_at = self.stop_known_since(launch, launch.stopped_at, moment)
        return any(self.record.lacks(right, moment) for right in rights) and moment - stopped_at < HOUR + MINUTE
