"""CloudWatch's rules for the body of a dashboard, as far as this dashboard comes near them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

COLUMNS, MAX_HEIGHT, MAX_METRICS = 24, 1000, 500
VIEWS = {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}
STATISTICS = {"Sum", "Maximum", "Minimum", "Average", "SampleCount"}
FUNCTIONS = {"FILL", "PERIOD", "RUNNING_SUM", "SUM", "TIME_SERIES"}
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, those that are used."""
REQUIRED = {"log": {"query", "region", "title", "view"}, "metric": {"metrics", "region", "title", "view"}}
KNOWN = {
    "log": REQUIRED["log"],
    "metric": REQUIRED["metric"] | {"period", "stat", "stacked", "yAxis"},
}
OF_A_METRIC = {"expression", "id", "label", "stat", "period", "visible", "color", "yAxis", "region"}
ID = re.compile(r"[a-z][A-Za-z0-9_]*")


def body_problems(body: dict[str, Any]) -> Iterator[str]:
    """What CloudWatch would refuse or draw wrongly."""
    if set(body) - {"start", "end", "periodOverride", "widgets"}:
        yield f"unknown: {sorted(body)}"
    if "start" in body and not re.fullmatch(r"-P(\d+D|T\d+[HM])", body["start"]):
        yield f"no relative time: {body['start']}"
    for widget in body["widgets"]:
        title = widget["properties"]["title"]
        yield from (f"{title}: {problem}" for problem in _widget_problems(widget))


def _widget_problems(widget: dict[str, Any]) -> Iterator[str]:
    kind, properties = widget["type"], widget["properties"]
    if set(widget) != {"type", "x", "y", "width", "height", "properties"}:
        yield f"fields {sorted(widget)}"
    if not (widget["x"] >= 0 and widget["width"] >= 1 and widget["x"] + widget["width"] <= COLUMNS):
        yield f"columns {widget['x']} and {widget['width']} further"
    if not (widget["y"] >= 0 and 1 <= widget["height"] <= MAX_HEIGHT):
        yield f"rows {widget['y']} and {widget['height']} further"
    if not REQUIRED[kind] <= set(properties) <= KNOWN[kind]:
        yield f"properties {sorted(properties)}"
    if properties["view"] not in VIEWS:
        yield f"view {properties['view']}"
    if kind == "metric":
        yield from _metrics_problems(properties)


def _metrics_problems(properties: dict[str, Any]) -> Iterator[str]:
    metrics: list[list[Any]] = properties["metrics"]
    if not 1 <= len(metrics) <= MAX_METRICS:
        yield f"{len(metrics)} metrics"
    if properties["stat"] not in STATISTICS or properties["period"] % 60:
        yield f"{properties['stat']} of {properties['period']} s"
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
    if len(words) % 2 or not all(isinstance(word, str) and word for word in words):
        yield f"no namespace, name and pairs of dimensions: {metric}"


def _expression_problems(metric: list[Any], expression: str, ids: list[str]) -> Iterator[str]:
    unknown = set(re.findall(r"[A-Za-z_]\w*", expression)) - set(ids) - FUNCTIONS
    if unknown or re.search(r"\d[eE]", expression) or len(metric) > 1:
        yield f"{expression}: unknown {sorted(unknown)}, or a number with an exponent, or more than an expression"


def overlaps(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The titles of widgets of which one would cover a part of the other."""

    def cells(widget: dict[str, Any]) -> set[tuple[int, int]]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        return {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}

    widgets = body["widgets"]
    return [
        (one["properties"]["title"], other["properties"]["title"])
        for place, one in enumerate(widgets)
        for other in widgets[place + 1 :]
        if cells(one) & cells(other)
    ]
