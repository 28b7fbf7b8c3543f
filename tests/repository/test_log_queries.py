"""The queries that the documentation gives to whoever reads the log, against what the handler logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast, get_args

import pytest

from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.contract import names
from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.decide.decisions import (
    Decision,
    End,
    ForceStop,
    Interrupt,
    Over,
    Refused,
    Settle,
    TerminateStopped,
    Wait,
    decision_word,
)
from monitor_runtime.observe.first_check import FirstCheckError

from ..monitor_runtime.builders import LAUNCH
from ..monitor_runtime.cloud.aws_failures import DENIED, error, raiser
from ..monitor_runtime.cloud.moto_cloud import RUN, Cloud, moto_cloud
from ..monitor_runtime.handler_paths import S3_EVENT, completed_and_due
from ..monitor_runtime.log_lines import logged

pytestmark = pytest.mark.xdist_group("log queries")

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## Read the log\n")[2].partition("\n## ")[0]
QUERIES = dict(re.findall(r"\*\*(.+?)\*\*.*?```text\n(.*?)```", SECTION, re.DOTALL))
NO_FIELDS = {
    *("filter", "fields", "stats", "sort", "limit", "parse", "as", "by", "in", "and", "or", "asc", "desc"),
    *("coalesce", "count", "ispresent", "latest"),
}
OF_CLOUDWATCH = {"@timestamp", "@message"}
OF_LAMBDA = {"record.requestId"}
"""https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html"""


def _names(line: object, path: str = "") -> Iterator[str]:
    """The fields of a line as CloudWatch Logs Insights names them: an entry of a list by its number."""
    entries: Iterator[tuple[object, object]] = iter(())
    if isinstance(line, dict):
        entries = iter(cast("dict[object, object]", line).items())
    elif isinstance(line, list):
        entries = enumerate(cast("list[object]", line))
    yield path
    for name, value in entries:
        yield from _names(value, f"{path}.{name}" if path else str(name))


def _used(query: str) -> set[str]:
    """The fields that a query reads."""
    bare = re.sub(r"/.*/|\"[^\"]*\"", "", query)
    made = {*re.findall(r"\bas (\w+)", bare), *re.findall(r"\?<(\w+)>", query)}
    return {*re.findall(r"@?[A-Za-z_][\w.]*", bare)} - NO_FIELDS - made


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    """An ending, one that is refused, an event of no run, a removal with a problem, a first check that fails."""
    with moto_cloud() as cloud, logged() as log:
        _refused(completed_and_due(cloud))
        cloud.check()
        cloud.handle(S3_EVENT | {"detail": {"bucket": {"name": "other"}, "object": {"key": "done"}}})
        cloud.faults["scheduler:DeleteSchedule"] = DENIED
        cloud.handle(cloud.event("first-check", tf={"action": "delete"}))
        cloud.faults["s3:ListObjectsV2"] = DENIED
        with pytest.raises(FirstCheckError):
            cloud.check("first-check")
        return log.lines


def _refused(cloud: Cloud) -> None:
    cloud.faults["ec2:StopInstances"] = raiser(error("UnauthorizedOperation", 403))
    with pytest.raises(EndingFailedError):
        cloud.check()
    cloud.faults.clear()


def test_there_is_a_query_for_each_question() -> None:
    assert len(QUERIES) == SECTION.count("```text") == 5


@pytest.mark.parametrize("question", QUERIES)
def test_a_query_reads_fields_that_are_there(question: str, lines: list[dict[str, Any]]) -> None:
    there = {name for line in lines for name in _names(line)}
    used = _used(QUERIES[question])
    assert used - OF_CLOUDWATCH - OF_LAMBDA - there == set()
    assert len(used) > 1


def test_the_query_for_endings_finds_every_decision_that_does_something() -> None:
    (listed,) = re.findall(r"check\.decision in (\[.*?\])", QUERIES["Why was a run stopped?"])
    decisions = (
        End(Outcome.SUCCEEDED, Action.STOP, "", LAUNCH, LAUNCH),
        Settle(Outcome.SUCCEEDED, "", record=True),
        Interrupt(Outcome.INTERRUPTED, "", signal_first=True),
        ForceStop(""),
        TerminateStopped(""),
        Refused(Outcome.SUCCEEDED, ""),
    )
    assert json.loads(listed) == [decision_word(each) for each in decisions]
    assert {type(each) for each in decisions} | {Wait, Over} == set(get_args(Decision))


def test_the_query_for_refusals_finds_the_call_and_the_code(lines: list[dict[str, Any]]) -> None:
    (expression,) = re.findall(r"parse @message /(.*)/", QUERIES["What did AWS refuse?"])
    pattern = re.compile(expression.replace("(?<", "(?P<"))
    bad = [json.dumps(line) for line in lines if line["level"] in {"WARNING", "ERROR"}]
    found = {(each["call"], each["code"]) for each in map(pattern.search, bad) if each}
    assert found == {
        ("ec2:StopInstances", "UnauthorizedOperation"),
        ("scheduler:DeleteSchedule", "AccessDenied"),
        ("s3:ListObjectsV2", "AccessDenied"),
    }


def test_the_page_names_every_message_that_there_is(lines: list[dict[str, Any]]) -> None:
    messages = {line["message"] for line in lines}
    assert messages == {"check", "ignored", "released", "check failed"}
    assert [message for message in messages if f"`{message}`" not in SECTION] == []
    assert f'run = "{RUN}"' in SECTION
    assert names.TAG_MONITOR in PAGE
