"""Writes docs/arguments.md from the args' own descriptions: ``make docs``."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TITLES = {
    "TrainingRunArgs": "TrainingRun(name, args)",
    "IdleArgs": "idle",
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
    """The page, from `runctl_component/args/declared.py` as it is."""
    classes = described((ROOT / "runctl_component" / "args" / "declared.py").read_text(encoding="utf-8"))
    lines = ["# Arguments", "", "Made from `runctl_component/args/declared.py` by `docs/generate_arguments.py`.", ""]
    for name, title in TITLES.items():
        summary, fields = classes[name]
        lines += [f"## {title}", "", summary, "", "| argument | |", "|---|---|"]
        lines += [f"| `{field}` | {description} |" for field, description in fields]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    (ROOT / "docs" / "arguments.md").write_text(arguments_page(), encoding="utf-8")
