"""The reply of a check, which is also its line in the log, stays small whatever there is to tell."""

from __future__ import annotations

import json
from typing import Any

from monitor_runtime.act.report import MAX_SENTENCES, Report

from .builders import LAUNCH, PREFIX, at
from .cloud.moto_cloud import Cloud, moto_cloud
from .handler_paths import watched

MAX_REPLY_BYTES = 4096


def _stale(cloud: Cloud, count: int) -> dict[str, Any]:
    """The reply of a check of a launch that found so many markers of an earlier one."""
    for number in range(count):
        cloud.put(f"step-{number:03}.ok")
    cloud.relaunched_at(at(hours=1))
    cloud.pass_time(hours=1, minutes=1)
    return cloud.check()


def test_of_many_stale_markers_a_few_and_their_number_are_told() -> None:
    with moto_cloud(markers=("step-*.ok",)) as cloud:
        reply = _stale(cloud, 60)
        names = ", ".join(f"{PREFIX}step-{number:03}.ok" for number in range(5))
        assert reply["seen"] == [f"{names} and 55 more are older than the launch: ignored", *reply["seen"][1:]]
        assert len(json.dumps(reply)) < MAX_REPLY_BYTES


def test_of_many_expected_outputs_a_few_and_their_number_are_told() -> None:
    outputs = tuple(f"{number:03}{'x' * 140}.pt" for number in range(50))
    with moto_cloud(expected_outputs=outputs) as cloud:
        watched(cloud)
        for name in outputs:
            cloud.put(name)
        reply = cloud.check()
        assert "and 45 more: grace period" in reply["reason"]
        assert len(json.dumps(reply)) < MAX_REPLY_BYTES


def test_of_many_sentences_a_reply_has_the_first_and_the_number_of_the_others() -> None:
    report = Report("llama-ft", "heartbeat", LAUNCH)
    for number in range(MAX_SENTENCES + 1000):
        report.note(f"note {number}")
        report.problem(f"problem {number}")
    document = report.to_document({})
    for told in (document["seen"], document["problems"]):
        assert len(told) == MAX_SENTENCES + 1
        assert told[-1] == "and 1,000 more"
