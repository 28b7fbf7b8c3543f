"""What a training does in one launch, drawn before it begins: the objects, the uploads, the end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from monitor_runtime.contract.settings import Settings
from sandbox.simulation.world.scenario import (
    CHECKPOINT_SET,
    FAILURE_NAMES,
    LOOK_ALIKES,
    MARKER_NAMES,
    OUTPUTS,
    SETS,
    Scenario,
)
from sandbox.simulation.world.timeline import HOUR, MINUTE, SECOND


class Course(StrEnum):
    """How the training goes."""

    MARKER = "completes with a marker"
    OUTPUTS = "completes with its outputs alone"
    FAILURE = "crashes and says so"
    CRASH = "crashes without a word"
    HANG = "hangs, idle"
    ENDLESS = "never ends"


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """An object, ``at`` milliseconds after the launch."""

    at: int
    key: str
    size: int
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class PlannedUpload:
    """A multipart upload; ``completes_at`` is None for one that is given up and never aborted."""

    at: int
    completes_at: int | None
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class PlannedRemoval:
    """Somebody, or a lifecycle rule, deletes a marker, ``at`` milliseconds after the launch, on or off the box."""

    at: int
    key: str


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """One launch's training; moments are counted from the launch. ``quiet``: when it works without using the CPU."""

    course: Course
    starts_at: int
    ends_at: int | None
    writes: tuple[PlannedWrite, ...]
    uploads: tuple[PlannedUpload, ...]
    removals: tuple[PlannedRemoval, ...]
    quiet: tuple[int, int]
    shutdown_takes: int
    last_checkpoint: bool
    marks_its_shutdown: bool
    reports_at: int | None = None
    """When its box reports that it begins; None for one that never does."""
    powers_off_after: int | None = None
    """How long after its end its box powers itself off; None for one that stays on."""


def draw_training(scenario: Scenario, number: int) -> TrainingPlan:
    """The training of the ``number``-th launch."""
    random = Random(f"{scenario.seed}:training:{number}")
    settings = scenario.settings
    starts_at = random.randint(30, 120) * SECOND
    ends_at = starts_at + int(scenario.works_for * (1 if number == 0 else random.uniform(0.1, 1.0)))
    course = random.choices(tuple(Course), (8, 3, 3, 1, 1, 2))[0]
    if course is Course.MARKER and not settings.markers:
        course = Course.OUTPUTS
    elif course is Course.OUTPUTS and not settings.expected_outputs:
        course = Course.MARKER
    draw = _Draw(scenario, random, course, starts_at, ends_at)
    parts = draw.parts(Random(f"{scenario.seed}:parts:{number}"))
    outputs, large_outputs = draw.outputs_by_size()
    ending = draw.ending()
    writes = [*draw.checkpoints(), *draw.look_alikes(), *outputs, *parts, *ending]
    writes += _again(scenario.seed, number, ending)
    removals, restored = _vanishing(scenario, number, ending)
    writes += restored
    quiet_at = random.randint(0, ends_at)
    return TrainingPlan(
        course,
        starts_at,
        None if course is Course.ENDLESS else ends_at,
        tuple(sorted(writes, key=lambda write: write.at)),
        (*draw.uploads(), *large_outputs),
        removals,
        _begin_with_a_download(scenario, number) or (quiet_at, quiet_at + random.choice((0, 0, 20, 90)) * MINUTE),
        shutdown_takes=random.choice((0, 2, 20, 100, 400)) * SECOND,
        last_checkpoint=random.random() < 0.7,
        marks_its_shutdown=random.random() < 0.3,
    )


def _begin_with_a_download(scenario: Scenario, number: int) -> tuple[int, int] | None:
    """Now and then a training first downloads for long."""
    random = Random(f"{scenario.seed}:download:{number}")
    return (0, random.randint(20, 90) * MINUTE) if random.random() < 0.2 else None


def _again(seed: int, number: int, ending: list[PlannedWrite]) -> list[PlannedWrite]:
    """Some trainings upload their marker again every minute, as a loop around ``aws s3 cp`` does."""
    random = Random(f"{seed}:again:{number}")
    if not ending or random.random() >= 0.1:
        return []
    marker, times = ending[0], random.choice((1, 5, 60))
    return [replace(marker, at=marker.at + minute * MINUTE) for minute in range(1, times + 1)]


def _vanishing(
    scenario: Scenario, number: int, ending: list[PlannedWrite]
) -> tuple[tuple[PlannedRemoval, ...], list[PlannedWrite]]:
    """Some markers are deleted, at once, within their grace period or after it; some of these are written once more."""
    random = Random(f"{scenario.seed}:vanishing:{number}")
    if not ending or random.random() >= 0.15:
        return (), []
    marker, grace = ending[0], scenario.settings.grace_seconds * SECOND
    latest = random.choice((10 * SECOND, grace, 2 * grace, HOUR))
    gone_at = marker.at + random.randint(SECOND, max(latest, 2 * SECOND))
    back_at = gone_at + random.randint(2 * SECOND, random.choice((MINUTE, 10 * MINUTE, HOUR)))
    restored = [replace(marker, at=back_at)] if random.random() < 0.6 else []
    return (PlannedRemoval(gone_at, marker.key),), restored


@dataclass(frozen=True, slots=True)
class _Part:
    """One upload of a part, so long after the launch."""

    at: int
    name: str


def _draw_parts(random: Random, settings: Settings, starts_at: int, ends_at: int) -> list[_Part]:
    """The parts of each set that the run asks for, written one after the other up to the end of the training."""
    templates = [SETS[pattern] for pattern in settings.expected_outputs if pattern in SETS]
    templates += [CHECKPOINT_SET[1]] if CHECKPOINT_SET[0] in settings.checkpoint_patterns else []
    return [part for template in templates for part in _draw_set(random, template, starts_at, ends_at)]


def _draw_set(random: Random, template: str, starts_at: int, ends_at: int) -> Sequence[_Part]:
    """One part may never come, come late, or come once more."""
    total, first = random.randint(1, 5), random.choice((0, 1))
    pause = min(random.choice((0, 5 * SECOND, MINUTE)), (ends_at - starts_at) // total)
    parts = [_Part(ends_at - pause * left, template.format(first + total - 1 - left, total)) for left in range(total)]
    odd = random.choice(parts)
    late = _Part(ends_at + random.choice((1, 30, 300, 1200)) * SECOND, odd.name)
    fate = random.choices(("whole", "missing", "late", "again"), (5, 2, 2, 2))[0]
    kept = parts if fate in {"whole", "again"} else [part for part in parts if part is not odd]
    return [*kept, late] if fate in {"late", "again"} else kept


class _Draw:
    def __init__(self, scenario: Scenario, random: Random, course: Course, starts_at: int, ends_at: int) -> None:
        self._settings = scenario.settings
        self._random = random
        self._course = course
        self._starts_at = starts_at
        self._ends_at = ends_at
        self._final_size = 4096 + random.randrange(1000)

    def checkpoints(self) -> list[PlannedWrite]:
        count = self._random.randint(0, 4)
        spacing = (self._ends_at - self._starts_at) // (count + 1)
        return [
            PlannedWrite(self._starts_at + spacing * (step + 1), self._key(f"checkpoints/step-{step}.pt"), 1000 + step)
            for step in range(count)
        ]

    def look_alikes(self) -> list[PlannedWrite]:
        names = self._random.sample(LOOK_ALIKES, self._random.choice((0, 1, 3)))
        return [
            PlannedWrite(self._random.randint(self._starts_at, self._ends_at), self._key(name), 1) for name in names
        ]

    def outputs(self) -> list[PlannedWrite]:
        """Written just before the end by what completes; what crashes has written some."""
        random = self._random
        if self._course not in {Course.MARKER, Course.OUTPUTS}:
            some = self._single_outputs()[1:]
            return [
                PlannedWrite((self._starts_at + self._ends_at) // 2, self._key(OUTPUTS[pattern]), 10)
                for pattern in some
            ]
        spread = random.choice((0, 30 * SECOND, 5 * MINUTE))
        writes = [
            PlannedWrite(
                self._ends_at - random.randint(0, min(spread, self._ends_at - self._starts_at)),
                self._key(OUTPUTS[pattern]),
                10,
            )
            for pattern in self._single_outputs()
        ]
        if writes and random.random() < 0.1:
            writes[0] = PlannedWrite(writes[0].at, writes[0].key, 0)
        return writes

    def _single_outputs(self) -> list[str]:
        return [pattern for pattern in self._settings.expected_outputs if pattern in OUTPUTS]

    def parts(self, random: Random) -> list[PlannedWrite]:
        """What comes in parts; what crashes has written about half of them."""
        planned = _draw_parts(random, self._settings, self._starts_at, self._ends_at)
        if self._course not in {Course.MARKER, Course.OUTPUTS}:
            planned = planned[::2]
        return [PlannedWrite(part.at, self._key(part.name), 10) for part in planned]

    def outputs_by_size(self) -> tuple[list[PlannedWrite], list[PlannedUpload]]:
        """Some outputs are large, and come as multipart uploads that were begun long before."""
        random = self._random
        small, large = list[PlannedWrite](), list[PlannedUpload]()
        for write in self.outputs():
            if write.size and random.random() < 0.2:
                begun = max(self._starts_at, write.at - random.randint(1, 3600) * SECOND)
                large.append(PlannedUpload(begun, write.at, write.key, write.size))
            else:
                small.append(write)
        return small, large

    def ending(self) -> list[PlannedWrite]:
        settings, random = self._settings, self._random
        success, failure = MARKER_NAMES[settings.markers], FAILURE_NAMES[settings.failure_markers]
        writes: list[PlannedWrite] = []
        if self._course is Course.FAILURE:
            body = random.choice((b"", b"Traceback", b'{"outcome":"failed","exit_code":1,"message":"CUDA OOM"}'))
            writes.append(PlannedWrite(self._ends_at, self._key(random.choice(failure)), len(body), body))
        if self._course is Course.MARKER:
            body = self._success_body()
            writes.append(PlannedWrite(self._ends_at, self._key(random.choice(success)), len(body), body))
            if random.random() < 0.1:
                second = self._ends_at + random.randint(1, 600) * SECOND
                writes.append(PlannedWrite(second, self._key(random.choice(success + failure)), 0))
        if self._course in {Course.MARKER, Course.OUTPUTS} and random.random() < 0.5:
            late = self._ends_at + random.choice((-60, 0, 1, 5, settings.grace_seconds // 2)) * SECOND
            writes.append(PlannedWrite(max(late, self._starts_at), self._key("checkpoints/final.pt"), self._final_size))
        return writes

    def _success_body(self) -> bytes:
        random = self._random
        kind = random.choice(("empty", "plain", "json", "manifest", "manifest", "told otherwise", "broken"))
        if kind == "manifest":
            size = self._final_size if random.random() < 0.8 else 1
            key = "checkpoints/final.pt" if random.random() < 0.5 else self._key("checkpoints/final.pt")
            entry = {"key": key, "size": size} if random.random() < 0.8 else {"key": key}
            return json.dumps({"outcome": "succeeded", "exit_code": 0, "checkpoint": [entry]}).encode()
        bodies = {
            "plain": b"finished at last",
            "json": b'{"outcome":"succeeded","exit_code":0}',
            "told otherwise": b'{"outcome":"failed","exit_code":3}',
            "broken": b'{"outcome":"succeeded","checkpoint":[{"key":"x"',
        }
        return bodies.get(kind, b"")

    def uploads(self) -> list[PlannedUpload]:
        """One that is still going when the training says that it is complete, or one that was given up."""
        random = self._random
        if random.random() < 0.6:
            return []
        begins = max(self._ends_at - random.randint(1, 1200) * SECOND, self._starts_at)
        completes = self._ends_at + random.choice((5, 60, 400, 1500)) * SECOND
        given_up = random.random() < 0.15
        return [PlannedUpload(begins, None if given_up else completes, self._key("checkpoints/big.pt"), 5 << 30)]

    def _key(self, name: str) -> str:
        return self._settings.prefix + name
