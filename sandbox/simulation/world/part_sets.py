"""Files that come in parts, as large models do: which sets a run asks for, and how a training writes one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from monitor_runtime.contract.settings import Settings
from sandbox.simulation.world.timeline import MINUTE, SECOND

SETS = {
    "model-*.safetensors": "model-{:05}-of-{:05}.safetensors",
    "export/shard_*": "export/shard_{}_of_{}.bin",
}
"""Expected outputs that are sets, and what a training names their parts."""
CHECKPOINT_SET = ("ema/*.pt", "ema/state-{:05}-of-{:05}.pt")


@dataclass(frozen=True, slots=True)
class Part:
    """One upload of a part, so long after the launch."""

    at: int
    name: str


def with_sets(seed: int, settings: Settings) -> Settings:
    """Some runs expect a set among their outputs, or verify one; drawn apart from all else."""
    random = Random(f"{seed}:sets")
    outputs, checkpoints = settings.expected_outputs, settings.checkpoint_patterns
    if outputs and random.random() < 0.4:
        outputs = (*outputs[:2], random.choice(sorted(SETS)))
    if checkpoints and random.random() < 0.4:
        checkpoints = (*checkpoints, CHECKPOINT_SET[0])
    return replace(settings, expected_outputs=outputs, checkpoint_patterns=checkpoints)


def draw_parts(random: Random, settings: Settings, starts_at: int, ends_at: int) -> list[Part]:
    """The parts of each set that the run asks for, written one after the other up to the end of the training."""
    templates = [SETS[pattern] for pattern in settings.expected_outputs if pattern in SETS]
    templates += [CHECKPOINT_SET[1]] if CHECKPOINT_SET[0] in settings.checkpoint_patterns else []
    return [part for template in templates for part in _draw_set(random, template, starts_at, ends_at)]


def _draw_set(random: Random, template: str, starts_at: int, ends_at: int) -> Sequence[Part]:
    """One part may never come, come late, or come once more."""
    total, first = random.randint(1, 5), random.choice((0, 1))
    pause = min(random.choice((0, 5 * SECOND, MINUTE)), (ends_at - starts_at) // total)
    parts = [Part(ends_at - pause * left, template.format(first + total - 1 - left, total)) for left in range(total)]
    odd = random.choice(parts)
    late = Part(ends_at + random.choice((1, 30, 300, 1200)) * SECOND, odd.name)
    fate = random.choices(("whole", "missing", "late", "again"), (5, 2, 2, 2))[0]
    kept = parts if fate in {"whole", "again"} else [part for part in parts if part is not odd]
    return [*kept, late] if fate in {"late", "again"} else kept
