"""What each outcome does to the instance, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from monitor_runtime.contract.lateness import STILL
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Settings
from runctl_component.plan.durations import days_in_words, in_words

Named = Callable[[str], str]
"""How the name of an object or a metric is written."""


class Fate(Enum):
    """What becomes of an instance."""

    STOPPED = "stopped"
    TERMINATED = "terminated"
    UNSTOPPABLE = "terminated (EC2 cannot stop one-time spot instances)"
    REPORTED = "reported, nothing changed"
    KEPT = "kept running"
    TAKEN = "taken back by EC2"

    @property
    def short(self) -> str:
        """Without the reason."""
        return self.value.partition(" (")[0]


def fates(settings: Settings, spot: str | None) -> dict[Outcome, Fate]:
    """What becomes of the instance by each outcome that the run can have."""
    failed = _fate(settings.on_failure, spot)
    possible = {
        Outcome.SUCCEEDED: _fate(settings.on_complete, spot),
        Outcome.UNVERIFIED: _unverified(settings, spot),
        Outcome.FAILED: failed if settings.failure_markers or settings.markers else None,
        Outcome.DEADLINE: _fate(settings.on_deadline, spot) if settings.max_runtime_hours else None,
        Outcome.STALLED: failed if settings.stalled else None,
        Outcome.IDLE: failed if settings.idle else None,
        Outcome.INTERRUPTED: Fate.TAKEN if spot else None,
    }
    return {outcome: fate for outcome, fate in possible.items() if fate}


def _fate(action: Action, spot: str | None) -> Fate:
    if action is Action.STOP and spot == "one-time":
        return Fate.UNSTOPPABLE
    return {Action.STOP: Fate.STOPPED, Action.TERMINATE: Fate.TERMINATED, Action.REPORT: Fate.REPORTED}[action]


def _unverified(settings: Settings, spot: str | None) -> Fate:
    """Nothing is destroyed on doubt."""
    if settings.on_complete is Action.REPORT:
        return Fate.REPORTED
    return Fate.KEPT if spot == "one-time" else Fate.STOPPED


def endings(settings: Settings, spot: str | None, named: Named = str) -> Iterator[tuple[Outcome, str]]:
    """Each outcome that the run can have, with what becomes of the instance, and when."""
    when = {
        Outcome.SUCCEEDED: lambda: _when_succeeded(settings, spot, named),
        Outcome.UNVERIFIED: lambda: _when_unverified(settings, spot),
        Outcome.FAILED: lambda: _when_failed(settings, named),
        Outcome.DEADLINE: lambda: f", {settings.max_runtime_hours:g} h after the launch",
        Outcome.STALLED: lambda: _when_stalled(settings, named),
        Outcome.IDLE: lambda: _when_idle(settings, named),
        Outcome.INTERRUPTED: lambda: "; the training is signalled about two minutes before",
    }
    for outcome, fate in fates(settings, spot).items():
        yield outcome, f"{fate.value}{when[outcome]()}"


def kept_until(settings: Settings) -> str:
    """How long an instance runs on that nothing but its deadline ends."""
    if not settings.max_runtime_hours:
        return "for ever, since it has no deadline"
    return "until its deadline" if has_layers(settings) else "for ever, since its deadline is only reported"


def has_layers(settings: Settings) -> bool:
    """Whether anything ends the run at its deadline, whatever it is."""
    return bool(settings.max_runtime_hours) and settings.on_deadline is not Action.REPORT


def misses_failures(settings: Settings) -> bool:
    """Whether nothing can tell that a training has failed. Our runner never writes that into a success marker."""
    return not settings.failure_markers and (settings.box_reports or not settings.markers)


def _when_succeeded(settings: Settings, spot: str | None, named: Named) -> str:
    grace = f"{settings.grace_seconds} s after"
    found = [f"{grace} {_any_of(settings.markers, named)}"] if settings.markers else []
    if settings.expected_outputs:
        found.append(f"{grace} the newest of {', '.join(map(named, settings.expected_outputs))}")
    kept = settings.terminate_after_days if _fate(settings.on_complete, spot) is Fate.STOPPED else None
    later = f", terminated {days_in_words(kept)} later" if kept else ""
    return f"{later}, {', or '.join(found)}"


def _when_unverified(settings: Settings, spot: str | None) -> str:
    kept = _unverified(settings, spot) is Fate.KEPT
    how = f" {kept_until(settings)} (EC2 cannot stop one-time spot instances), and told at once" if kept else ""
    return (
        f"{how}, when what was written cannot be verified within {settings.verify_timeout_seconds} s, or"
        f" {in_words(STILL.total_seconds())} after an upload stands still"
    )


def _when_failed(settings: Settings, named: Named) -> str:
    found = [_any_of(settings.failure_markers, named)] if settings.failure_markers else []
    if settings.markers:
        found.append("a marker whose body says failed")
    return f", {settings.grace_seconds} s after {', or '.join(found)}"


def _when_stalled(settings: Settings, named: Named) -> str:
    if settings.stalled is None:
        return ""
    patterns = _any_of(settings.stalled.patterns, named)
    return f", when no new object matches {patterns} for {settings.stalled.minutes} minutes"


def _when_idle(settings: Settings, named: Named) -> str:
    idle = settings.idle
    if idle is None:
        return ""
    active = f"after the training was active or {idle.warm_up_minutes} minutes after the launch"
    return f", when {named(idle.metric)} stays {idle.condition}, {active}"


def _any_of(names: tuple[str, ...], named: Named) -> str:
    return " or ".join(map(named, names))
