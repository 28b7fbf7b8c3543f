"""The document by which a training is signalled can do nothing but stop it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from monitor_runtime.act.signalling import MIN_COMMAND_SECONDS
from monitor_runtime.contract.names import STOP_TIMEOUT_PARAMETER, TRAINING_UNIT
from monitor_runtime.contract.settings import RULES
from runctl_component import Monitor
from runctl_component.monitor.naming import document_name
from runctl_component.monitor.stop_document import stop_document

from ..recording import Recorded, record

DOCUMENT: Any = json.loads(stop_document())


def _monitor(name: str) -> Recorded:
    return record(lambda: Monitor(name, {"watch": [{"bucket": "outputs"}]}))


def test_its_only_command_is_fixed_and_stops_the_unit_of_the_training() -> None:
    (step,) = DOCUMENT["mainSteps"]
    assert step["action"] == "aws:runShellScript"
    assert step["inputs"]["runCommand"] == [f"systemctl stop {TRAINING_UNIT}"]


def test_its_only_parameter_is_no_part_of_the_command() -> None:
    assert list(DOCUMENT["parameters"]) == [STOP_TIMEOUT_PARAMETER]
    assert "{{" not in json.dumps(DOCUMENT["mainSteps"][0]["inputs"]["runCommand"])
    assert DOCUMENT["mainSteps"][0]["inputs"]["timeoutSeconds"] == f"{{{{ {STOP_TIMEOUT_PARAMETER} }}}}"


@pytest.mark.parametrize("seconds", [MIN_COMMAND_SECONDS, 90, 120, 600])
def test_it_takes_every_time_that_a_run_can_ask_for(seconds: int) -> None:
    assert not [*RULES["shutdown_timeout_seconds"]("shutdown_timeout_seconds", seconds)]
    assert re.fullmatch(DOCUMENT["parameters"][STOP_TIMEOUT_PARAMETER]["allowedPattern"], str(seconds))


@pytest.mark.parametrize("value", ["", "5", "0600", "-1", "60; reboot", "$(reboot)", "1000", "{{ x }}"])
def test_it_takes_no_other_text(value: str) -> None:
    assert not re.fullmatch(DOCUMENT["parameters"][STOP_TIMEOUT_PARAMETER]["allowedPattern"], value)


@pytest.mark.parametrize("name", ["aws-team", "amazon", "shared"])
def test_its_name_does_not_begin_with_what_ssm_reserves(name: str) -> None:
    document = _monitor(name).one("Document", f"{name}-stop-training")
    assert re.fullmatch(r"runctl-[A-Za-z0-9_-]{3,121}", document.inputs["name"])


def test_the_function_gets_its_name_and_its_role_may_send_that_document_alone() -> None:
    recorded = _monitor("shared")
    name = recorded.one("Document", "shared-stop-training").inputs["name"]
    function = recorded.one("Function", "shared-function")
    assert function.inputs["environment"]["variables"]["RUNCTL_STOP_DOCUMENT"] == name
    policy: Any = json.loads(recorded.one("RolePolicy", "shared-function").inputs["policy"])
    sent = [each["Resource"] for each in policy["Statement"] if each["Action"] == ["ssm:SendCommand"]]
    documents = [resource for resources in sent for resource in resources if ":document/" in resource]
    assert documents == [f"arn:aws:ssm:us-east-1:123456789012:document/{name}"]


def test_names_of_monitors_that_look_alike_without_their_slashes_differ() -> None:
    assert document_name("a/b-c/d") != document_name("a/b/c-d")
    assert len(document_name("x" * 300)) == 128
