"""What an engine says of a run: the steps that it takes, and what it wants read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation.events import EngineEvent, OpType, StepEventMetadata

_OURSELVES = "pulumi:pulumi:Stack"
_NO_STEP = {OpType.SAME, OpType.READ, OpType.READ_REPLACEMENT, OpType.REFRESH}
READABLE = {"warning", "error", "info", "info#err"}


@dataclass(frozen=True)
class Step:
    """One thing done to one resource, as the engine calls it. ``changed``: the paths of the properties it is for.

    ``parent`` is the URN of its parent; it is empty for what is being deleted.
    """

    operation: str
    type: str
    name: str
    urn: str
    changed: tuple[str, ...] = ()
    parent: str = ""

    def __str__(self) -> str:
        changed = f" ({', '.join(self.changed)})" if self.changed else ""
        return f"{self.operation} {self.type} {self.name}{changed}"


@dataclass(frozen=True)
class Diagnostic:
    """A message for the reader."""

    severity: str
    text: str
    urn: str


class EngineFailedError(RuntimeError):
    """A run of the engine failed; the message is what it printed."""

    def __init__(self, message: str, run: EngineRun) -> None:
        super().__init__(message)
        self.run = run


@dataclass(frozen=True)
class EngineRun:
    """One run of the engine. ``text`` is what it printed, ``printed`` what the program printed by itself.

    ``cpu_seconds`` are those of the program and of the engine, without the provider's.
    """

    steps: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...]
    text: str
    printed: str
    outputs: dict[str, object] = field(default_factory=dict[str, object])
    cpu_seconds: float = 0.0

    def of(self, kind: str) -> list[Step]:
        """The steps of resources of a type, by its last word, such as ``Instance``."""
        return [step for step in self.steps if step.type.rpartition(":")[2] == kind]


def read_events(events: Iterable[EngineEvent]) -> tuple[tuple[Step, ...], tuple[Diagnostic, ...]]:
    """Steps in their order, and diagnostics without those of the engine's own progress."""
    kept = list(events)
    return tuple(_steps(kept)), tuple(_diagnostics(kept))


def read_outputs(events: Iterable[EngineEvent]) -> dict[str, Any]:
    """What the stack exports, as far as it is known."""
    outputs: dict[str, Any] = {}
    for event in events:
        over = event.res_outputs_event
        if over is not None and over.metadata.type == _OURSELVES and over.metadata.new:
            outputs = dict(over.metadata.new.outputs or {})
    return outputs


def _steps(events: Iterable[EngineEvent]) -> Iterator[Step]:
    """What a refresh finds is known when it is over; everything else before it is begun."""
    refreshed: set[str] = set()
    for event in events:
        begun, over = event.resource_pre_event, event.res_outputs_event
        if begun is not None and begun.metadata.op is OpType.REFRESH:
            refreshed.add(begun.metadata.urn)
        elif begun is not None:
            yield from _step(begun.metadata)
        elif over is not None and over.metadata.urn in refreshed:
            refreshed.remove(over.metadata.urn)
            yield from _step(over.metadata)


def _step(step: StepEventMetadata) -> Iterator[Step]:
    if step.op not in _NO_STEP and step.type != _OURSELVES:
        changed = tuple(sorted(step.detailed_diff or step.diffs or ()))
        parent = step.new.parent if step.new else ""
        yield Step(step.op.value, step.type, step.urn.split("::", 3)[3], step.urn, changed, parent)


def _diagnostics(events: Iterable[EngineEvent]) -> Iterator[Diagnostic]:
    for event in events:
        told = event.diagnostic_event
        if told is not None and told.severity in READABLE and not told.ephemeral:
            yield Diagnostic(told.severity, told.message.strip(), told.urn or "")
