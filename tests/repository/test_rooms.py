"""The form of the tree: small rooms, files and functions, and imports that draw in no more than is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("runctl_component", "monitor_runtime", "sandbox")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FILES = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]
ROOMS = sorted({path.parent for path in MODULES})
MAX_MODULES, MAX_LINES, MAX_FUNCTION_LINES = 16, 300, 40


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def _is_table(function: ast.FunctionDef) -> bool:
    """Whether there is nothing to follow in it: no branch, no loop, and at most a few statements."""
    control = (ast.If, ast.For, ast.While, ast.Try, ast.With, ast.Match)
    return len(function.body) <= 4 and not any(isinstance(node, control) for node in ast.walk(function))


@pytest.mark.parametrize("room", ROOMS, ids=_name)
def test_a_room_has_few_enough_modules_to_look_around_in(room: Path) -> None:
    assert len([path for path in room.glob("*.py") if path.name != "__init__.py"]) <= MAX_MODULES


@pytest.mark.parametrize("room", [room for room in ROOMS if room.parent != ROOT], ids=_name)
def test_a_room_says_what_it_is_for_and_imports_nothing(room: Path) -> None:
    """An import in it would draw every file of the room into Lambda's cold start, and into each preview."""
    body = ast.parse((room / "__init__.py").read_text(encoding="utf-8")).body
    assert [type(node) for node in body] == [ast.Expr]


def test_no_file_is_too_long_to_read_at_once() -> None:
    lengths = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}
    assert len(lengths) > 200


def _lines(node: ast.FunctionDef | ast.ClassDef) -> int:
    """Lines of a function, without those of classes within, whose methods count for themselves."""
    inner = sum(_lines(each) for each in ast.iter_child_nodes(node) if isinstance(each, ast.ClassDef))
    return (node.end_lineno or 0) - node.lineno + 1 - inner


def test_no_function_is_too_long_to_read_at_once_but_tables() -> None:
    lengths = {
        f"{_name(path)}:{function.lineno} {function.name}": _lines(function)
        for path in FILES
        for function in _functions(path)
        if not _is_table(function)
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}
    assert len(lengths) > 800


def _loaded(module: str, *packages: str) -> set[str]:
    program = f"import sys, {module}; print(*(name for name in sys.modules if name.split('.')[0] in {packages!r}))"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(answer.stdout.split())


def test_a_preview_loads_the_contract_of_the_monitor_and_nothing_else_of_it() -> None:
    loaded = _loaded("runctl_component.stack.program", "monitor_runtime", "boto3", "tenacity", "aws_lambda_powertools")
    assert {name for name in loaded if not name.startswith("monitor_runtime.contract")} == {"monitor_runtime"}
    assert len(loaded) > 5


def test_the_monitor_loads_neither_pulumi_nor_the_component() -> None:
    assert _loaded("monitor_runtime.handler", "pulumi", "pulumi_aws", "runctl_component", "sandbox") == set()
