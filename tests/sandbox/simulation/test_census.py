"""What happens in the lifecycles: an invariant about something that never comes to pass would prove nothing."""

from __future__ import annotations

import re
from collections import Counter
from fnmatch import fnmatchcase
from itertools import count, islice

import pytest

from monitor_runtime.contract.names import TAG_OUTCOME
from monitor_runtime.contract.outcomes import Outcome
from sandbox.simulation.judge.audits import FLAWS
from sandbox.simulation.judge.hanging import NO_SIGN
from sandbox.simulation.judge.oracle import INVARIANTS
from sandbox.simulation.lifecycle import run_lifecycle
from sandbox.simulation.world.record import Record
from sandbox.simulation.world.tampering import Right, draw_denial
from sandbox.simulation.world.timeline import HOUR
from sandbox.simulation.world.training_plan import Course
from sandbox.simulation.world.weather import Weather

from .mutations import MUTATIONS

pytestmark = pytest.mark.xdist_group("census")

LIFECYCLES = 300
PART = re.compile(r"[-_]of[-_](\d+)")
LEAST: tuple[tuple[str, int], ...] = (
    *((str(course), 5) for course in Course),
    *((f"recorded as {outcome}", 5) for outcome in Outcome),
    ("trigger lost", 100),
    ("call failed", 200),
    ("check disturbed", 200),
    ("switch ended a run", 2),
    ("switch failed or was lost", 2),
    ("ending refused", 5),
    ("stop forced", 5),
    ("terminated later", 3),
    ("spot interruption", 10),
    ("in vain", 3),
    ("started again", 25),
    ("hold", 25),
    ("stale markers", 25),
    ("large object dated back", 5),
    ("upload lost", 10),
    ("powered off from inside", 10),
    ("several markers with a body", 5),
    ("shard uploaded", 20),
    ("shard given up", 5),
    ("skewed clock", 100),
    ("set of parts", 20),
    ("set that misses a part", 5),
    ("part written again", 5),
    ("listing of an audit failed", 20),
    ("second look of an audit failed", 2),
    ("dry run of an audit failed", 5),
    ("marker taken away", 10),
    ("marker written again after it was gone", 5),
    ("a check told that a marker is gone", 2),
    ("right denied for good", 30),
    ("call denied for good", 100),
    ("told ending-denied", 1),
    ("removed", 3),
    ("replaced", 10),
    ("removed late", 3),
    ("two instances", 2),
    ("calm", 50),
    ("tampered with", 15),
    ("box silent", 20),
    ("box reports", 50),
    ("told silent", 5),
    *((f"told {flaw}", 1) for flaw in sorted(set(FLAWS.values()))),
)
"""What comes to pass in the lifecycles, and how often at least."""


def _happened(record: Record) -> Counter[str]:
    scenario, settings = record.scenario, record.scenario.settings
    replacement = scenario.replacement
    completes = {Course.MARKER: settings.markers, Course.OUTPUTS: settings.expected_outputs}
    found = Counter[str](training.plan.course for training in record.trainings)
    recorded = {(entry.launch, entry.tags[TAG_OUTCOME]) for entry in record.taggings if TAG_OUTCOME in entry.tags}
    found.update(f"recorded as {outcome}" for _, outcome in recorded)
    found.update(
        {
            "trigger lost": len(record.lost_triggers),
            "call failed": len(record.injected),
            "check disturbed": sum(check.disturbed for check in record.checks),
            "switch ended a run": sum(firing.hit for firing in record.firings),
            "switch failed or was lost": sum(firing.failed or not firing.delivered for firing in record.firings),
            "ending refused": len(record.refusals),
            "stop forced": len(record.forced),
            "terminated later": len(record.terminated_stopped),
            "spot interruption": record.interrupted_at is not None,
            "in vain": record.interrupted_at is not None and scenario.interrupted_in_vain,
            "started again": len(record.launches) - 1,
            "hold": len(record.holds),
            "stale markers": scenario.stale_markers,
            "large object dated back": sum(written.multipart for written in record.bucket.history),
            "upload lost": sum(upload.lost_at is not None for upload in record.bucket.uploads),
            "skewed clock": scenario.skew != 0,
            "removed": record.destroyed_at is not None,
            "replaced": record.replaced_at is not None,
            "removed late": record.replaced_at is not None and bool(replacement and replacement.lives_on_for),
            "two instances": record.replaced_at is not None and bool(replacement and replacement.abandons_old),
            "tampered with": record.tampered_at is not None,
            "powered off from inside": sum(launch.left_by == "box" for launch in record.launches),
            "calm": scenario.weather is Weather.CALM,
            "impossible course": sum(not completes.get(each.plan.course, (1,)) for each in record.trainings),
        }
    )
    found.update(_taken_away(record) + _sets(record) + _failed_audits(record) + _signs_of_life(record))
    found.update(_shards(record) + Counter({"several markers with a body": _has_several_bodies(record)}))
    findings = [each for check in record.checks for each in (check.reply or {}).get("findings", [])]
    found.update({f"told {each['flaw']}" for each in findings})
    return found


def _shards(record: Record) -> Counter[str]:
    shards = [upload for upload in record.bucket.uploads if "/shard-" in upload.key]
    return Counter(
        {
            "shard uploaded": sum(upload.completed_at is not None for upload in shards),
            "shard given up": sum(not upload.moves for upload in shards),
        }
    )


def _has_several_bodies(record: Record) -> bool:
    settings, history = record.scenario.settings, record.bucket.history
    names = {written.key.removeprefix(settings.prefix) for written in history if written.body}
    return sum(any(fnmatchcase(name, marker) for marker in settings.markers) for name in names) > 1


def _signs_of_life(record: Record) -> Counter[str]:
    reports = [each.plan.reports_at is not None for each in record.trainings]
    return Counter(
        {
            "box silent": record.scenario.settings.box_reports * reports.count(False),
            "box reports": reports.count(True),
            "told silent": sum(entry.status == NO_SIGN for entry in record.statuses),
        }
    )


def _taken_away(record: Record) -> Counter[str]:
    problems = [problem for check in record.checks for problem in (check.reply or {}).get("problems", [])]
    return Counter(
        {
            "right denied for good": int(record.denied_at is not None),
            "call denied for good": record.denied_calls,
            "marker taken away": len(record.bucket.removed),
            "marker written again after it was gone": _came_back(record),
            "a check told that a marker is gone": sum("is gone again" in problem for problem in problems),
        }
    )


def _came_back(record: Record) -> int:
    """How many of the markers that were taken away were there again."""
    return sum(
        any(written.key == key and written.at > at for written in record.bucket.history)
        for at, key in record.bucket.removed
    )


def _failed_audits(record: Record) -> Counter[str]:
    """The calls of audits that failed, by what they were for."""
    failed = sum((check.failed for check in record.checks if check.trigger == "audit"), Counter[str]())
    return Counter(
        {
            "listing of an audit failed": failed["list_schedules"] + failed["list_instances"],
            "second look of an audit failed": failed["find_schedule"] + failed["has_deadline_switch"],
            "dry run of an audit failed": failed["may_end"],
        }
    )


def _sets(record: Record) -> Counter[str]:
    """How many sets of parts were written, and of those how many with a gap, or with a part that came again."""
    found: Counter[str] = Counter()
    for training in record.trainings:
        parts = Counter(write.key for write in training.plan.writes if PART.search(write.key))
        sets = Counter((key.partition("/")[0], PART.findall(key)[-1]) for key in parts)
        found["set of parts"] += len(sets)
        found["set that misses a part"] += sum(count < int(total) for (_, total), count in sets.items())
        found["part written again"] += sum(count > 1 for count in parts.values())
    return found


@pytest.fixture(scope="module")
def census() -> Counter[str]:
    total: Counter[str] = Counter()
    for seed in range(1, LIFECYCLES + 1):
        record, _ = run_lifecycle(seed)
        total.update(_happened(record))
    return total


def test_no_training_completes_in_a_way_that_its_run_does_not_know(census: Counter[str]) -> None:
    assert census["impossible course"] == 0


@pytest.mark.parametrize(("what", "least"), LEAST)
def test_it_comes_to_pass(census: Counter[str], what: str, least: int) -> None:
    assert census[what] >= least


@pytest.mark.parametrize("right", Right, ids=str)
def test_each_right_is_missed_by_some_run_to_which_it_is_denied(right: Right) -> None:
    drawn = (seed for seed in count(1) if (plan := draw_denial(seed, HOUR)) and plan.right is right)
    records = (run_lifecycle(seed)[0] for seed in islice(drawn, 60))
    assert any(right in check.denied for record in records for check in record.checks)


def test_every_invariant_is_what_finds_some_mutation_of_the_monitor() -> None:
    assert {invariant.__name__ for invariant in INVARIANTS} == {mutation.caught_by for mutation in MUTATIONS}
