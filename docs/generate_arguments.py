"""Writes docs/arguments.md from the arguments' own descriptions and the code's defaults: ``make docs``."""

from __future__ import annotations

import ast
from pathlib import Path

from runctl_component.args.defaults import declared_defaults, shown_default

ROOT = Path(__file__).resolve().parent.parent
SOURCE = "runctl_component/args/declared.py"
TITLES = {
    "TrainingRunArgs": "TrainingRun(name, args)",
    "IdleArgs": "idle",
    "StalledArgs": "stalled",
    "MonitorArgs": "Monitor(name, args)",
    "WatchArgs": "watch",
}


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


def arguments_page() -> str:
    """The page, from the code as it is."""
    classes, all_defaults = described((ROOT / SOURCE).read_text(encoding="utf-8")), declared_defaults()
    lines = ["# Arguments", "", f"Made from `{SOURCE}` by `make docs`.", ""]
    for name, title in TITLES.items():
        summary, fields = classes[name]
        defaults = all_defaults.get(name, {})
        lines += [f"## {title}", "", summary, "", "| argument | default | |", "|---|---|---|"]
        lines += [
            f"| `{field}` | {shown_default(defaults.get(field))} | {description} |" for field, description in fields
        ]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "arguments.md").write_text(arguments_page(), encoding="utf-8")
