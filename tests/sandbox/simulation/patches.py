"""What a mutation puts in the place of a function of the monitor."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime.act import recording
from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.follow_up import Recheck
from monitor_runtime.audit import Audit
from monitor_runtime.cloud.interface import Change, CloudError
from monitor_runtime.cloud.pages import Page
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract import backoff, deadline, settings, times, triggers
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.names import TAG_MONITOR, TAG_NOTICED
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Idle, Settings
from monitor_runtime.decide.case import Case
from monitor_runtime.decide.completion import Completion, MarkerBody
from monitor_runtime.decide.decisions import Interrupt, Wait
from monitor_runtime.decide.observation import Observation, SignOfLife, Unknown
from monitor_runtime.decide.stalled import progress_since
from monitor_runtime.observe import locate
from sandbox.simulation.world.simulated_cloud import SimulatedCloud

Patch = Callable[[pytest.MonkeyPatch], None]


def replaced(module: Any, name: str, value: Callable[..., Any] | float | timedelta) -> Patch:
    return lambda monkeypatch: monkeypatch.setattr(module, name, value)


def wrapped(module: Any, name: str, wrap: Callable[..., Any]) -> Patch:
    """``wrap`` is called with the original function first."""
    original = getattr(module, name)
    return replaced(module, name, lambda *args, **named: wrap(original, *args, **named))


def misread(**fields: Any) -> Patch:
    """The monitor takes other settings than it was given."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def parse(document: object) -> tuple[Settings, tuple[str, ...]]:
            read, unknown = settings.parse(document)
            return replace(read, **fields), unknown

        monkeypatch.setattr(triggers, "parse", parse)
        monkeypatch.setattr(locate, "parse", parse)

    return patch


def earlier(original: Callable[..., datetime | None], *args: Any, hours: int) -> datetime | None:
    moment = original(*args)
    return moment and moment - timedelta(hours=hours)


def restamped(original: Callable[..., Page], cloud: SimulatedCloud, *args: Any, **named: Any) -> Page:
    page = original(cloud, *args, **named)
    now = cloud.clock.now()
    return replace(page, objects=tuple(replace(entry, modified_at=now) for entry in page.objects))


def known(original: Callable[..., Any], *args: Any) -> Any:
    answer = original(*args)
    return () if isinstance(answer, Unknown) else answer


def none_lost(found: Sequence[Instance], _: str) -> tuple[Sequence[Instance], Sequence[Instance]]:
    return (), [each for each in found if TAG_MONITOR in each.tags]


def untroubled(original: Callable[[Audit], None], audit: Audit) -> None:
    audit.troubles.clear()
    original(audit)


def terminated(
    original: Callable[..., Any], cloud: Any, clock: Any, instance: Any, _action: Action, *rest: Any, **named: Any
) -> Any:
    return original(cloud, clock, instance, Action.TERMINATE, *rest, **named)


def without_request(
    original: Callable[..., Any], cloud: Any, clock: Any, instance: Any, *rest: Any, **named: Any
) -> Any:
    return original(cloud, clock, replace(instance, spot_request_id=None), *rest, **named)


def patient(original: Callable[..., None], *args: Any, **named: Any) -> None:
    original(*args, **named | {"may_wait": True})


def looked_for_soon(
    original: Callable[..., list[Recheck]], context: object, found: object, now: datetime, *rest: Any
) -> list[Recheck]:
    rechecks = original(context, found, now, *rest)
    return [Recheck(now + timedelta(minutes=2))] if isinstance(found, Unknown) else rechecks


def waited_for_soon(case: Case, _source: Unknown, reason: str) -> Wait:
    return Wait(reason, case.now + timedelta(minutes=2))


def none_under_way(*_: object) -> str:
    return ""


def no_digest(_: object) -> str:
    return ""


def stalled_if_unknown(original: Callable[..., Any], cloud: Any, given: Settings, looked: Any, *args: Any) -> Any:
    found = original(cloud, given, looked, *args)
    if isinstance(found, Unknown) and given.stalled:
        return progress_since(given.stalled, looked.instance.launched_at)
    return found


def without_warm_up(original: Callable[..., bool], idle: Idle, *args: object) -> bool:
    return original(replace(idle, warm_up_minutes=0), *args)


def dated_late(original: Callable[..., Any], outcome: Outcome, reason: str, at: datetime) -> Any:
    return original(outcome, reason, at + timedelta(minutes=1))


def hourly_later(original: Callable[..., Any], *args: Any) -> Any:
    return earlier(original, *args, hours=-1)


def hourly_earlier(original: Callable[..., Any], *args: Any) -> Any:
    return earlier(original, *args, hours=1)


def all_of_them(objects: Sequence[Any], _launched_at: datetime) -> tuple[Any, ...]:
    return tuple(objects)


def look_alike(pattern: str, name: str) -> bool:
    return pattern.lower() in name.lower()


def ever(_instance: object, value: str) -> datetime | None:
    return times.parse_time(value)


def unmoved(given: Settings, launched_at: datetime, _hold: object) -> datetime | None:
    return deadline.switch_time(given, launched_at, None)


def unnotified(original: Callable[..., Memory], *args: object) -> Memory:
    return replace(original(*args), notified=False)


def ever_reported(sign: SignOfLife, _launched_at: datetime) -> bool:
    return sign.written_at is not None


def forgetful_of_the_box(original: Callable[..., Memory], *args: object) -> Memory:
    return replace(original(*args), box=None)


def unreleased(original: Callable[..., Memory], *args: object) -> Memory:
    return replace(original(*args), released_at=None)


def first_only(original: Callable[..., Any], *args: object) -> Any:
    found = original(*args)
    return found if isinstance(found, Unknown) else found[:1]


def always(*_: object) -> bool:
    return True


def unguarded(source: Callable[[], Any]) -> Any:
    return source()


def in_five_seconds(_settings: Settings, _launched_at: datetime, now: datetime) -> backoff.DueCheck:
    return backoff.DueCheck(now + timedelta(seconds=5), 5)


def nothing(*_: object) -> None:
    return None


def both(*patches: Patch) -> Patch:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        for each in patches:
            each(monkeypatch)

    return patch


def unwarned(original: Callable[..., None], context: Any, instance: Any, memory: Any, decided: Interrupt) -> None:
    original(context, instance, memory, replace(decided, signal_first=False))


def wait_past_the_deadline(case: Case, reason: str, *rechecks_at: datetime | None) -> Wait:
    return Wait(reason, min((moment for moment in rechecks_at if moment and moment > case.now), default=None))


def unread(_body: bytes) -> MarkerBody:
    return MarkerBody()


def uncounted(found: Completion, *_: object) -> Completion:
    return found


def unverified(_case: object, found: Completion) -> object:
    return found.outcome, found.evidence


def understood(original: Callable[[bytes], MarkerBody], body: bytes) -> MarkerBody:
    return replace(original(body), not_understood="")


def noted_unless_gone(context: CheckContext, instance: Instance, noticed: str) -> None:
    if noticed:
        recording.record_tags(context, instance, {TAG_NOTICED: noticed}, retries=False)


def tried_in_vain(context: CheckContext, change: Change, resource_id: str) -> tuple[str, ...]:
    with suppress(CloudError):
        context.cloud.try_out(change, resource_id)
    return ()


def unless_gone(
    original: Callable[..., None], context: object, instance: object, seen: Observation, **named: Any
) -> None:
    if seen.completion:
        original(context, instance, seen, **named)


def climbing(original: Callable[..., Any], *args: Any, **named: Any) -> Any:
    return original(*args, **named | {"climbs": True})


def counted_anew(original: Callable[..., Completion], found: Completion, *args: Any) -> Completion:
    return original(found, *args) if found.multipart else found


def noticed_ever(original: Callable[..., Memory], instance: Instance, now: datetime) -> Memory:
    return replace(original(instance, now), noticed=instance.tags.get(TAG_NOTICED, "").partition(" ")[2])


def unreported(original: Callable[..., Memory], *args: object) -> Memory:
    return replace(original(*args), reported=frozenset[Outcome]())


def only_the_first(original: Callable[..., Any], cloud: object, given: Settings, keys: Sequence[str]) -> Any:
    return original(cloud, given, keys[:1])


def only_the_newest(original: Callable[..., Any], *args: Any) -> Any:
    return itertools.islice(original(*args), 1)
