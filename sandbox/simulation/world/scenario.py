"""What the seed decides before a lifecycle begins: the settings, the instance, the weather, and what people do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from sandbox.simulation.world.machine import MachineTraits, SpotKind
from sandbox.simulation.world.tampering import DenialPlan, TamperingPlan, draw_denial, draw_tampering
from sandbox.simulation.world.timeline import DAY, HOUR, MINUTE, SECOND
from sandbox.simulation.world.weather import Weather

BUCKET = "team-bucket"
MONITOR = "project/stack/monitor"
IDLE_THRESHOLD = 5.0

DEFAULT_MARKERS = ("training_complete.txt", "COMPLETE", "done")
GLOB_MARKERS = ("*.complete", "finished-?")
MARKER_NAMES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    DEFAULT_MARKERS: DEFAULT_MARKERS,
    GLOB_MARKERS: ("run.complete", "finished-1"),
    (): (),
}
"""What a training may write for each set of markers."""
FAILURE_NAMES: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("training_failed.txt", "FAILED"): ("training_failed.txt", "FAILED"),
    ("*.failed",): ("run.failed",),
}
LOOK_ALIKES = (
    "INCOMPLETE",
    "abandoned",
    "done.txt",
    "done/part-0",
    "DONE",
    "training_complete.txt.tmp",
    "old/training_complete.txt",
    "COMPLETE/part-0",
    "NOT_FAILED",
    "FAILED.log",
    "run.complete.tmp",
    "finished-10",
    "model.bin.part",
    "old/model.bin",
)
PROGRESS = ("checkpoints/*.pt",)
"""What a training writes while it makes progress."""
OUTPUTS = {
    "model.bin": "model.bin",
    "metrics-*.json": "metrics-1.json",
    "export/weights.bin": "export/weights.bin",
    "export/*.json": "export/config.json",
}
"""Expected outputs, and the key that a training writes for each."""

SETS = {
    "model/*.safetensors": "model/part-{:05}-of-{:05}.safetensors",
    "export/shard_*": "export/shard_{}_of_{}.bin",
}
"""Expected outputs that are sets, and what a training names their parts."""
CHECKPOINT_SET = ("ema/*.pt", "ema/state-{:05}-of-{:05}.pt")


@dataclass(frozen=True, slots=True)
class HoldPlan:
    """Somebody sets the hold tag: when, to what moment or text, and when it is taken off again."""

    at: int
    until: int | None
    text: str
    cleared_at: int | None


@dataclass(frozen=True, slots=True)
class ReplacementPlan:
    """Pulumi replaces the instance: when, by which, and how long the old one cannot be removed.

    ``abandons_old``: somebody took the old one out of Pulumi's state, so that it lives on beside the new one.
    """

    at: int
    instance_id: str
    lives_on_for: int
    abandons_old: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """One lifecycle before it begins. Moments are counted from the launch."""

    seed: int
    settings: Settings
    weather: Weather
    machine: MachineTraits
    works_for: int
    first_check_after: int
    skew: int
    page_size: int
    notifies: bool
    has_agent: bool
    stale_markers: bool
    holds: tuple[HoldPlan, ...]
    restarts: int
    stopped_by_hand_at: int | None
    interrupted_at: int | None
    interrupted_in_vain: bool
    """Whether EC2 warns and then leaves the instance alone."""
    unprotected_after: int | None
    destroyed_at: int | None
    replacement: ReplacementPlan | None
    tampering: TamperingPlan | None = None
    denial: DenialPlan | None = None

    @property
    def has_metric(self) -> bool:
        """Whether CloudWatch has anything of the metric by which the run may be found idle."""
        return Random(f"{self.seed}:metric").random() < 0.9


def draw_scenario(seed: int) -> Scenario:
    """All that the seed says. The same seed says the same on every machine."""
    random = Random(f"{seed}:scenario")
    interval = random.choice((60, 120, 300, 300, 300, 600, 900, 1800, 3600))
    works_for = int(interval * SECOND * 0.7 * 40 ** random.random()) + MINUTE
    settings = _with_sets(seed, _draw_watching(seed, _draw_settings(random, interval, works_for)))
    spot = random.choices(tuple(SpotKind), (6, 2, 2))[0]
    replacement = _draw_replacement(random, settings, works_for) if random.random() < 0.1 else None
    holds = _draw_holds(random, settings, works_for)
    protected = random.random() < 0.05
    return Scenario(
        seed=seed,
        settings=settings,
        weather=random.choices(tuple(Weather), (4, 3, 3))[0],
        machine=_draw_machine(random, spot, protected=protected),
        works_for=works_for,
        first_check_after=random.randint(1, 30) * SECOND,
        skew=random.randint(-2 * SECOND, 2 * SECOND),
        page_size=random.choice((1000, 1000, 1000, 3)),
        notifies=random.random() < 0.8,
        has_agent=random.random() < 0.8,
        stale_markers=random.random() < 0.3,
        # A hold is on one instance: which of two it was is not recorded.
        holds=() if replacement and replacement.abandons_old else holds,
        restarts=random.choices((0, 1, 2), (6, 3, 1))[0],
        stopped_by_hand_at=int(random.uniform(0.1, 1.5) * works_for) if random.random() < 0.08 else None,
        interrupted_at=int(random.uniform(0.1, 1.2) * works_for)
        if spot is not SpotKind.NONE and random.random() < 0.3
        else None,
        interrupted_in_vain=random.random() < 0.3,
        unprotected_after=random.randint(1, 6) * HOUR if protected and random.random() < 0.7 else None,
        destroyed_at=int(random.uniform(0.1, 1.5) * works_for) if random.random() < 0.05 else None,
        replacement=replacement,
        tampering=draw_tampering(seed, works_for, spares_tags=bool(holds or replacement)),
        denial=draw_denial(seed, works_for),
    )


def _draw_machine(random: Random, spot: SpotKind, *, protected: bool) -> MachineTraits:
    return MachineTraits(
        f"i-{random.getrandbits(68):017x}",
        spot,
        unknown_for=random.choice((0, 2, 15)) * SECOND,
        stuck_chance=random.choice((0.0, 0.0, 0.3)),
        protected=protected,
    )


def _draw_replacement(random: Random, settings: Settings, works_for: int) -> ReplacementPlan:
    abandons_old = random.random() < 0.2 and settings.terminate_after_days is None
    return ReplacementPlan(
        int(random.uniform(0.1, 1.5) * works_for),
        f"i-{random.getrandbits(68):017x}",
        0 if random.random() < 0.7 else random.randint(1, 180) * MINUTE,
        abandons_old,
    )


def _draw_settings(random: Random, interval: int, works_for: int) -> Settings:
    markers = random.choices(tuple(MARKER_NAMES), (5, 2, 2))[0]
    outputs = (
        tuple(random.sample(sorted(OUTPUTS), random.randint(1, 3))) if not markers or random.random() < 0.3 else ()
    )
    runtime_hours = _draw_runtime_hours(random, works_for)
    longest = int(runtime_hours * 3600) - 1 if runtime_hours else 86_400
    likely_grace = longest if random.random() < 0.1 else max(longest - works_for // SECOND, 600) // 2
    on_complete = random.choices(tuple(Action), (6, 3, 1))[0]
    keeps = on_complete is Action.STOP and interval >= 1800 and random.random() < 0.5
    idle_minutes = random.choice((10, 15, 30, 60))
    idle = random.random() < 0.3 and idle_minutes * 60 < longest
    return Settings(
        run=f"run-{random.randrange(1000)}",
        monitor=MONITOR,
        bucket=BUCKET,
        prefix=random.choice(("", "runs/llama/", "runs/llama/")),
        markers=markers,
        failure_markers=random.choice(tuple(FAILURE_NAMES)),
        expected_outputs=outputs,
        checkpoint_patterns=(("checkpoints/*.pt",) if interval < 600 else ("check*/*.pt",))
        if random.random() < 0.3
        else (),
        initial_interval_seconds=min(random.choice((10, 30, 30, 30, 60, 300)), interval),
        max_interval_seconds=interval,
        backoff_multiplier=random.choice((1.0, 1.5, 2.0, 3.0) if interval <= 120 else (1.5, 2.0, 2.0, 3.0)),
        grace_seconds=min(random.choice((0, 0, 1, 30, 75, 300, 300, 900, 7200)), likely_grace),
        verify_timeout_seconds=random.choice((0, 60, 600, 600, 1800)),
        shutdown_timeout_seconds=random.choice((30, 120, 120, 600)),
        on_complete=on_complete,
        on_failure=random.choices(tuple(Action), (6, 2, 1))[0],
        on_deadline=random.choices(tuple(Action), (6, 2, 1))[0],
        max_runtime_hours=runtime_hours,
        idle=Idle("CPUUtilization", IDLE_THRESHOLD, idle_minutes) if idle else None,
        terminate_after_days=random.choice((1, 1, 2)) if keeps else None,
        s3_events=random.random() < 0.5,
    )


def _draw_watching(seed: int, settings: Settings) -> Settings:
    """What is watched of a training that hangs; drawn apart from all else, which stays as it was without it."""
    random = Random(f"{seed}:watching")
    warm_up_minutes = random.choice((0, 15, 60, 120))
    minutes = random.choice((5, 10, 20, 45, 90))
    lasts = not settings.max_runtime_hours or minutes < settings.max_runtime_hours * 60
    return replace(
        settings,
        idle=settings.idle and replace(settings.idle, warm_up_minutes=warm_up_minutes),
        stalled=Stalled(PROGRESS, minutes) if lasts and random.random() < 0.15 else None,
        box_reports=Random(f"{seed}:box").random() < 0.5,
    )


def _with_sets(seed: int, settings: Settings) -> Settings:
    """Some runs expect a set among their outputs, or verify one; drawn apart from all else."""
    random = Random(f"{seed}:sets")
    outputs, checkpoints = settings.expected_outputs, settings.checkpoint_patterns
    if outputs and random.random() < 0.4:
        outputs = (*outputs[:2], random.choice(sorted(SETS)))
    if checkpoints and random.random() < 0.4:
        checkpoints = (*checkpoints, CHECKPOINT_SET[0])
    return replace(settings, expected_outputs=outputs, checkpoint_patterns=checkpoints)


def _draw_runtime_hours(random: Random, works_for: int) -> float:
    if random.random() < 0.15:
        return 0.0
    times = random.uniform(0.3, 1.1) if random.random() < 0.2 else random.uniform(1.1, 4.0)
    return max(0.17, round(times * works_for / HOUR, 2))


def _draw_holds(random: Random, settings: Settings, works_for: int) -> tuple[HoldPlan, ...]:
    if random.random() < 0.7:
        return ()
    at = int(random.uniform(0.0, 1.3) * works_for)
    ahead = random.choice((5 * MINUTE, HOUR, int(works_for * random.random()) + MINUTE, 3 * HOUR))
    if settings.max_interval_seconds >= 1800 and random.random() < 0.3:
        ahead = random.choice((DAY, 7 * DAY - MINUTE, 7 * DAY + HOUR))
    kind = random.choices(("time", "text", "past"), (8, 1, 1))[0]
    if kind == "text":
        return (HoldPlan(at, None, random.choice(("tomorrow", "until i say so", "2030-13-45")), None),)
    until = at + (ahead if kind == "time" else -HOUR)
    cleared_at = at + int(ahead * random.random()) if random.random() < 0.2 else None
    return (HoldPlan(at, until, "", cleared_at),)
