"""The box: runs the planned training, hears SIGTERM, and loses what it was uploading when the power goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random

from monitor_runtime.contract.names import STARTED
from sandbox.simulation.world.bucket import Bucket, UploadTruth
from sandbox.simulation.world.machine import Launch
from sandbox.simulation.world.scenario import DEFAULT_MARKERS, FAILURE_NAMES, GLOB_MARKERS, Scenario
from sandbox.simulation.world.timeline import SECOND, Timeline
from sandbox.simulation.world.training_plan import Course, PlannedUpload, PlannedWrite, TrainingPlan, draw_training

FAILING_USER_DATA = 0.2
POWERING_OFF = 0.08
RANKED = 0.08
SHARDED = 0.08
GIVEN_UP = 0.3
RANK_NAMES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    DEFAULT_MARKERS: DEFAULT_MARKERS,
    GLOB_MARKERS: ("finished-2", "finished-3", "rank-1.complete"),
    (): (),
}
"""The markers that further ranks of a training write, for each set of markers."""
RANK_BODIES = (b"", b"rank done", b'{"exit_code":0}', b'{"exit_code":3}', b'{"outcome":"failed"')
FINISHES = frozenset({Course.MARKER, Course.OUTPUTS, Course.FAILURE})


def draw_launch(scenario: Scenario, number: int) -> TrainingPlan:
    """What becomes of the ``number``-th launch: its training, or nothing at all where its user data fails."""
    plan = draw_training(scenario, number)
    for drawn in (_powering_off, _ranked, _sharded):
        plan = drawn(scenario, number, plan)
    if not scenario.settings.box_reports:
        return plan
    if Random(f"{scenario.seed}:user data:{number}").random() >= FAILING_USER_DATA:
        return replace(plan, reports_at=plan.starts_at)
    return _idling(plan)


def _powering_off(scenario: Scenario, number: int, plan: TrainingPlan) -> TrainingPlan:
    """Some trainings end with ``shutdown -h``, at once or after a while; drawn apart from all else."""
    random = Random(f"{scenario.seed}:power off:{number}")
    if random.random() >= POWERING_OFF:
        return plan
    return replace(plan, powers_off_after=random.choice((0, 5, 60, 600)) * SECOND)


def _ranked(scenario: Scenario, number: int, plan: TrainingPlan) -> TrainingPlan:
    """Some trainings have several ranks, each of which writes a marker; drawn apart from all else."""
    random = Random(f"{scenario.seed}:ranks:{number}")
    if random.random() >= RANKED or plan.course is not Course.MARKER or plan.ends_at is None:
        return plan
    settings, ends_at = scenario.settings, plan.ends_at
    writes: list[PlannedWrite] = []
    for name in random.sample(RANK_NAMES[settings.markers], 2):
        body, late = random.choice(RANK_BODIES), random.choice((0, 1, 20, 120, settings.grace_seconds // 2))
        writes.append(PlannedWrite(ends_at + late * SECOND, settings.prefix + name, len(body), body))
    return replace(plan, writes=tuple(sorted((*plan.writes, *writes), key=lambda write: write.at)))


def _sharded(scenario: Scenario, number: int, plan: TrainingPlan) -> TrainingPlan:
    """Some trainings upload a checkpoint in shards, and some of these are given up; drawn apart from all else."""
    random = Random(f"{scenario.seed}:shards:{number}")
    if random.random() >= SHARDED or plan.ends_at is None:
        return plan
    uploads: list[PlannedUpload] = []
    for shard in range(random.randint(2, 5)):
        begins = max(plan.ends_at - random.choice((60, 600, 5000)) * SECOND, plan.starts_at)
        ends = max(plan.ends_at + random.choice((-30, 1, 30, 400, 900)) * SECOND, begins + SECOND)
        given_up = random.random() < GIVEN_UP
        key = f"{scenario.settings.prefix}checkpoints/shard-{shard}.pt"
        uploads.append(PlannedUpload(begins, None if given_up else ends, key, 5 << 30))
    return replace(plan, uploads=(*plan.uploads, *uploads))


def _idling(plan: TrainingPlan) -> TrainingPlan:
    """The same launch in which nothing trains."""
    return replace(
        plan,
        course=Course.HANG,
        reports_at=None,
        writes=(),
        uploads=(),
        quiet=(0, plan.ends_at or 0),
        ends_at=plan.ends_at or 0,
        last_checkpoint=False,
        marks_its_shutdown=False,
    )


@dataclass(slots=True)
class TrainingTruth:
    """What truly became of one launch's training."""

    launch: Launch
    plan: TrainingPlan
    signalled_at: int | None = None
    exited_at: int | None = None
    powered: bool = True
    finished: bool = False
    """Whether it came to its end by itself, so that its box trains no more."""

    def is_busy(self, start: int, end: int) -> bool:
        """Whether it used the CPU at some moment from ``start`` up to ``end``."""
        at, plan = self.launch.at, self.plan
        begin = at + plan.starts_at
        finish = min(moment for moment in (self.exited_at, self._ends_at, end) if moment is not None)
        quiet = (at + plan.quiet[0], at + plan.quiet[1])
        parts = ((begin, min(finish, quiet[0])), (max(begin, quiet[1]), finish))
        return any(max(low, start) < min(high, end) for low, high in parts)

    @property
    def _ends_at(self) -> int | None:
        return None if self.plan.ends_at is None else self.launch.at + self.plan.ends_at


@dataclass(slots=True)
class Box:
    """What runs on the instance, launch after launch."""

    timeline: Timeline
    scenario: Scenario
    bucket: Bucket
    shut_down: Callable[[Launch], None]
    """Powers the launch's instance off from inside."""
    trainings: list[TrainingTruth] = field(default_factory=list[TrainingTruth])

    def boot(self, launch: Launch) -> None:
        """Begin the launch's training."""
        finished = launch.previous is not None and self.trainings[launch.previous.number].finished
        drawn = draw_launch(self.scenario, launch.number)
        reports = self.scenario.settings.box_reports
        truth = TrainingTruth(launch, _idling(drawn) if finished and reports else drawn, finished=finished)
        self.trainings.append(truth)
        plan = truth.plan
        self.timeline.trace(
            "training launch {}: {} after {} s", launch.number, plan.course, (plan.ends_at or 0) // 1000
        )
        if plan.reports_at is not None:
            report = PlannedWrite(plan.reports_at, self.scenario.settings.prefix + STARTED, 300)
            self.timeline.at(launch.at + report.at, self._writing(truth, report))
        for write in plan.writes:
            self.timeline.at(launch.at + write.at, self._writing(truth, write))
        for upload in plan.uploads:
            self.timeline.at(launch.at + upload.at, self._uploading(truth, upload))
        for removal in plan.removals:
            self.timeline.at(launch.at + removal.at, partial(self.bucket.delete, removal.key))
        if plan.ends_at is not None and plan.course is not Course.HANG:
            self.timeline.at(launch.at + plan.ends_at, lambda: self._finish(truth))

    def signal(self, launch: Launch) -> TrainingTruth:
        """SIGTERM: no more work, but a last checkpoint if it writes one; it exits when that is up."""
        truth = self.trainings[launch.number]
        if truth.signalled_at is not None or not truth.powered:
            return truth
        truth.signalled_at = self.timeline.now
        if truth.exited_at is not None:
            return truth
        self.timeline.trace("training SIGTERM")
        if truth.plan.course is Course.HANG:
            return truth
        takes = truth.plan.shutdown_takes
        if truth.plan.last_checkpoint:
            key = f"{self.scenario.settings.prefix}checkpoints/last-{launch.number}.pt"
            self._upload(truth, PlannedUpload(0, None, key, 2000), self.timeline.now + takes)
        self.timeline.after(takes, lambda: self._exit_after_signal(truth))
        return truth

    def power_off(self, launch: Launch) -> None:
        """What was not in S3 by now never will be."""
        truth = self.trainings[launch.number]
        truth.powered = False
        self._exit(truth)
        for upload in self.bucket.uploads:
            if upload.launch == launch.number and upload.completed_at is None and upload.lost_at is None:
                upload.lost_at = self.timeline.now
                self.timeline.trace("training upload of {} lost", upload.key)

    def _writing(self, truth: TrainingTruth, write: PlannedWrite) -> Callable[[], None]:
        def happen() -> None:
            if truth.powered and truth.signalled_at is None:
                self.bucket.put(write.key, write.size, write.body)

        return happen

    def _uploading(self, truth: TrainingTruth, planned: PlannedUpload) -> Callable[[], None]:
        def happen() -> None:
            if truth.powered and truth.signalled_at is None:
                completes = planned.completes_at
                self._upload(truth, planned, None if completes is None else truth.launch.at + completes)

        return happen

    def _upload(self, truth: TrainingTruth, planned: PlannedUpload, completes_at: int | None) -> None:
        upload: UploadTruth = self.bucket.begin_upload(
            planned.key, planned.size, truth.launch.number, moves=completes_at is not None
        )

        def complete() -> None:
            if truth.powered:
                self.bucket.complete_upload(upload)

        if completes_at is not None:
            self.timeline.at(completes_at, complete)

    def _finish(self, truth: TrainingTruth) -> None:
        by_itself = truth.exited_at is None and truth.signalled_at is None
        truth.finished |= by_itself and truth.plan.course in FINISHES
        if by_itself and truth.plan.powers_off_after is not None:
            self.timeline.after(truth.plan.powers_off_after, partial(self._power_off_by_itself, truth))
        self._exit(truth)

    def _power_off_by_itself(self, truth: TrainingTruth) -> None:
        if truth.powered:
            self.shut_down(truth.launch)

    def _exit(self, truth: TrainingTruth) -> None:
        if truth.exited_at is None:
            truth.exited_at = self.timeline.now
            self.timeline.trace("training exited")

    def _exit_after_signal(self, truth: TrainingTruth) -> None:
        if truth.powered and truth.plan.marks_its_shutdown:
            settings = self.scenario.settings
            name = FAILURE_NAMES[settings.failure_markers][0]
            self.bucket.put(settings.prefix + name, 30, b'{"outcome":"failed","exit_code":143}')
        self._exit(truth)
