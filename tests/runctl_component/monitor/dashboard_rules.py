"""CloudWatch's rules for the body of a dashboard, as far as this dashboard comes near them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

COLUMNS, MAX_HEIGHT, MAX_WIDGETS, MAX_METRICS, MAX_ALARMS, MAX_DIMENSIONS = 24, 1000, 500, 500, 100, 30
MAX_CHARACTERS = 30_720
TYPES = {"metric", "text", "log", "alarm"}
VIEWS = {
    "metric": {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"},
    "log": {"table", "timeSeries", "bar", "pie"},
}
STATISTICS = {"Sum", "Maximum", "Minimum", "Average", "SampleCount"}
FUNCTIONS = {"FILL", "PERIOD", "RUNNING_SUM", "SUM", "TIME_SERIES"}
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, those that are used."""
REQUIRED = {
    "text": {"markdown"},
    "alarm": {"alarms"},
    "log": {"query", "region"},
    "metric": {"metrics", "region"},
}
KNOWN = {
    "text": {"markdown", "background"},
    "alarm": {"alarms", "sortBy", "states", "title"},
    "log": {"accountId", "query", "region", "title", "view"},
    "metric": REQUIRED["metric"] | {"period", "stacked", "stat", "title", "view", "yAxis"},
}
OF_A_METRIC = {"expression", "id", "label", "stat", "period", "visible", "color", "yAxis", "region"}
ID = re.compile(r"[a-z][A-Za-z0-9_]*")
ALARM_ARN = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:\S+")
QUERY = re.compile(r"SOURCE '[\w./#-]{1,512}'(?: *\| *SOURCE '[\w./#-]{1,512}')*(?:\n\| (?!SOURCE)[^\n]+)+")


def body_problems(body: dict[str, Any]) -> Iterator[str]:
    """What CloudWatch would refuse or draw wrongly."""
    if set(body) - {"start", "end", "periodOverride", "variables", "widgets"}:
        yield f"unknown: {sorted(body)}"
    if "start" in body and not re.fullmatch(r"-P(\d+[DWM]|T\d+[HM])", body["start"]):
        yield f"no relative time: {body['start']}"
    if len(body["widgets"]) > MAX_WIDGETS:
        yield f"{len(body['widgets'])} widgets"
    if (length := len(json.dumps(body))) > MAX_CHARACTERS:
        yield f"{length} characters"
    for widget in body["widgets"]:
        yield from (f"{title_of(widget)}: {problem}" for problem in _widget_problems(widget))


def title_of(widget: dict[str, Any]) -> str:
    """What a widget is called here; a text has no title."""
    return widget["properties"].get("title", widget["type"])


def _widget_problems(widget: dict[str, Any]) -> Iterator[str]:
    kind, properties = widget["type"], widget["properties"]
    if set(widget) != {"type", "x", "y", "width", "height", "properties"}:
        yield f"fields {sorted(widget)}"
    if kind not in TYPES:
        yield f"type {kind}"
        return
    if not (0 <= widget["x"] < COLUMNS and 1 <= widget["width"] <= COLUMNS - widget["x"]):
        yield f"columns {widget['x']} and {widget['width']} further"
    if not (widget["y"] >= 0 and 1 <= widget["height"] <= MAX_HEIGHT):
        yield f"rows {widget['y']} and {widget['height']} further"
    if not REQUIRED[kind] <= set(properties) <= KNOWN[kind]:
        yield f"properties {sorted(properties)}"
        return
    if "view" in properties and properties["view"] not in VIEWS[kind]:
        yield f"view {properties['view']}"
    yield from _PROBLEMS[kind](properties)


def _text_problems(properties: dict[str, Any]) -> Iterator[str]:
    if not properties["markdown"].strip() or properties.get("background", "solid") not in {"solid", "transparent"}:
        yield f"text {properties}"


def _log_problems(properties: dict[str, Any]) -> Iterator[str]:
    if not QUERY.fullmatch(properties["query"]):
        yield f"query {properties['query']!r}"


def _alarm_problems(properties: dict[str, Any]) -> Iterator[str]:
    arns: list[str] = properties["alarms"]
    if not 1 <= len(arns) <= MAX_ALARMS or not all(ALARM_ARN.fullmatch(arn) for arn in arns):
        yield f"alarms {arns}"
    if properties.get("sortBy", "default") not in {"default", "stateUpdatedTimestamp", "timestamp"}:
        yield f"sort by {properties['sortBy']}"
    if set(properties.get("states", ())) - {"ALARM", "INSUFFICIENT_DATA", "OK"}:
        yield f"states {properties['states']}"


def _metrics_problems(properties: dict[str, Any]) -> Iterator[str]:
    metrics: list[list[Any]] = properties["metrics"]
    if not 1 <= len(metrics) <= MAX_METRICS:
        yield f"{len(metrics)} metrics"
    period = properties.get("period", 300)
    if properties.get("stat", "Average") not in STATISTICS or period % 60 or period < 60:
        yield f"{properties.get('stat')} of {period} s"
    rendered = [rendering(metric) for metric in metrics]
    ids = [str(each["id"]) for each in rendered if "id" in each]
    if len(set(ids)) != len(ids) or not all(ID.fullmatch(name) for name in ids):
        yield f"ids {ids}"
    for metric, rendered_as in zip(metrics, rendered, strict=True):
        if set(rendered_as) - OF_A_METRIC:
            yield f"cannot be drawn: {metric}"
        if "expression" in rendered_as:
            yield from _expression_problems(metric, rendered_as["expression"], ids)
        else:
            yield from _metric_problems(metric)


def rendering(metric: list[Any]) -> dict[str, Any]:
    """How a metric or an expression is drawn: what stands last in it, if it is an object."""
    last: object = metric[-1]
    return cast("dict[str, Any]", last) if isinstance(last, dict) else {}


def _metric_problems(metric: list[Any]) -> Iterator[str]:
    words = metric[:-1] if rendering(metric) else metric
    few = 2 <= len(words) <= 2 + 2 * MAX_DIMENSIONS
    if len(words) % 2 or not few or not all(isinstance(word, str) and word for word in words):
        yield f"no namespace, name and pairs of dimensions: {metric}"


def _expression_problems(metric: list[Any], expression: str, ids: list[str]) -> Iterator[str]:
    unknown = set(re.findall(r"[A-Za-z_]\w*", expression)) - set(ids) - FUNCTIONS
    if unknown or re.search(r"\d[eE]", expression) or len(metric) > 1:
        yield f"{expression}: unknown {sorted(unknown)}, or a number with an exponent, or more than an expression"


_PROBLEMS: Mapping[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "text": _text_problems,
    "log": _log_problems,
    "alarm": _alarm_problems,
    "metric": _metrics_problems,
}


def overlaps(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The titles of widgets of which one would cover a part of the other."""

    def cells(widget: dict[str, Any]) -> set[tuple[int, int]]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        return {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}

    widgets = body["widgets"]
    return [
        (title_of(one), title_of(other))
        for place, one in enumerate(widgets)
        for other in widgets[place + 1 :]
        if cells(one) & cells(other)
    ]
