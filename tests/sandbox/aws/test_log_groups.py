from __future__ import annotations

import json
from datetime import timedelta

from sandbox.aws.boto import client
from sandbox.aws.log_groups import keep_logs
from sandbox.engine.stack import stack_config, stack_program
from sandbox.sandbox import sandbox


def test_what_the_monitor_prints_is_in_the_log_group_that_its_function_names() -> None:
    with sandbox() as cloud:
        keep_logs(cloud.functions)
        cloud.create_bucket("runctl-demo-outputs")
        cloud.up(stack_program, stack_config("demo"))
        cloud.run_for(timedelta(minutes=6))
        (function,) = client("lambda").list_functions()["Functions"]
        (log_group,) = client("logs").describe_log_groups()["logGroups"]
        assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": log_group["logGroupName"]}
        events = client("logs").filter_log_events(logGroupName=log_group["logGroupName"])["events"]
        printed = [line for each in cloud.functions.invocations for line in each.output.splitlines()]
        assert sorted(event["message"] for event in events) == sorted(printed)
        assert "heartbeat" in [json.loads(line).get("check", {}).get("trigger") for line in printed]
