from __future__ import annotations

from typing import Any

import pytest

from sandbox.engine.differences import Change, Kind, changes, with_ignored
from sandbox.engine.sdk_types import ResourceType, resource_type
from sandbox.engine.values import UNKNOWN

ARCHIVE = {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "path": "/a.zip", "hash": "1"}


def _type(token: str) -> ResourceType:
    found = resource_type(token)
    assert found
    return found


INSTANCE = _type("aws:ec2/instance:Instance")
FUNCTION = _type("aws:lambda/function:Function")
ALARM = _type("aws:cloudwatch/metricAlarm:MetricAlarm")
SCHEDULE = _type("aws:scheduler/schedule:Schedule")
ROLE = _type("aws:iam/role:Role")


def _paths(kind: ResourceType, state: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
    return {change.path: change.kind.value for change in changes(kind, state, old, new)}


def test_nothing_declared_anew_is_no_change() -> None:
    inputs = {"instanceType": "g5.xlarge", "tags": {"a": "1"}, "rootBlockDevice": {"volumeSize": 50}}
    assert _paths(INSTANCE, {**inputs, "arn": "arn"}, inputs, inputs) == {}


def test_a_changed_property_is_an_update_and_a_new_one_an_addition() -> None:
    old = {"instanceType": "g5.xlarge"}
    new = {"instanceType": "g5.2xlarge", "keyName": "mine"}
    assert _paths(INSTANCE, old, old, new) == {"instanceType": "update", "keyName": "add"}


def test_a_key_of_a_map_has_a_path_of_its_own() -> None:
    old = {"tags": {"runctl:run": "a", "b": "1"}}
    new = {"tags": {"runctl:run": "c", "d": "2"}}
    expected = {'tags["runctl:run"]': "update", "tags.b": "delete", "tags.d": "add"}
    assert _paths(INSTANCE, old, old, new) == expected


def test_what_aws_fills_in_stays_when_it_is_no_longer_declared() -> None:
    old = {"subnetId": "subnet-1", "userDataReplaceOnChange": True}
    assert _paths(INSTANCE, old, old, {}) == {"userDataReplaceOnChange": "delete"}


def test_what_aws_fills_into_an_object_is_no_change() -> None:
    declared = {"rootBlockDevice": {"volumeSize": 50}}
    state = {"rootBlockDevice": {"volumeSize": 50, "iops": 3000}}
    assert _paths(INSTANCE, state, declared, declared) == {}


def test_an_entry_of_an_object_that_is_no_longer_declared_is_taken_away() -> None:
    old = {"target": {"arn": "a", "roleArn": "r", "deadLetterConfig": {"arn": "q"}}}
    new = {"target": {"arn": "a", "roleArn": "r"}}
    assert _paths(SCHEDULE, old, old, new) == {"target.deadLetterConfig": "delete"}


def test_what_somebody_added_to_a_map_is_to_be_removed() -> None:
    declared = {"tagsAll": {"a": "1"}}
    state = {"tagsAll": {"a": "1", "runctl:armed": "then"}}
    assert _paths(INSTANCE, state, declared, declared) == {'tagsAll["runctl:armed"]': "delete"}


@pytest.mark.parametrize("before", [None, "", [], {}, 0, False])
def test_nothing_is_the_same_as_nothing(before: Any) -> None:
    assert _paths(ALARM, {"alarmActions": before}, {}, {"alarmActions": []}) == {}


def test_a_set_has_no_order_and_a_list_has_one() -> None:
    old = {"alarmActions": ["a", "b"]}
    assert _paths(ALARM, old, old, {"alarmActions": ["b", "a"]}) == {}
    layers = {"layers": ["a", "b"]}
    assert _paths(FUNCTION, layers, layers, {"layers": ["b", "a"]}) == {"layers[0]": "update", "layers[1]": "update"}


def test_a_list_that_grows_or_shrinks_names_the_entry() -> None:
    old = {"alarmActions": ["a", "b"]}
    assert _paths(ALARM, old, old, {"alarmActions": ["a"]}) == {"alarmActions[1]": "delete"}
    assert _paths(ALARM, old, old, {"alarmActions": ["a", "b", "c"]}) == {"alarmActions[2]": "add"}


def test_policies_are_compared_by_what_they_say() -> None:
    old = {"assumeRolePolicy": '{"a": [1]}', "description": "{ }"}
    new = {"assumeRolePolicy": '{ "a":[1] }', "description": "{}"}
    assert _paths(ROLE, old, old, new) == {"description": "update"}


def test_prices_are_compared_without_the_zeros_at_their_ends() -> None:
    def market(price: str) -> dict[str, Any]:
        return {"instanceMarketOptions": {"marketType": "spot", "spotOptions": {"maxPrice": price}}}

    assert _paths(INSTANCE, market("1.500000"), market("1.500000"), market("1.5")) == {}
    changed = {"instanceMarketOptions.spotOptions.maxPrice": "update"}
    assert _paths(INSTANCE, market("1.5"), market("1.5"), market("1.6")) == changed


def test_an_archive_is_its_content_wherever_it_is() -> None:
    old = {"code": ARCHIVE}
    assert _paths(FUNCTION, old, old, {"code": {**ARCHIVE, "path": "/b.zip"}}) == {}
    assert _paths(FUNCTION, old, old, {"code": {**ARCHIVE, "hash": "2"}}) == {"code": "update"}


def test_what_is_not_known_yet_is_a_change() -> None:
    old = {"role": "arn"}
    assert changes(FUNCTION, old, old, {"role": UNKNOWN}) == [Change("role", Kind.UPDATE)]


def test_an_ignored_path_keeps_what_is_there() -> None:
    state = {"ami": "ami-1", "tags": {"runctl:armed": "then", "a": "1"}}
    inputs = {"ami": "ami-2", "tags": {"a": "2", "runctl:hold": "x"}}
    ignored = ["ami", 'tags["runctl:armed"]', 'tags["runctl:hold"]', 'tagsAll["a"]', "keyName"]
    assert with_ignored(state, inputs, ignored) == {"ami": "ami-1", "tags": {"a": "2", "runctl:armed": "then"}}
    assert inputs["ami"] == "ami-2"
