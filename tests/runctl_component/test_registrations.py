"""Parents and dependencies of all that is registered, in each form of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest

from runctl_component import Monitor, TrainingRun, TrainingRunArgs

from .forms import ALL, BASE, CODE
from .recording import Recorded, record, short, unknown

Expected = dict[str, tuple[str, set[str]]]
"""Parent and dependencies by title."""


def _rule(monitor: str, suffix: str) -> dict[str, set[str]]:
    rule, function = f"EventRule {monitor}-{suffix}", f"Function {monitor}-function"
    permission = f"Permission {monitor}-{suffix}"
    return {
        rule: set(),
        permission: {rule, function},
        f"EventTarget {monitor}-{suffix}": {rule, function, permission, f"Queue {monitor}-dead-letters"},
    }


def of_monitor(monitor: str, rules: Iterable[str] = ("spot", "audit")) -> dict[str, set[str]]:
    """Dependencies of a monitor's own children."""
    log, queue, group = f"LogGroup {monitor}-log", f"Queue {monitor}-dead-letters", f"ScheduleGroup {monitor}-schedules"
    role, scheduler = f"Role {monitor}-function", f"Role {monitor}-scheduler"
    rights, function = f"RolePolicy {monitor}-function", f"Function {monitor}-function"
    document = f"Document {monitor}-stop-training"
    alarms = {
        f"MetricAlarm {monitor}-{alarm}"
        for alarm in ("errors", "unseen", "sources", "ending-failed", "findings", "audits", "dead-letters")
    }
    children: dict[str, set[str]] = {
        document: set(),
        log: set(),
        queue: set(),
        group: set(),
        role: set(),
        scheduler: {group},
        rights: {log, role, scheduler, group, queue},
        function: {log, role, scheduler, rights, group, queue, document},
        f"RolePolicy {monitor}-scheduler": {scheduler, function, queue},
        f"FunctionEventInvokeConfig {monitor}-delivery": {rights, function, queue},
        f"MetricAlarm {monitor}-errors": {function},
        f"MetricAlarm {monitor}-unseen": set(),
        f"MetricAlarm {monitor}-sources": set(),
        f"MetricAlarm {monitor}-ending-failed": set(),
        f"MetricAlarm {monitor}-findings": set(),
        f"MetricAlarm {monitor}-audits": set(),
        f"MetricAlarm {monitor}-dead-letters": {queue},
        f"Dashboard {monitor}-dashboard": {log, function, queue, *alarms},
        f"QueuePolicy {monitor}-dead-letters": {queue, *(f"EventRule {monitor}-{rule}" for rule in rules)},
    }
    for rule in rules:
        children |= _rule(monitor, rule)
    return children


def of_run(
    run: str,
    monitor: set[str],
    *,
    own_profile: bool = False,
    own_user_data: bool = False,
    everything: bool = False,
    spot: bool = False,
) -> dict[str, set[str]]:
    """Dependencies of a run's own children; ``monitor``: all that must be there before it is launched."""
    instance, heartbeat, box = f"Instance {run}", f"Schedule {run}-heartbeat", f"Role {run}-box"
    rights = f"RolePolicy {run}-box"
    profile = f"InstanceProfile {run}-box"
    files = [] if own_user_data else ["runner", "code"] if everything else ["runner"]
    fetched = {f"BucketObjectv2 {run}-{file}" for file in files}
    children: dict[str, set[str]] = {
        instance: {*monitor, heartbeat, *fetched} if own_profile else {*monitor, heartbeat, profile, *fetched},
        heartbeat: monitor,
        **{title: set[str]() for title in fetched},
        f"Invocation {run}-first-check": {*monitor, instance, heartbeat},
    }
    if not own_profile:
        attached = {f"RolePolicyAttachment {run}-box-1"} if everything else set[str]()
        children |= {box: set(), profile: {box, rights, *attached}, rights: {box}}
        children |= {title: {box} for title in attached}
    if spot:
        children[f"Tag {run}-spot-request"] = {instance}
    return children


def expected(
    monitor: str,
    runs: Iterable[str] = (),
    *,
    rules: Iterable[str] = ("spot", "audit"),
    shared: bool = False,
    **form: bool,
) -> Expected:
    """All resources of runs and their monitor."""
    watching = of_monitor(monitor, rules)
    first, *_ = runs
    entries: Expected = {
        f"Monitor {monitor}": ("Stack team-dev" if shared else f"TrainingRun {first}", set()),
        f"MetricAlarm {monitor}-silence": (f"Function {monitor}-function", set()),
        **{title: (f"Monitor {monitor}", needs) for title, needs in watching.items()},
    }
    for run in runs:
        entries[f"TrainingRun {run}"] = ("Stack team-dev", set())
        children = of_run(run, set(watching), **form)
        entries |= {title: (f"TrainingRun {run}", needs) for title, needs in children.items()}
    return entries


def registered(recorded: Recorded) -> Expected:
    """What came of it; providers have no part in it."""
    return {
        each.title: (short(each.parent), {short(urn) for urn in each.depends_on})
        for each in recorded.resources
        if not each.type.startswith("pulumi:providers")
    }


def _run(args: object, **how: Any) -> Recorded:
    return record(lambda: TrainingRun("llama-ft", cast("TrainingRunArgs", args)), **how)


OWN = expected("llama-ft-monitor", ["llama-ft"])


@pytest.mark.parametrize(
    ("args", "form"),
    [
        (BASE, OWN),
        (ALL, expected("llama-ft-monitor", ["llama-ft"], rules=["spot", "audit", "markers-1"], everything=True)),
        ({**BASE, "spot": "one-time"}, expected("llama-ft-monitor", ["llama-ft"], spot=True)),
        ({**BASE, "spot": "persistent"}, expected("llama-ft-monitor", ["llama-ft"], spot=True)),
        ({**BASE, "iam_instance_profile": "own"}, expected("llama-ft-monitor", ["llama-ft"], own_profile=True)),
        (
            {"bucket": "outputs", "user_data": "#!/bin/sh\n"},
            expected("llama-ft-monitor", ["llama-ft"], own_user_data=True),
        ),
    ],
    ids=["default", "all", "one-time", "persistent", "own profile", "own user data"],
)
def test_parents_and_dependencies_of_a_run_with_a_monitor_of_its_own(args: object, form: Expected) -> None:
    assert registered(_run(args)) == form


def test_parents_and_dependencies_of_three_runs_under_a_shared_monitor() -> None:
    runs = ["a", "b", "c"]

    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        for run in runs:
            TrainingRun(run, BASE, monitor=monitor)

    assert registered(record(program)) == expected("shared", runs, shared=True)


def test_parents_and_dependencies_in_another_region_and_partition() -> None:
    def program() -> None:
        provider = aws.Provider("ningxia", region="cn-northwest-1")
        TrainingRun("llama-ft", BASE, pulumi.ResourceOptions(provider=provider))

    assert registered(record(program, region="cn-northwest-1", partition="aws-cn")) == OWN


def _with_every_input_unknown() -> None:
    plain: dict[str, Any] = {"spot": "persistent", "s3_events": True, "code": CODE, "policy_arns": [unknown()]}
    plain["dashboard"] = True
    given = {key: unknown() for key in ALL if key not in plain}
    TrainingRun("llama-ft", cast("TrainingRunArgs", {**given, **plain}))


def test_parents_and_dependencies_in_a_preview_with_every_input_unknown() -> None:
    recorded = record(_with_every_input_unknown, preview=True)
    rules = ["spot", "audit", "markers-1"]
    form = expected("llama-ft-monitor", ["llama-ft"], rules=rules, spot=True, everything=True)
    assert registered(recorded) == form


def _programs() -> list[Callable[[], object]]:
    def waits_for_its_monitor() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("a", BASE, pulumi.ResourceOptions(depends_on=[monitor]), monitor=monitor)

    def waits_for_another_run() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        first = TrainingRun("a", BASE, monitor=monitor)
        TrainingRun("b", BASE, pulumi.ResourceOptions(depends_on=[first]), monitor=monitor)

    return [waits_for_its_monitor, waits_for_another_run]


@pytest.mark.parametrize("program", _programs(), ids=lambda program: program.__name__)
def test_a_run_never_waits_for_itself(program: Callable[[], object]) -> None:
    assert len(record(program).of("Invocation")) >= 1
