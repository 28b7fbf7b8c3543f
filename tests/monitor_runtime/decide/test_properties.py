"""What holds for every run, world and moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from monitor_runtime.cloud.values import InstanceState, StoredObject, Upload
from monitor_runtime.contract import names
from monitor_runtime.contract.backoff import JITTER_SECONDS, next_due, offsets
from monitor_runtime.contract.lateness import LEAD
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Idle, Settings
from monitor_runtime.decide.completion import MarkerBody
from monitor_runtime.decide.decisions import End, Interrupt, Wait
from monitor_runtime.decide.next_check import ScheduleFollowUp, WaitInside, plan_next
from monitor_runtime.decide.observation import MetricMaxima, Observation, Unknown
from monitor_runtime.observe.marker_body import parse_body

from ..builders import LAUNCH, decided, instance, metric_maxima, seen, settings, stored


def _metric(values: list[float | None]) -> MetricMaxima:
    return metric_maxima(*values, until=LAUNCH + timedelta(hours=3))


many = profile(
    max_examples=300, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
seconds = st.integers(-86_400, 40 * 86_400)
moments = seconds.map(lambda after: LAUNCH + timedelta(seconds=after))
marker_names = st.sampled_from(
    ["done", "COMPLETE", "FAILED", "training_complete.txt", "INCOMPLETE", "done.txt", "model/a.pt", "x"]
)
objects = st.lists(st.builds(stored, marker_names, moments, st.integers(0, 3)), max_size=5).map(tuple)
unknowns = st.builds(Unknown, st.just("service:Operation: Throttling"), st.booleans())
tags = st.dictionaries(
    st.sampled_from(names.WRITTEN_AFTER_LAUNCH),
    st.one_of(
        st.text(max_size=30), moments.map(datetime.isoformat), st.sampled_from([*Outcome, "3 2026-03-02T10:00:00Z"])
    ),
)
instances = st.builds(
    instance, st.sampled_from(InstanceState), tags=tags, state_changed_at=st.one_of(st.none(), moments)
)
runs = st.builds(
    settings,
    expected_outputs=st.sampled_from([(), ("model/*.pt",)]),
    grace_seconds=st.integers(0, 86_400),
    verify_timeout_seconds=st.integers(0, 3600),
    max_runtime_hours=st.sampled_from([0.0, 1.0, 24.0]),
    on_complete=st.sampled_from(Action),
    on_failure=st.sampled_from(Action),
    on_deadline=st.sampled_from(Action),
    idle=st.sampled_from([None, Idle("CPUUtilization", 5, 30)]),
    terminate_after_days=st.sampled_from([None, 3]),
    initial_interval_seconds=st.integers(10, 60),
    max_interval_seconds=st.sampled_from([60, 300, 3600]),
    backoff_multiplier=st.floats(1, 10),
)
maxima = st.one_of(st.none(), st.floats(0, 10))
bodies = st.builds(MarkerBody, st.sampled_from([None, Outcome.FAILED, Outcome.SUCCEEDED]))
worlds = st.builds(
    Observation,
    instances,
    objects=st.one_of(st.none(), objects, unknowns),
    marker_body=st.one_of(st.none(), unknowns, bodies),
    checkpoints=st.one_of(st.none(), objects, unknowns),
    uploads=st.one_of(st.none(), unknowns, st.lists(st.builds(Upload, st.just("k"), moments), max_size=2).map(tuple)),
    metric_maxima=st.one_of(st.none(), unknowns, st.lists(maxima, min_size=6, max_size=9).map(_metric)),
    interruption_warned=st.booleans(),
)


@many
@given(runs, worlds, moments, st.booleans())
def test_the_decision_is_total_and_waits_for_a_later_moment(
    run: Settings, world: Observation, now: datetime, notifies: bool
) -> None:
    decision = decided(run, world, now, notifies=notifies)
    assert decision.reason
    if isinstance(decision, Wait) and decision.recheck_at:
        assert decision.recheck_at > now


names_written = st.sampled_from(
    ["done", "COMPLETE", "FAILED", "INCOMPLETE", "done.txt", "DONE", "NOT_FAILED", "model/a.pt", "model/x/a.pt", "a.pt"]
)
written = st.builds(
    stored, names_written, st.integers(-7200, 7200).map(lambda after: LAUNCH + timedelta(seconds=after))
)
patient_runs = st.builds(
    settings,
    expected_outputs=st.sampled_from([(), ("model/*.pt",)]),
    grace_seconds=st.sampled_from([0, 1, 300, 3600]),
    max_runtime_hours=st.just(0.0),
    on_complete=st.sampled_from([Action.STOP, Action.TERMINATE]),
    on_failure=st.sampled_from([Action.STOP, Action.TERMINATE]),
)


def _completed(run: Settings, objects: tuple[StoredObject, ...]) -> tuple[Outcome, datetime] | None:
    """What completes a run, said once more in other words: the names that count, of this launch."""
    fresh = [(entry.key.removeprefix(run.prefix), entry) for entry in objects if not entry.modified_at < LAUNCH]
    failures = [entry.modified_at for name, entry in fresh if name == "FAILED"]
    successes = [entry.modified_at for name, entry in fresh if name in {"done", "COMPLETE"}]
    outputs = [entry.modified_at for name, entry in fresh if name == "model/a.pt" and run.expected_outputs]
    if failures:
        return Outcome.FAILED, min(failures)
    if successes:
        return Outcome.SUCCEEDED, min(successes)
    return (Outcome.SUCCEEDED, max(outputs)) if outputs else None


def test_a_run_is_ended_by_a_fresh_completion_of_the_right_name_whose_grace_is_over_and_by_nothing_else() -> None:
    ended: list[End] = []

    @many
    @given(patient_runs, st.lists(written, max_size=4).map(tuple), st.integers(0, 14_400))
    def holds(run: Settings, objects: tuple[StoredObject, ...], elapsed: int) -> None:
        now = LAUNCH + timedelta(seconds=elapsed)
        there = tuple(entry for entry in objects if entry.modified_at <= now)
        decision = decided(run, seen(*there, marker_body=MarkerBody()), now)
        completed = _completed(run, there)
        due = completed is not None and now >= completed[1] + timedelta(seconds=run.grace_seconds)
        assert isinstance(decision, End if due else Wait)
        if isinstance(decision, End):
            assert completed
            assert decision.outcome is completed[0]
            ended.append(decision)

    holds()
    assert len(ended) > 20


@many
@given(runs, worlds, moments)
def test_unknown_objects_never_end_a_run_but_by_its_deadline(run: Settings, world: Observation, now: datetime) -> None:
    quiet = replace(run, idle=Idle("CPUUtilization", 5, 30))
    blind = Observation(
        world.instance,
        objects=Unknown("S3"),
        metric_maxima=_metric([0.0] * 6),
        interruption_warned=world.interruption_warned,
    )
    decision = decided(quiet, blind, now)
    if isinstance(decision, End):
        assert decision.outcome is Outcome.DEADLINE
    if isinstance(decision, Interrupt):
        assert decision.outcome is Outcome.INTERRUPTED


@many
@given(runs, st.sampled_from(["done", "FAILED"]), moments, st.lists(moments, min_size=1, max_size=12))
def test_a_check_that_is_lost_repeated_late_or_out_of_order_never_ends_a_run_earlier(
    run: Settings, marker: str, written_at: datetime, checked_at: list[datetime]
) -> None:
    patient = replace(run, max_runtime_hours=0.0, idle=None, verify_timeout_seconds=0)
    world = seen(stored(marker, written_at), marker_body=MarkerBody())
    ended = [now for now in checked_at if isinstance(decided(patient, world, now), End)]
    due = written_at + timedelta(seconds=run.grace_seconds)
    assert ended == [now for now in checked_at if written_at >= LAUNCH and now >= due]


@many
@given(runs, worlds, st.sampled_from([Action.STOP, Action.TERMINATE]), st.integers(300, 40 * 86_400))
def test_a_running_instance_is_ended_within_five_minutes_of_its_deadline_whatever_s3_says(
    run: Settings, world: Observation, on_deadline: Action, late: int
) -> None:
    limited = replace(run, max_runtime_hours=24.0, on_deadline=on_deadline)
    unheld = replace(world, instance=instance(), interruption_warned=False)
    decision = decided(limited, unheld, LAUNCH + timedelta(hours=24, seconds=late))
    assert isinstance(decision, End)
    assert decision.action is not Action.REPORT


@many
@given(runs, worlds, st.integers(0, 40 * 86_400))
def test_what_cannot_be_verified_is_never_terminated_on_purpose(run: Settings, world: Observation, late: int) -> None:
    decision = decided(run, world, LAUNCH + timedelta(seconds=late))
    if isinstance(decision, End) and decision.outcome is Outcome.UNVERIFIED:
        assert decision.action is not Action.TERMINATE


@many
@given(runs, st.integers(0, 90 * 86_400))
def test_each_due_check_is_later_than_now_and_at_most_an_interval_away(run: Settings, elapsed: int) -> None:
    now = LAUNCH + timedelta(seconds=elapsed)
    due = next_due(run, LAUNCH, now)
    assert now < due.at <= now + timedelta(seconds=max(due.interval_seconds, 10) + JITTER_SECONDS)


@many
@given(runs)
def test_due_checks_lie_at_the_offsets_of_the_backoff(run: Settings) -> None:
    now, found = LAUNCH, list[float]()
    for _ in range(8):
        now = next_due(run, LAUNCH, now).at
        found.append((now - LAUNCH).total_seconds())
    jitter = found[0] - next(offsets(run))
    assert 0 <= jitter < JITTER_SECONDS
    assert all(abs(a - b - jitter) < 0.01 for a, b in zip(found, islice(offsets(run), 8), strict=True))


@many
@given(st.integers(1, 7200), st.integers(0, 59), st.sampled_from([60, 300, 3600]), st.floats(0, 900))
def test_a_follow_up_that_is_late_still_comes_in_time(delay: int, late: int, heartbeat: int, can_wait: float) -> None:
    recheck_at = LAUNCH + timedelta(seconds=delay)
    outlook = plan_next(recheck_at, LAUNCH, heartbeat_seconds=heartbeat, can_wait_seconds=can_wait)
    if isinstance(outlook, WaitInside):
        assert outlook.seconds == delay
    if isinstance(outlook, ScheduleFollowUp):
        assert outlook.at > LAUNCH
        if outlook.at == recheck_at - LEAD:
            assert outlook.at + timedelta(seconds=late) <= recheck_at


@many
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_body_of_a_marker_can_be_read(body: bytes) -> None:
    assert isinstance(parse_body(body), MarkerBody)
