"""Writes docs/arguments.md from the arguments' own descriptions and the code's defaults: ``make docs``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from monitor_runtime.contract.settings import Idle
from runctl_component.args.defaults import (
    DEFAULT_MARKERS,
    DEFAULT_RETENTION_DAYS,
    DEFAULT_SILENCE_MINUTES,
    complete,
)

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "runctl_component/args/declared.py"
TITLES = {
    "TrainingRunArgs": "TrainingRun(name, args)",
    "IdleArgs": "idle",
    "StalledArgs": "stalled",
    "MonitorArgs": "Monitor(name, args)",
    "WatchArgs": "watch",
}
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "TrainingRunArgs": {field: value for field, value in complete("", {}).items() if field != "prefix"},
    "IdleArgs": {"warm_up_minutes": Idle.__dataclass_fields__["warm_up_minutes"].default},
    "MonitorArgs": {
        "s3_events": False,
        "markers": DEFAULT_MARKERS,
        "log_retention_days": DEFAULT_RETENTION_DAYS,
        "silence_minutes": DEFAULT_SILENCE_MINUTES,
    },
}
"""What the code fills in. A default that is no value, such as a subnet of the default VPC, is in its description."""


def described(source: str) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Each TypedDict of a module: its docstring, and its fields with the string literal that stands below each."""
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    return {node.name: (ast.get_docstring(node) or "", _fields(node)) for node in classes}


def _fields(node: ast.ClassDef) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            fields.append((statement.target.id, ""))
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and fields:
            fields[-1] = (fields[-1][0], str(statement.value.value))
    return fields


def _shown(value: object) -> str:
    """A default as YAML would have it; what stands for "not given" is left to the description."""
    if value is None or value in ({}, (), []):
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(_shown(entry) for entry in cast("list[object]", value))
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) else value}`"


def arguments_page() -> str:
    """The page, from the code as it is."""
    classes = described((ROOT / SOURCE).read_text(encoding="utf-8"))
    lines = ["# Arguments", "", f"Made from `{SOURCE}` by `make docs`.", ""]
    for name, title in TITLES.items():
        summary, fields = classes[name]
        defaults = DEFAULTS.get(name, {})
        lines += [f"## {title}", "", summary, "", "| argument | default | |", "|---|---|---|"]
        lines += [f"| `{field}` | {_shown(defaults.get(field))} | {description} |" for field, description in fields]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "arguments.md").write_text(arguments_page(), encoding="utf-8")
