from __future__ import annotations

from datetime import timedelta

from runctl_component.status.last_check import last_checks
from runctl_component.status.values import LogLine

from .readings_builders import INSTANCE_ID, NOW, RUN, before, check, line

EARLIER = NOW - timedelta(minutes=5)


def test_the_newest_check_of_each_run_counts_in_whatever_order_lines_come() -> None:
    lines = [
        line("check", check={"reason": "newer"}),
        line("check", at=EARLIER, check={"reason": "older"}),
        line("check", "other", at=EARLIER, check={"reason": "of another"}),
    ]
    assert {run: found.reason for run, found in last_checks(lines).items()} == {RUN: "newer", "other": "of another"}


def test_a_check_has_all_that_its_line_says() -> None:
    reply = {
        "at": before(minutes=2),
        "trigger": "heartbeat",
        "decision": "wait",
        "reason": "training",
        "instance": {"id": INSTANCE_ID, "state": "running"},
        "next_check_at": before(minutes=-3),
        "unmet": ["model.pt: absent"],
        "seen": ["a note"],
        "problems": ["a problem"],
    }
    found = last_checks([line("check", check=reply)])[RUN]
    assert (found.at, found.next_check_at) == (NOW - timedelta(minutes=2), NOW + timedelta(minutes=3))
    assert (found.trigger, found.decision, found.reason) == ("heartbeat", "wait", "training")
    assert (found.instance_id, found.unmet) == (INSTANCE_ID, ("model.pt: absent",))
    assert (found.seen, found.problems) == (("a note",), ("a problem",))


def test_a_check_that_could_not_end_the_run_keeps_its_decision_and_tells_the_error_once() -> None:
    decided = line("check", check={"decision": "end", "problems": ["stop failed"]})
    for error in ("stop failed", "something else"):
        found = last_checks([decided, line("check failed", error=error)])[RUN]
        assert found.decision == "end"
        assert found.problems == tuple(dict.fromkeys(["stop failed", error]))


def test_a_check_that_failed_before_it_decided_is_the_last_one() -> None:
    found = last_checks([line("check", at=EARLIER, check={}), line("check failed", request="2", error="no settings")])
    assert (found[RUN].decision, found[RUN].reason) == ("failed", "no settings")


def test_lines_of_another_form_are_passed_over() -> None:
    texts = ["START RequestId: 1", "[]", "3", '{"message": "check"}', '{"message": "check", "run": 3, "check": {}}']
    lines = [*(LogLine(NOW, text) for text in texts), line("ignored", trigger="s3-event", reason="x")]
    assert last_checks(lines) == {}
    odd = last_checks([line("check", check={"at": 3, "instance": [], "unmet": "x", "problems": [1], "reason": None})])
    assert (odd[RUN].at, odd[RUN].reason, odd[RUN].problems) == (NOW, "", ("",))


def test_of_several_instances_each_has_the_decision_about_itself() -> None:
    last = check("training", seen=("i-1: end: deadline passed: long ago", "a note"))
    assert last.about(INSTANCE_ID) == last
    other = last.about("i-1")
    assert other
    assert (other.decision, other.reason) == ("end", "deadline passed: long ago")
    assert last.about("i-2") is None
