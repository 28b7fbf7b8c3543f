"""The archive in Lambda's own runtime: each trigger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from sandbox.aws.boto import client
from tests.monitor_runtime.cloud.moto_cloud import GROUP
from tests.monitor_runtime.handler_paths import S3_EVENT
from tests.runtime.on_lambda import OnLambda


def _spot_warning(run: OnLambda) -> dict[str, Any]:
    return {
        "source": "aws.ec2",
        "detail-type": "EC2 Spot Instance Interruption Warning",
        "time": format_time(datetime.now(UTC)),
        "detail": {"instance-id": run.instance_id, "instance-action": "terminate"},
    }


def test_a_first_check_proves_that_the_run_can_be_watched_and_arms_its_switch(run: OnLambda) -> None:
    answer = run.invoke("first-check")
    assert (answer.body["decision"], answer.body["problems"]) == ("wait", [])
    assert run.switch_name in run.schedules()


def test_a_heartbeat_checks_the_run(run: OnLambda) -> None:
    answer = run.invoke()
    assert (answer.body["trigger"], answer.body["decision"], answer.body["problems"]) == ("heartbeat", "wait", [])


def test_a_follow_up_goes_by_what_the_heartbeat_carries_by_now(run: OnLambda) -> None:
    earlier = run.event("follow-up")
    run.declare(max_runtime_hours=1.0)
    answer = run.function.invoke(earlier)
    assert (answer.body["outcome"], run.state) == ("deadline", "stopped")


def test_an_s3_event_leads_to_the_run(run: OnLambda) -> None:
    run.wrote("done", minutes=1)
    answer = run.function.invoke(S3_EVENT)
    assert (answer.body["trigger"], answer.body["run"], answer.body["decision"]) == ("s3-event", "llama-ft", "wait")
    assert names.TAG_NOTICED in run.tags


def test_a_spot_warning_signals_the_training(run: OnLambda) -> None:
    answer = run.function.invoke(_spot_warning(run))
    assert (answer.body["outcome"], run.state) == ("interrupted", "running")


def test_an_audit_arms_a_switch_that_somebody_removed(run: OnLambda) -> None:
    run.invoke("first-check")
    client("scheduler").delete_schedule(GroupName=GROUP, Name=names.deadline_switch_name(run.instance_id))
    answer = run.function.invoke({"trigger": "audit"})
    assert [(each["instance_id"], each["made_good"]) for each in answer.body["findings"]] == [(run.instance_id, True)]
    assert run.switch_name in run.schedules()


def test_a_run_that_pulumi_is_about_to_remove_is_released(run: OnLambda) -> None:
    answer = run.invoke("first-check", tf={"action": "delete"})
    assert (answer.body["decision"], answer.body["instances"]) == ("released", [run.instance_id])


def test_each_check_leaves_a_json_line_and_a_line_of_metrics_in_the_log(run: OnLambda) -> None:
    log = run.invoke().log
    assert '"message":"check"' in log
    assert '"Namespace":"Runctl"' in log
