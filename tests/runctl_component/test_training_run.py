"""What a training run registers, in each of its forms."""

from __future__ import annotations

import json
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest

from monitor_runtime import names
from runctl_component import Monitor, NotWatchedError, TrainingRun, TrainingRunArgs

from .recording import IMAGE, INSTANCE_ID, Recorded, record

BASE: TrainingRunArgs = {"bucket": "outputs", "command": "python train.py"}

ALL: dict[str, Any] = {
    "bucket": "outputs",
    "prefix": "runs/llama",
    "instance_type": "p5.48xlarge",
    "ami": "ami-00000000000000001",
    "command": "python train.py",
    "environment": {"WANDB_MODE": "offline"},
    "subnet_id": "subnet-0123456789abcdef0",
    "security_group_ids": ["sg-0123456789abcdef0"],
    "key_name": "team",
    "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "root_volume_gib": 500,
    "markers": ["done"],
    "failure_markers": ["failed*"],
    "expected_outputs": ["model/*.safetensors"],
    "checkpoint_patterns": ["checkpoints/*.pt"],
    "initial_interval_seconds": 60,
    "max_interval_seconds": 600,
    "backoff_multiplier": 1.5,
    "grace_seconds": 60,
    "verify_timeout_seconds": 1200,
    "shutdown_timeout_seconds": 300,
    "on_complete": "stop",
    "on_failure": "report",
    "on_deadline": "terminate",
    "max_runtime_hours": 48,
    "idle": {"metric": "CPUUtilization", "threshold": 5, "minutes": 30},
    "terminate_after_days": 7,
    "s3_events": True,
    "tags": {"team": "nlp"},
}


def _recorded(args: dict[str, Any] | TrainingRunArgs, **how: Any) -> Recorded:
    return record(lambda: TrainingRun("llama-ft", cast("TrainingRunArgs", args)), **how)


def _instance(recorded: Recorded) -> dict[str, Any]:
    return recorded.one("Instance", "llama-ft").inputs


def _settings(recorded: Recorded) -> dict[str, Any]:
    heartbeat = recorded.one("Schedule", "llama-ft-heartbeat").inputs
    return json.loads(heartbeat["target"]["input"])["settings"]


@pytest.fixture(scope="module")
def default() -> Recorded:
    return _recorded(BASE)


def test_the_resources_and_their_names_are_frozen(default: Recorded) -> None:
    def below(parent: str) -> set[str]:
        return {f"{each.type}::{each.name}" for each in default.resources if each.parent.rpartition("::")[2] == parent}

    assert below("llama-ft") == {
        "aws:ec2/instance:Instance::llama-ft",
        "aws:iam/instanceProfile:InstanceProfile::llama-ft-box",
        "aws:iam/role:Role::llama-ft-box",
        "aws:iam/rolePolicy:RolePolicy::llama-ft-box",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment::llama-ft-ssm",
        "aws:lambda/invocation:Invocation::llama-ft-first-check",
        "aws:scheduler/schedule:Schedule::llama-ft-heartbeat",
        "runctl:index:Monitor::llama-ft-monitor",
    }
    assert below("llama-ft-monitor") == {
        "aws:cloudwatch/dashboard:Dashboard::llama-ft-monitor-dashboard",
        "aws:cloudwatch/eventRule:EventRule::llama-ft-monitor-spot",
        "aws:cloudwatch/eventTarget:EventTarget::llama-ft-monitor-spot",
        "aws:cloudwatch/logGroup:LogGroup::llama-ft-monitor-log",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-dead-letters",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-ending-failed",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-errors",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-silence",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-sources",
        "aws:iam/role:Role::llama-ft-monitor-function",
        "aws:iam/role:Role::llama-ft-monitor-scheduler",
        "aws:iam/rolePolicy:RolePolicy::llama-ft-monitor-function",
        "aws:iam/rolePolicy:RolePolicy::llama-ft-monitor-scheduler",
        "aws:lambda/function:Function::llama-ft-monitor-function",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig::llama-ft-monitor-delivery",
        "aws:lambda/permission:Permission::llama-ft-monitor-spot",
        "aws:scheduler/scheduleGroup:ScheduleGroup::llama-ft-monitor-schedules",
        "aws:sqs/queue:Queue::llama-ft-monitor-dead-letters",
        "aws:sqs/queuePolicy:QueuePolicy::llama-ft-monitor-dead-letters",
    }


def test_nothing_is_launched_that_is_not_watched(default: Recorded) -> None:
    depends_on = default.one("Instance", "llama-ft").depends_on
    assert default.one("Function", "llama-ft-monitor-function").urn in depends_on
    assert default.one("RolePolicy", "llama-ft-monitor-scheduler").urn in depends_on


def test_the_first_check_comes_last_and_once_per_instance(default: Recorded) -> None:
    check = default.one("Invocation", "llama-ft-first-check")
    assert default.one("Schedule", "llama-ft-heartbeat").urn in check.depends_on
    assert check.inputs["triggers"] == {"instance": INSTANCE_ID}
    assert (check.ignores, check.replaces_on) == (("input",), ("triggers",))


def test_the_heartbeat_carries_the_whole_settings_document(default: Recorded) -> None:
    settings = _settings(default)
    assert (settings["run"], settings["bucket"], settings["prefix"]) == ("llama-ft", "outputs", "llama-ft/")
    assert settings["instance_ids"] == [INSTANCE_ID]
    assert settings["monitor"] == "team/dev/llama-ft-monitor"


def test_the_instance_is_hardened(default: Recorded) -> None:
    instance = _instance(default)
    assert instance["metadataOptions"]["httpTokens"] == "required"
    assert (instance["rootBlockDevice"]["encrypted"], instance["rootBlockDevice"]["volumeType"]) == (True, "gp3")
    assert "associatePublicIpAddress" not in instance


def test_the_instance_bears_the_tags_by_which_events_find_it(default: Recorded) -> None:
    tags = _instance(default)["tags"]
    assert tags[names.TAG_OUTPUT] == "outputs/llama-ft/"
    assert tags[names.TAG_SCHEDULE] == "llama-ft"
    assert tags[names.TAG_MONITOR] == _settings(default)["monitor"]


def test_the_newest_image_is_chosen_at_creation_and_ignored_later(default: Recorded) -> None:
    instance = default.one("Instance", "llama-ft")
    assert instance.inputs["ami"] == IMAGE
    assert "ami" in instance.ignores


def test_an_image_that_was_declared_is_not_ignored() -> None:
    assert "ami" not in _recorded(ALL).one("Instance", "llama-ft").ignores


def test_tags_that_the_monitor_writes_are_ignored_by_key(default: Recorded) -> None:
    ignored = default.one("Instance", "llama-ft").ignores
    assert {f'tags["{tag}"]' for tag in names.WRITTEN_BY_MONITOR} <= set(ignored)
    assert {f'tagsAll["{tag}"]' for tag in names.WRITTEN_BY_MONITOR} <= set(ignored)


def test_a_changed_marker_changes_the_schedule_and_not_the_user_data(default: Recorded) -> None:
    changed = _recorded({**BASE, "markers": ["finished"]})
    assert _settings(changed)["markers"] == ["finished"]
    assert _instance(changed)["userData"] == _instance(default)["userData"]


def test_a_changed_command_replaces_the_instance(default: Recorded) -> None:
    changed = _recorded({**BASE, "command": "python other.py"})
    assert _instance(changed)["userDataReplaceOnChange"] is True
    assert _instance(changed)["userData"] != _instance(default)["userData"]


def test_all_args_reach_the_settings_or_the_instance() -> None:
    recorded = _recorded(ALL)
    settings, instance = _settings(recorded), _instance(recorded)
    carried = {key: ALL[key] for key in ALL if key in settings and key != "prefix"}
    assert {key: settings[key] for key in carried} == carried
    assert settings["prefix"] == "runs/llama/"
    assert instance["instanceType"] == "p5.48xlarge"
    assert instance["ami"] == "ami-00000000000000001"
    assert instance["subnetId"] == "subnet-0123456789abcdef0"
    assert instance["vpcSecurityGroupIds"] == ["sg-0123456789abcdef0"]
    assert instance["keyName"] == "team"
    assert instance["rootBlockDevice"]["volumeSize"] == 500
    assert instance["tags"]["team"] == "nlp"
    assert "export WANDB_MODE=offline" in instance["userData"]
    assert instance["instanceInitiatedShutdownBehavior"] == "terminate"
    assert recorded.one("Schedule", "llama-ft-heartbeat").inputs["scheduleExpression"] == "rate(10 minutes)"


def test_s3_events_listen_for_the_exact_markers_and_never_for_every_upload() -> None:
    rule = _recorded(ALL).one("EventRule", "llama-ft-monitor-markers-1")
    keys = json.loads(rule.inputs["eventPattern"])["detail"]["object"]["key"]
    assert keys == ["runs/llama/done", {"wildcard": "runs/llama/failed*"}]


def test_a_one_time_spot_instance_is_terminated_by_default() -> None:
    recorded = _recorded({**BASE, "spot": "one-time", "spot_max_price": "1.25"})
    options = _instance(recorded)["instanceMarketOptions"]
    assert options == {
        "marketType": "spot",
        "spotOptions": {
            "spotInstanceType": "one-time",
            "instanceInterruptionBehavior": "terminate",
            "maxPrice": "1.25",
        },
    }
    assert {_settings(recorded)[field] for field in ("on_complete", "on_failure", "on_deadline")} == {"terminate"}


def test_a_persistent_spot_instance_is_stopped_by_default() -> None:
    recorded = _recorded({**BASE, "spot": "persistent"})
    assert _instance(recorded)["instanceMarketOptions"]["spotOptions"]["spotInstanceType"] == "persistent"
    assert _settings(recorded)["on_complete"] == "stop"


def test_a_profile_of_the_callers_own_makes_no_other() -> None:
    recorded = _recorded({**BASE, "iam_instance_profile": "training"})
    assert _instance(recorded)["iamInstanceProfile"] == "training"
    assert [each.name for each in recorded.resources if each.type.endswith(":InstanceProfile")] == []


def test_user_data_of_the_callers_own_is_passed_on_as_it_is() -> None:
    recorded = _recorded({"bucket": "outputs", "user_data": "#!/bin/bash\ntrain\n"})
    assert _instance(recorded)["userData"] == "#!/bin/bash\ntrain\n"


def test_a_shared_monitor_serves_three_runs_and_does_not_grow() -> None:
    def program(count: int) -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}], "s3_events": True})
        for number in range(count):
            TrainingRun(f"run-{number}", {**BASE, "prefix": f"runs/{number}", "s3_events": True}, monitor=monitor)

    def of_monitor(recorded: Recorded) -> list[tuple[str, str, str]]:
        shared = [each for each in recorded.resources if each.name.startswith("shared-")]
        return sorted((each.type, each.name, str({**each.inputs, "code": ""})) for each in shared)

    three = record(lambda: program(3))
    assert [each.name for each in three.resources if each.type.endswith(":Function")] == ["shared-function"]
    assert of_monitor(three) == of_monitor(record(lambda: program(1)))


def test_a_run_outside_of_what_its_monitor_watches_is_refused() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs", "prefix": "runs"}]})
        TrainingRun("llama-ft", {**BASE, "prefix": "elsewhere"}, monitor=monitor)

    with pytest.raises(NotWatchedError, match=r"s3://outputs/elsewhere/.*s3://outputs/runs/"):
        record(program)


def test_a_place_that_resolves_outside_of_what_its_monitor_watches_is_refused() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": pulumi.Output.from_input("outputs"), "prefix": "runs"}]})
        TrainingRun("llama-ft", {**BASE, "prefix": "elsewhere"}, monitor=monitor)

    with pytest.raises(ValueError, match=r"(?s)s3://outputs/elsewhere/.*s3://outputs/runs/"):
        record(program)


def test_a_run_that_counts_on_events_needs_a_monitor_that_listens() -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("llama-ft", {**BASE, "s3_events": True}, monitor=monitor)

    with pytest.raises(NotWatchedError, match="s3_events"):
        record(program)


def test_an_explicit_provider_of_another_region_and_partition_reaches_every_child() -> None:
    def program() -> None:
        provider = aws.Provider("ningxia", region="cn-northwest-1")
        TrainingRun("llama-ft", BASE, pulumi.ResourceOptions(provider=provider))

    recorded = record(program, region="cn-northwest-1", partition="aws-cn")
    children = [each for each in recorded.resources if each.type.startswith("aws:")]
    assert len(children) > 20
    assert {each.provider.split("::")[-2] for each in children} == {"ningxia"}
    texts = " ".join(str(each.inputs) for each in children)
    assert "arn:aws:" not in texts
    assert "ec2.amazonaws.com.cn" in recorded.one("Role", "llama-ft-box").inputs["assumeRolePolicy"]


def test_protection_and_aliases_and_register_outputs_reach_where_they_belong() -> None:
    opts = pulumi.ResourceOptions(protect=True, aliases=[pulumi.Alias(name="old-name")])
    recorded = record(lambda: TrainingRun("llama-ft", BASE, opts))
    assert all(each.protected for each in recorded.resources)
    assert "old-name" in recorded.one("TrainingRun", "llama-ft").aliases
    components = [urn for urn in recorded.component_outputs if "runctl:" in urn]
    assert len(components) == len(set(components)) == 2


def test_a_preview_with_every_input_unknown_registers_the_same_resources(default: Recorded) -> None:
    def program() -> None:
        unknown: pulumi.Output[Any] = pulumi.Output.from_input(pulumi.runtime.rpc.UNKNOWN)
        known_only = {"s3_events", "spot", "user_data"}
        TrainingRun("llama-ft", cast("TrainingRunArgs", dict.fromkeys({*BASE} - known_only, unknown)))

    recorded = record(program, preview=True)
    assert recorded.names() == default.names()


def test_the_plan_is_known_at_preview() -> None:
    recorded = record(lambda: {"plan": TrainingRun("llama-ft", BASE).plan}, preview=True)
    assert recorded.outputs["plan"]["first_checks_seconds"][:5] == [30, 90, 210, 450, 750]


def test_an_output_that_resolves_to_something_wrong_is_refused_by_field() -> None:
    def program() -> None:
        TrainingRun("llama-ft", {**BASE, "bucket": pulumi.Output.from_input("Not A Bucket")})

    with pytest.raises(ValueError, match=r"(?s)bucket: got 'Not A Bucket'"):
        record(program)
