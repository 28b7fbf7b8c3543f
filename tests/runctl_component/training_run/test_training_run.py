"""What a training run registers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from monitor_runtime.contract import names
from runctl_component import TrainingRun, TrainingRunArgs

from ..forms import ALL, BASE, KEY, instance_of, registered, settings_of
from ..recording import IMAGE, INSTANCE_ID, Recorded, Resource, record


@pytest.fixture(scope="module")
def default() -> Recorded:
    return registered(BASE)


def test_the_resources_and_their_names_are_frozen(default: Recorded) -> None:
    def below(parent: str) -> set[str]:
        return {f"{each.type}::{each.name}" for each in default.resources if each.parent.rpartition("::")[2] == parent}

    assert below("llama-ft") == {
        "aws:ec2/instance:Instance::llama-ft",
        "aws:iam/instanceProfile:InstanceProfile::llama-ft-box",
        "aws:iam/role:Role::llama-ft-box",
        "aws:iam/rolePolicy:RolePolicy::llama-ft-box",
        "aws:lambda/invocation:Invocation::llama-ft-first-check",
        "aws:s3/bucketObjectv2:BucketObjectv2::llama-ft-runner",
        "aws:scheduler/schedule:Schedule::llama-ft-heartbeat",
        "runctl:index:Monitor::llama-ft-monitor",
    }
    assert below("llama-ft-monitor-function") == {
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-silence",
    }
    assert below("llama-ft-monitor") == {
        "aws:cloudwatch/dashboard:Dashboard::llama-ft-monitor-dashboard",
        "aws:cloudwatch/eventRule:EventRule::llama-ft-monitor-audit",
        "aws:cloudwatch/eventRule:EventRule::llama-ft-monitor-spot",
        "aws:cloudwatch/eventTarget:EventTarget::llama-ft-monitor-audit",
        "aws:cloudwatch/eventTarget:EventTarget::llama-ft-monitor-spot",
        "aws:cloudwatch/logGroup:LogGroup::llama-ft-monitor-log",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-audits",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-dead-letters",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-ending-failed",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-errors",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-findings",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-sources",
        "aws:cloudwatch/metricAlarm:MetricAlarm::llama-ft-monitor-unseen",
        "aws:iam/role:Role::llama-ft-monitor-function",
        "aws:iam/role:Role::llama-ft-monitor-scheduler",
        "aws:iam/rolePolicy:RolePolicy::llama-ft-monitor-function",
        "aws:iam/rolePolicy:RolePolicy::llama-ft-monitor-scheduler",
        "aws:lambda/function:Function::llama-ft-monitor-function",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig::llama-ft-monitor-delivery",
        "aws:lambda/permission:Permission::llama-ft-monitor-audit",
        "aws:lambda/permission:Permission::llama-ft-monitor-spot",
        "aws:scheduler/scheduleGroup:ScheduleGroup::llama-ft-monitor-schedules",
        "aws:sqs/queue:Queue::llama-ft-monitor-dead-letters",
        "aws:sqs/queuePolicy:QueuePolicy::llama-ft-monitor-dead-letters",
        "aws:ssm/document:Document::llama-ft-monitor-stop-training",
    }


def test_nothing_is_launched_that_is_not_watched(default: Recorded) -> None:
    depends_on = default.one("Instance", "llama-ft").depends_on
    assert default.one("Function", "llama-ft-monitor-function").urn in depends_on
    assert default.one("RolePolicy", "llama-ft-monitor-scheduler").urn in depends_on


def _first_check(recorded: Recorded) -> Resource:
    return recorded.one("Invocation", "llama-ft-first-check")


def test_the_first_check_comes_last(default: Recorded) -> None:
    assert default.one("Schedule", "llama-ft-heartbeat").urn in _first_check(default).depends_on


def test_the_first_check_is_made_again_only_for_what_it_proves(default: Recorded) -> None:
    check = _first_check(default)
    assert (check.ignores, check.replaces_on) == (("input",), ("triggers",))
    assert check.inputs["triggers"] == {
        "instance": INSTANCE_ID,
        "output": "outputs/team/dev/llama-ft/",
        "s3_events": "false",
        "kms_key_arn": "",
    }


@pytest.mark.parametrize(
    ("more", "trigger"),
    [
        ({"bucket": "others"}, "output"),
        ({"prefix": "elsewhere"}, "output"),
        ({"s3_events": True}, "s3_events"),
        ({"kms_key_arn": KEY}, "kms_key_arn"),
    ],
)
def test_what_is_turned_on_later_is_proven_again(default: Recorded, more: dict[str, Any], trigger: str) -> None:
    before = _first_check(default).inputs["triggers"]
    after = _first_check(registered({**BASE, **more})).inputs["triggers"]
    assert {key for key in after if after[key] != before[key]} == {trigger}


def test_the_monitor_forgets_the_old_instance_before_the_first_check_of_the_new_one(default: Recorded) -> None:
    check = _first_check(default)
    assert check.inputs["lifecycleScope"] == "CRUD"
    assert check.deletes_first


def test_two_trainings_never_write_to_one_prefix(default: Recorded) -> None:
    assert default.one("Instance", "llama-ft").deletes_first


def test_a_heartbeat_that_is_replaced_is_there_until_the_new_one_is(default: Recorded) -> None:
    assert default.one("Schedule", "llama-ft-heartbeat").creates_first


def test_another_instance_type_is_another_instance_and_no_silent_restart(default: Recorded) -> None:
    assert default.one("Instance", "llama-ft").replaces_on == ("instanceType",)


def test_the_box_has_its_rights_from_its_boot_to_its_shutdown(default: Recorded) -> None:
    profile = default.one("InstanceProfile", "llama-ft-box")
    assert profile.urn in default.one("Instance", "llama-ft").depends_on
    assert default.one("RolePolicy", "llama-ft-box").urn in profile.depends_on


@pytest.mark.parametrize("form", [BASE, ALL], ids=["default", "all"])
def test_no_role_has_rights_but_those_that_stand_here(form: TrainingRunArgs) -> None:
    """A policy that AWS manages is another's text, and may grant more tomorrow."""
    recorded = registered(form)
    attached = [each.inputs["policyArn"] for each in recorded.of("RolePolicyAttachment")]
    assert attached == form.get("policy_arns", [])
    assert [role.name for role in recorded.of("Role") if role.inputs.get("managedPolicyArns")] == []


def test_the_heartbeat_leaves_what_it_cannot_deliver_in_the_queue(default: Recorded) -> None:
    target = default.one("Schedule", "llama-ft-heartbeat").inputs["target"]
    assert target["deadLetterConfig"] == {"arn": "arn:aws:any:us-east-1:123456789012:llama-ft-monitor-dead-letters"}
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 300, "maximumRetryAttempts": 3}


def test_the_heartbeat_carries_the_whole_settings_document(default: Recorded) -> None:
    settings = settings_of(default)
    assert (settings["run"], settings["bucket"], settings["prefix"]) == ("llama-ft", "outputs", "team/dev/llama-ft/")
    assert settings["monitor"] == "team/dev/llama-ft-monitor"


def test_the_instance_is_hardened(default: Recorded) -> None:
    instance = instance_of(default)
    assert instance["metadataOptions"]["httpTokens"] == "required"
    assert (instance["rootBlockDevice"]["encrypted"], instance["rootBlockDevice"]["volumeType"]) == (True, "gp3")
    assert "associatePublicIpAddress" not in instance


def test_the_instance_bears_the_tags_by_which_events_find_it(default: Recorded) -> None:
    tags = instance_of(default)["tags"]
    assert tags[names.TAG_OUTPUT] == "outputs/team/dev/llama-ft/"
    assert tags[names.TAG_SCHEDULE] == "llama-ft"
    assert tags[names.TAG_MONITOR] == settings_of(default)["monitor"]


def test_the_newest_image_is_chosen_at_creation_and_ignored_later(default: Recorded) -> None:
    instance = default.one("Instance", "llama-ft")
    assert instance.inputs["ami"] == IMAGE
    assert "ami" in instance.ignores


def test_a_plain_image_id_is_deliberate_and_changing_it_replaces() -> None:
    assert "ami" not in registered(ALL).one("Instance", "llama-ft").ignores


def test_an_image_may_be_the_one_that_a_parameter_of_ssm_holds_when_the_run_is_created() -> None:
    recorded = registered({**BASE, "ami": "/images/training/latest"})
    instance = recorded.one("Instance", "llama-ft")
    assert (instance.inputs["ami"], "ami" in instance.ignores) == (IMAGE, True)
    assert recorded.calls.count("getParameter") == 1


def test_an_image_of_a_parameter_is_accepted_beside_an_arg_that_only_the_engine_knows() -> None:
    def program() -> None:
        bucket = pulumi.Output.from_input("outputs")
        TrainingRun("llama-ft", {**BASE, "bucket": bucket, "ami": "/images/training/latest"})

    assert record(program).one("Instance", "llama-ft").inputs["ami"] == IMAGE


def test_an_image_that_is_an_output_of_a_look_up_counts_at_creation() -> None:
    def program() -> None:
        image = pulumi.Output.from_input("ami-00000000000000002")
        TrainingRun("llama-ft", {**BASE, "ami": image})

    instance = record(program).one("Instance", "llama-ft")
    assert (instance.inputs["ami"], "ami" in instance.ignores) == ("ami-00000000000000002", True)


def test_an_output_cannot_be_the_name_of_a_parameter() -> None:
    with pytest.raises(
        Exception, match="ami: got '/images/latest'; accepted: an image id; the name of an SSM parameter"
    ):
        record(lambda: TrainingRun("llama-ft", {**BASE, "ami": pulumi.Output.from_input("/images/latest")}))


def test_tags_that_the_monitor_writes_are_ignored_by_key(default: Recorded) -> None:
    """On both levels: the provider updates tags by ``tagsAll``, which is an input so that the engine finds it."""
    instance = default.one("Instance", "llama-ft")
    ignored = {path for path in instance.ignores if path.startswith("tags")}
    assert ignored == {f'{level}["{tag}"]' for level in ("tags", "tagsAll") for tag in names.WRITTEN_AFTER_LAUNCH}
    assert instance.inputs["tagsAll"] == instance.inputs["tags"]


def test_a_changed_marker_changes_the_schedule_and_not_the_user_data(default: Recorded) -> None:
    changed = registered({**BASE, "markers": ["finished"]})
    assert settings_of(changed)["markers"] == ["finished"]
    assert instance_of(changed)["userData"] == instance_of(default)["userData"]


def test_a_changed_command_replaces_the_instance(default: Recorded) -> None:
    changed = registered({**BASE, "command": "python other.py"})
    assert instance_of(changed)["userDataReplaceOnChange"] is True
    assert instance_of(changed)["userData"] != instance_of(default)["userData"]


def _recorded(make: Callable[[], TrainingRunArgs]) -> Recorded:
    return record(lambda: {"plan": TrainingRun("llama-ft", make()).plan})


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "output"])
def test_a_box_with_our_runner_reports(*, wrapped: bool) -> None:
    command = "python train.py"
    recorded = _recorded(
        lambda: {"bucket": "outputs", "command": pulumi.Output.from_input(command) if wrapped else command}
    )
    assert settings_of(recorded)["box_reports"] is True
    assert recorded.outputs["plan"]["sign_of_life"].startswith("the instance reports")


def test_a_box_with_user_data_of_its_own_does_not_report() -> None:
    recorded = _recorded(lambda: {"bucket": "outputs", "user_data": "#!/bin/sh\npython train.py\n"})
    assert settings_of(recorded)["box_reports"] is False
    assert recorded.outputs["plan"]["sign_of_life"].startswith("none")


def test_all_args_reach_the_settings_or_the_instance() -> None:
    recorded = registered(ALL)
    settings, instance = settings_of(recorded), instance_of(recorded)
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
    assert '"WANDB_MODE": "offline"' in instance["userData"]
    assert instance["instanceInitiatedShutdownBehavior"] == "terminate"
    assert recorded.one("Schedule", "llama-ft-heartbeat").inputs["scheduleExpression"] == "rate(10 minutes)"


def test_s3_events_listen_for_the_exact_markers_and_never_for_every_upload() -> None:
    rule = registered(ALL).one("EventRule", "llama-ft-monitor-markers-1")
    keys = json.loads(rule.inputs["eventPattern"])["detail"]["object"]["key"]
    assert keys == ["runs/llama/done", {"wildcard": "runs/llama/failed*"}]


def test_a_profile_of_the_callers_own_makes_no_other() -> None:
    recorded = registered({**BASE, "iam_instance_profile": "training"})
    assert instance_of(recorded)["iamInstanceProfile"] == "training"
    assert [each.name for each in recorded.resources if each.type.endswith(":InstanceProfile")] == []


def test_user_data_of_the_callers_own_is_passed_on_as_it_is() -> None:
    recorded = registered({"bucket": "outputs", "user_data": "#!/bin/bash\ntrain\n"})
    assert instance_of(recorded)["userData"] == "#!/bin/bash\ntrain\n"


def test_the_monitor_of_the_run_reads_its_markers_and_no_weights() -> None:
    recorded = registered({**BASE, "prefix": "runs/llama", "markers": ["done*"], "failure_markers": ["FAILED"]})
    policy = json.loads(recorded.one("RolePolicy", "llama-ft-monitor-function").inputs["policy"])
    (read,) = [each["Resource"] for each in policy["Statement"] if each["Action"] == ["s3:GetObject"]]
    names_read = ("FAILED", "done*", "runctl/started.json")
    assert read == [f"arn:aws:s3:::outputs/runs/llama/{name}" for name in names_read]


@pytest.mark.parametrize(("start", "shown"), [("command", "enabled"), ("user_data", "disabled")])
def test_the_metadata_service_shows_the_tags_to_those_who_read_them(start: str, shown: str) -> None:
    args = {"bucket": "outputs", start: "#!/bin/sh\ntrain\n"}
    assert instance_of(registered(args))["metadataOptions"]["instanceMetadataTags"] == shown
