from __future__ import annotations

from typing import Any

import pytest

from sandbox.engine.replaces import REPLACES, forces_replacement
from sandbox.engine.sdk_types import ResourceType, resource_type
from sandbox.engine.values import UNKNOWN
from sandbox.sandbox import sandbox


def _type(token: str) -> ResourceType:
    found = resource_type(token)
    assert found
    return found


@pytest.mark.parametrize(
    "token", ["aws:ec2/instance:Nothing", "aws:nowhere/thing:Thing", "gcp:a/b:B", "aws:ec2", "pulumi:pulumi:Stack"]
)
def test_what_the_sdk_does_not_have_is_no_type(token: str) -> None:
    assert resource_type(token) is None


def test_a_type_in_a_module_with_a_keywords_name_is_found() -> None:
    assert "handler" in _type("aws:lambda/function:Function").inputs


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({}, ("role", "is required")),
        ({"role": "r", "colour": "red"}, ("colour", "is no property of this type")),
        ({"role": "r", "loggingConfig": {}}, ("loggingConfig.logFormat", "is required")),
        (
            {"role": "r", "loggingConfig": {"logFormat": "JSON", "level": "x"}},
            ("loggingConfig.level", "is no property of this type"),
        ),
    ],
)
def test_what_is_missing_or_unknown_is_named_by_its_path(inputs: dict[str, Any], problem: tuple[str, str]) -> None:
    assert list(_type("aws:lambda/function:Function").problems(inputs)) == [problem]


def test_entries_of_a_list_are_checked_too() -> None:
    inputs = {"ami": "a", "ebsBlockDevices": [{"deviceName": "/dev/xvdb"}, {"volumeSize": 1}]}
    found = list(_type("aws:ec2/instance:Instance").problems(inputs))
    assert found == [("ebsBlockDevices[1].deviceName", "is required")]


def test_what_is_not_known_yet_may_be_anything() -> None:
    assert list(_type("aws:lambda/function:Function").problems({"role": UNKNOWN, "loggingConfig": UNKNOWN})) == []


@pytest.mark.parametrize(
    ("name", "filled_in"), [("arn", True), ("subnetId", True), ("userDataReplaceOnChange", False), ("colour", False)]
)
def test_what_aws_fills_in_is_what_the_sdk_always_has(name: str, filled_in: bool) -> None:
    assert _type("aws:ec2/instance:Instance").is_filled_in(name) is filled_in


def test_each_path_that_forces_a_replacement_is_a_property_of_its_type() -> None:
    known = 0
    for token, paths in REPLACES.items():
        inputs = _type(token).inputs
        assert {path.partition(".")[0] for path in paths} - set(inputs) == set()
        known += len(paths)
    assert known > 80


@pytest.mark.parametrize(
    ("token", "path", "inputs", "replaced"),
    [
        ("aws:ec2/instance:Instance", "ami", {}, True),
        ("aws:ec2/instance:Instance", "amiName", {}, False),
        ("aws:ec2/instance:Instance", "instanceType", {}, False),
        ("aws:ec2/instance:Instance", "rootBlockDevice.volumeSize", {}, False),
        ("aws:ec2/instance:Instance", "rootBlockDevice.encrypted", {}, True),
        ("aws:ec2/instance:Instance", "instanceMarketOptions.spotOptions.maxPrice", {}, True),
        ("aws:ec2/instance:Instance", "userData", {}, False),
        ("aws:ec2/instance:Instance", "userData", {"userDataReplaceOnChange": True}, True),
        ("aws:ec2/instance:Instance", "instanceType", {"instanceType": UNKNOWN}, False),
        ("aws:lambda/invocation:Invocation", "triggers.a", {"lifecycleScope": "CRUD"}, True),
        ("aws:lambda/invocation:Invocation", "input", {"lifecycleScope": "CRUD"}, False),
        ("aws:lambda/invocation:Invocation", "input", {}, True),
        ("aws:scheduler/schedule:Schedule", "target.input", {}, False),
        ("aws:scheduler/schedule:Schedule", "groupName", {}, True),
    ],
)
def test_a_change_forces_a_replacement(token: str, path: str, inputs: dict[str, Any], replaced: bool) -> None:
    assert forces_replacement(token, path, {"instanceType": "g5.xlarge"}, inputs) is replaced


@pytest.mark.parametrize(("other", "replaced"), [("g5.2xlarge", False), ("g5g.xlarge", True)])
def test_an_instance_type_for_another_processor_forces_a_replacement(other: str, replaced: bool) -> None:
    with sandbox():
        state, inputs = {"instanceType": "g5.xlarge"}, {"instanceType": other}
        assert forces_replacement("aws:ec2/instance:Instance", "instanceType", state, inputs) is replaced
