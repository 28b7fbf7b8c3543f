"""The archive in Lambda's own runtime: bad input, an AWS that fails, an invocation that is killed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor_runtime.contract.outcomes import Action
from sandbox.aws.boto import client
from sandbox.box.waiting import wait_until
from tests.monitor_runtime.cloud.moto_cloud import BUCKET
from tests.runtime.conftest import Deployed
from tests.runtime.on_lambda import OnLambda


@pytest.mark.parametrize(
    ("change", "told"),
    [({"grace_seconds": "soon"}, "grace_seconds"), ({"version": 99}, "version"), ({"bucket": None}, "bucket")],
)
def test_bad_settings_are_an_error_of_the_function_that_names_the_field(
    run: OnLambda, change: dict[str, object], told: str
) -> None:
    event = run.event()
    answer = run.function.invoke({**event, "settings": {**event["settings"], **change}})
    assert answer.error_type == "SettingsError"
    assert told in answer.error_message


@pytest.mark.parametrize("event", [{"trigger": "reboot"}, {"source": "aws.ec2"}, [], "text", None])
def test_what_is_no_trigger_is_an_error_of_the_function(run: OnLambda, event: object) -> None:
    answer = run.function.invoke(event)
    assert answer.error_type == "TriggerError"
    assert "accepted" in answer.error_message


def test_an_error_is_logged_with_its_cause(run: OnLambda) -> None:
    log = run.function.invoke({"trigger": "reboot"}).log
    assert '"message":"check failed"' in log
    assert '"exception_name":"TriggerError"' in log


def test_an_ending_that_ec2_refuses_is_an_error_of_the_function(deployed: Deployed) -> None:
    with deployed.run(on_complete=Action.TERMINATE) as run:
        client("ec2").modify_instance_attribute(InstanceId=run.instance_id, DisableApiTermination={"Value": True})
        run.wrote("done", minutes=6)
        answer = run.invoke()
        assert answer.error_type == "EndingFailedError"
        assert "terminate failed (succeeded" in answer.error_message


def test_while_aws_refuses_connections_a_check_waits_and_an_event_fails(deployed: Deployed) -> None:
    with deployed.run() as run:
        heartbeat, event = run.event(), {"trigger": "audit"}
    answer = deployed.function.invoke(heartbeat)
    assert (answer.error_type, answer.body["decision"]) == ("", "wait")
    assert "Could not connect" in " ".join(answer.body["problems"])
    assert deployed.function.invoke(event).body["problems"] != []


def test_once_aws_is_back_the_same_function_checks_again(deployed: Deployed) -> None:
    with deployed.run() as run:
        heartbeat = run.event()
    deployed.function.invoke(heartbeat)
    with deployed.run() as run:
        assert run.invoke().body["problems"] == []


def test_an_s3_that_does_not_answer_leaves_the_run_alone(run: OnLambda) -> None:
    run.wrote("done", minutes=6)
    run.aws.hang(f"/{BUCKET}*", times=1)
    answer = run.invoke()
    assert (answer.body["decision"], run.state) == ("wait", "running")
    assert "Read timeout" in " ".join(answer.body["problems"])


def test_a_check_that_was_killed_half_way_is_made_good_by_the_next(run: OnLambda) -> None:
    run.wrote("done", minutes=6)
    run.aws.hang(f"/{BUCKET}*")
    asked = len(run.aws.seen)
    with ThreadPoolExecutor() as threads:
        killed = threads.submit(run.invoke)
        wait_until(lambda: len(run.aws.seen) > asked, 20, "request of the function")
        run.function.kill()
        answer = killed.result()
    assert answer.error_type == "Runtime.ExitError"
    run.aws.heal()
    assert (run.invoke().body["outcome"], run.state) == ("succeeded", "stopped")
