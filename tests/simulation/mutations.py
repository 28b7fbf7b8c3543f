"""Ways in which the monitor could be wrong: each replaces one function of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor_runtime import (
    act,
    backoff,
    check,
    completion,
    deadline,
    decision,
    ending,
    locate,
    observe,
    settings,
    signalling,
    tags,
    triggers,
)
from monitor_runtime.cloud import CommandState, Page
from monitor_runtime.settings import Action, Settings
from monitor_runtime.world import Unknown
from sandbox.simulation.cloud import SimulatedCloud

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutation:
    """A change of the monitor, the invariant that finds it out, and how many lifecycles that may take."""

    name: str
    patch: Patch
    caught_by: str
    within: int = 100

    def __str__(self) -> str:
        return self.name


def _replaced(module: Any, name: str, value: Callable[..., Any] | float | timedelta) -> Patch:
    return lambda monkeypatch: monkeypatch.setattr(module, name, value)


def _wrapped(module: Any, name: str, wrap: Callable[..., Any]) -> Patch:
    """``wrap`` is called with the original function first."""
    original = getattr(module, name)
    return _replaced(module, name, lambda *args, **named: wrap(original, *args, **named))


def _misread(**fields: Any) -> Patch:
    """The monitor takes other settings than it was given."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def parse(document: object) -> tuple[Settings, tuple[str, ...]]:
            read, unknown = settings.parse(document)
            return replace(read, **fields), unknown

        monkeypatch.setattr(triggers, "parse", parse)
        monkeypatch.setattr(locate, "parse", parse)

    return patch


def _earlier(original: Callable[..., datetime | None], *args: Any, hours: int) -> datetime | None:
    moment = original(*args)
    return moment and moment - timedelta(hours=hours)


def _restamped(original: Callable[..., Page], cloud: SimulatedCloud, *args: Any, **named: Any) -> Page:
    page = original(cloud, *args, **named)
    now = cloud.clock.now()
    return Page(tuple(replace(entry, modified_at=now) for entry in page.objects), page.next_token)


def _known(original: Callable[..., Any], *args: Any) -> Any:
    answer = original(*args)
    return () if isinstance(answer, Unknown) else answer


def _terminated(original: Callable[..., Any], cloud: Any, clock: Any, instance: Any, _action: Action) -> Any:
    return original(cloud, clock, instance, Action.TERMINATE)


def _without_request(original: Callable[..., Any], cloud: Any, clock: Any, instance: Any, **named: Any) -> Any:
    return original(cloud, clock, replace(instance, spot_request_id=None), **named)


def _hourly_later(original: Callable[..., Any], *args: Any) -> Any:
    return _earlier(original, *args, hours=-1)


def _hourly_earlier(original: Callable[..., Any], *args: Any) -> Any:
    return _earlier(original, *args, hours=1)


def _all_of_them(objects: Sequence[Any], _launched_at: datetime) -> tuple[Any, ...]:
    return tuple(objects)


def _look_alike(pattern: str, name: str) -> bool:
    return pattern.lower() in name.lower()


def _ever(_instance: object, value: str) -> bool:
    return tags.parse_time(value) is not None


def _unmoved(given: Settings, launched_at: datetime, _hold: object) -> datetime | None:
    return deadline.switch_time(given, launched_at, None)


def _never(_: object) -> bool:
    return False


def _always(_: object) -> bool:
    return True


def _unguarded(source: Callable[[], Any]) -> Any:
    return source()


def _in_five_seconds(_settings: Settings, _launched_at: datetime, now: datetime) -> backoff.DueCheck:
    return backoff.DueCheck(now + timedelta(seconds=5), 5)


def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(found: object, *_: object) -> object:
        return found

    for module in (completion, observe):
        monkeypatch.setattr(module, "counted", counted)


def _unverified(_settings: Settings, _seen: object, found: completion.Completion, _launched_at: datetime) -> object:
    return found.outcome, found.evidence


MUTATIONS = (
    Mutation("grace is ignored", _misread(grace_seconds=0), "grace_is_given_in_full"),
    Mutation(
        "a marker of an earlier launch counts",
        _replaced(completion, "fresh", _all_of_them),
        "every_ending_has_a_cause",
    ),
    Mutation(
        "a look-alike counts as a marker",
        _replaced(completion, "matches", _look_alike),
        "every_ending_has_a_cause",
    ),
    Mutation(
        "the deadline is an hour late",
        _wrapped(decision, "deadline", _hourly_later),
        "a_check_ends_what_is_due",
    ),
    Mutation(
        "the deadline is an hour early",
        _wrapped(decision, "deadline", _hourly_earlier),
        "every_ending_has_a_cause",
    ),
    Mutation(
        "what S3 does not tell counts as not there",
        _wrapped(observe, "find_objects", _known),
        "the_recorded_outcome_is_true",
        1000,
    ),
    Mutation("a hold is ignored", _replaced(tags, "read_hold", lambda *_: tags.Hold(None)), "holds_are_respected"),
    Mutation(
        "nothing is verified",
        _replaced(completion, "verification_gap", lambda *_: None),
        "no_upload_is_lost",
    ),
    Mutation(
        "no follow-up is scheduled",
        _replaced(check, "_follow_up", lambda *_: None),
        "a_finished_run_is_ended_in_time",
        150,
    ),
    Mutation(
        "the outcome of an earlier launch is believed",
        _replaced(tags, "_since_launch", _ever),
        "an_ended_run_is_settled_by_the_next_check",
    ),
    Mutation("the deadline switch is never armed", _replaced(check, "_arm", lambda *_: None), "the_switch_is_armed"),
    Mutation(
        "the deadline switch is left behind",
        _replaced(act, "_clean_up", lambda *_: {}),
        "an_ended_run_is_settled_by_the_next_check",
    ),
    Mutation(
        "the switch is set for the deadline of the first launch",
        _replaced(check, "switch_time", _unmoved),
        "the_switch_is_armed",
    ),
    Mutation(
        "an ending is told again and again",
        _replaced(tags, "was_notified", _never),
        "an_ending_is_told_once",
    ),
    Mutation(
        "an object counts as written when it is seen",
        _wrapped(SimulatedCloud, "list_folder", _restamped),
        "a_check_ends_what_is_due",
    ),
    Mutation("a large output counts from when its upload began", _uncounted, "grace_is_given_in_full", 400),
    Mutation(
        "what ended by itself is believed unverified",
        _replaced(decision, "_verdict", _unverified),
        "the_recorded_outcome_is_true",
        1000,
    ),
    Mutation(
        "it terminates instead of stopping", _wrapped(act, "end_instance", _terminated), "endings_are_as_declared"
    ),
    Mutation(
        "a spot request is not cancelled",
        _wrapped(ending, "_terminate", _without_request),
        "a_persistent_request_launches_nothing_unwatched",
    ),
    Mutation(
        "the training is not signalled",
        _replaced(act, "_signal", lambda *_: None),
        "a_signalled_training_gets_its_time",
    ),
    Mutation(
        "a signalled training is not waited for",
        _replaced(signalling, "_await_command", lambda *_: CommandState.RUNNING),
        "a_signalled_training_gets_its_time",
    ),
    Mutation(
        "a report stops the instance",
        _misread(on_complete=Action.STOP, on_failure=Action.STOP, on_deadline=Action.STOP, terminate_after_days=None),
        "endings_are_as_declared",
    ),
    Mutation(
        "what is stuck is left alone",
        _replaced(decision, "STUCK_AFTER", timedelta(days=1000)),
        "a_stuck_stop_is_forced",
    ),
    Mutation("every stop is forced", _replaced(decision, "STUCK_AFTER", timedelta(0)), "force_is_for_what_is_stuck"),
    Mutation(
        "a refusal is asked for ever", _replaced(decision, "MAX_REFUSALS", 10**6), "a_refusal_is_not_asked_for_ever"
    ),
    Mutation("failure markers are not known", _misread(failure_markers=()), "a_check_ends_what_is_due"),
    Mutation(
        "a stopped instance is terminated at once", _misread(terminate_after_days=0.001), "a_stopped_instance_is_kept"
    ),
    Mutation(
        "the backoff never grows",
        _replaced(decision, "next_due", _in_five_seconds),
        "calls_are_bounded",
    ),
    Mutation(
        "an ended run is looked at in full",
        _replaced(observe, "_objects_matter", _always),
        "an_ended_run_costs_one_call",
    ),
    Mutation(
        "an error of AWS goes through",
        _replaced(observe, "ask", _unguarded),
        "only_declared_errors_come_out",
    ),
)
