"""Which endpoints a network without a way out needs: the page against the calls that the code makes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import boto3

from runctl_component.agent_actions import AGENT_ACTIONS

from .page import ROOT, SECTIONS

_ROWS = re.findall(r"^\| `(\w+)`.*?\| (.+) \| (.+) \|$", SECTIONS["Private subnets without NAT"], re.MULTILINE)
METADATA = "runctl_component/box/runner/machine/metadata.py"
FETCH = "runctl_component/box/fetch_runner.py"
OF_THE_INSTANCE = {name for name, instance, _ in _ROWS if instance != "no"}
OF_THE_FUNCTION = {name for name, _, function in _ROWS if function != "no"}


@cache
def _services() -> frozenset[str]:
    return frozenset(boto3.Session().get_available_services())


def _endpoint(service: str) -> str:
    """The name of a service's endpoint: that of its hosts, as botocore knows them."""
    return boto3.Session()._session.get_service_model(service).endpoint_prefix


def _nodes(folder: Path) -> Iterator[ast.AST]:
    for path in sorted(folder.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _called_by_the_function() -> set[str]:
    """All its requests go through `AwsCloud._call`, whose first argument is the service."""
    called: set[str] = set()
    for node in _nodes(ROOT / "monitor_runtime"):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "_call":
            service = node.args[0]
            assert isinstance(service, ast.Constant), ast.unparse(node)
            called.add(str(service.value))
    return called


def _called_by_the_box() -> set[str]:
    """The first word after ``aws`` of each command line of the AWS CLI, where a subcommand follows."""
    called: set[str] = set()
    for node in _nodes(ROOT / "runctl_component" / "box"):
        if isinstance(node, ast.List | ast.Tuple):
            words = [str(each.value) for each in node.elts if isinstance(each, ast.Constant)]
            service, *rest = words[1:] if words[:1] == ["aws"] else words or [""]
            if service in _services() and rest:
                called.add(service)
    return called


def test_the_box_is_found_to_call_something() -> None:
    assert {"s3", "secretsmanager", "ssm"} <= _called_by_the_box()


def test_the_instance_needs_the_endpoints_of_its_runner_and_its_agent() -> None:
    of_the_agent = {action.partition(":")[0] for action in AGENT_ACTIONS}
    assert {*map(_endpoint, _called_by_the_box()), *of_the_agent} == OF_THE_INSTANCE


def test_the_function_needs_the_endpoints_of_the_services_that_it_calls() -> None:
    assert set(map(_endpoint, _called_by_the_function())) == OF_THE_FUNCTION


def _imports(path: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


def test_nothing_of_ours_has_another_way_out_but_to_the_metadata_service() -> None:
    """Else there are boto3, in one module of the function, and the instance's AWS CLI: the tests above."""
    ways = {"http.client", "httpx", "requests", "socket", "urllib.request", "urllib3"}
    out = {
        path.relative_to(ROOT).as_posix(): found
        for package in ("monitor_runtime", "runctl_component")
        for path in sorted((ROOT / package).rglob("*.py"))
        if (found := _imports(path) & ways)
    }
    assert out == {FETCH: {"http.client"}, METADATA: {"http.client"}}
    for module in out:
        assert re.findall(r"\d+\.\d+\.\d+\.\d+", (ROOT / module).read_text(encoding="utf-8")) == ["169.254.169.254"]
