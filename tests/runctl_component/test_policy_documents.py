"""The policy documents: well-formed, small, the same text for the same permissions."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.iam.aws_managed_policies import aws_managed_policies_data

from monitor_runtime.contract.names import STARTED
from monitor_runtime.contract.patterns import matches
from runctl_component import policies
from runctl_component.agent_actions import AGENT_ACTIONS
from runctl_component.policy_documents import to_json

from ..iam.box_cases import instance_policy
from ..iam.calls import Account
from ..iam.cases import ACCOUNTS, AWS, CHINA, GOVERNMENT, MONITOR, denied_calls, monitor_policy, scheduler_policy
from ..iam.rules import RULES, Rule


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_no_action_has_a_wildcard(rule: Rule) -> None:
    actions = [action for statement in rule.document["Statement"] for action in statement["Action"]]
    assert [action for action in actions if "*" in action] == []


def test_all_resources_are_meant_only_where_aws_knows_no_resource() -> None:
    wide = [
        sorted(statement["Action"])
        for rule in RULES.values()
        for statement in rule.document["Statement"]
        if "*" in statement["Resource"]
    ]
    looks = ["cloudwatch:GetMetricData", "ec2:DescribeInstances", "scheduler:ListSchedules", "ssm:GetCommandInvocation"]
    assert wide == [looks, sorted(AGENT_ACTIONS), ["cloudwatch:PutMetricData"]]


def test_the_agent_may_do_what_aws_lets_it_but_for_reading_the_parameters_of_the_account() -> None:
    managed = json.loads(aws_managed_policies_data)["AmazonSSMManagedInstanceCore"]["Document"]["Statement"]
    theirs = {action for statement in managed for action in statement["Action"]}
    assert theirs - set(AGENT_ACTIONS) == {"ssm:GetParameter", "ssm:GetParameters"}
    assert set(AGENT_ACTIONS) <= theirs


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_every_statement_has_a_name_of_its_own(rule: Rule) -> None:
    sids = [statement["Sid"] for statement in rule.document["Statement"]]
    assert len(sids) == len(set(sids))
    assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)


@pytest.mark.parametrize("account", [CHINA, GOVERNMENT], ids=lambda account: account.partition)
def test_every_arn_lies_in_the_partition(account: Account) -> None:
    text = "".join(map(to_json, (monitor_policy(account), scheduler_policy(account), instance_policy(account))))
    assert set(re.findall(r"arn:([^:]*):", text)) == {account.partition}


def test_a_monitor_without_topic_and_keys_has_no_permission_for_them() -> None:
    document = policies.monitor_policy(
        partition="aws",
        region="us-east-1",
        account_id="123456789012",
        monitor=MONITOR,
        schedule_group="group",
        scheduler_role_arn="role",
        dead_letter_arn="queue",
        log_group_name="monitor",
        stop_document="stop",
        watch=[("outputs", "")],
    )
    assert {"Notify", "ReadEncryptedMarkers"}.isdisjoint(statement["Sid"] for statement in document["Statement"])


def test_a_bucket_watched_as_a_whole_can_be_listed_from_its_root() -> None:
    document = monitor_policy(AWS, [("outputs", "")])
    listing = ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "", "Delimiter": "/"})
    assert denied_calls(document, AWS, [listing]) == []


def test_each_bucket_is_listed_under_its_own_prefixes_alone() -> None:
    document = monitor_policy(AWS, [("one", "a/"), ("two", "b/"), ("three", "a/"), ("one", "c/")])
    listed = [
        f"{bucket}/{prefix}"
        for bucket in ("one", "two", "three")
        for prefix in ("a/", "b/", "c/")
        if not denied_calls(document, AWS, [("s3", "ListObjectsV2", {"Bucket": bucket, "Prefix": prefix})])
    ]
    assert listed == ["one/a/", "one/c/", "two/b/", "three/a/"]


def test_the_order_in_which_things_are_named_does_not_show_in_the_text() -> None:
    watched = [("one", "a/"), ("two", "b/"), ("three", "a/"), ("one", "c/")]
    assert to_json(monitor_policy(AWS, watched)) == to_json(monitor_policy(AWS, watched[::-1]))


def test_the_order_of_the_event_rules_does_not_show_in_the_text() -> None:
    texts = {
        to_json(policies.dead_letter_policy(queue_arn="queue", rule_arns=arns)) for arns in (["a", "b"], ["b", "a"])
    }
    assert len(texts) == 1


def test_a_prefix_of_any_letters_is_written_in_characters_that_iam_takes() -> None:
    text = to_json(monitor_policy(AWS, [("outputs", "läufe/モデル/")]))
    assert text.isascii()
    assert (
        denied_calls(json.loads(text), AWS, [("s3", "GetObject", {"Bucket": "outputs", "Key": "läufe/モデル/done"})])
        == []
    )


def _readable(markers: list[str], *keys: str) -> list[str]:
    """Which of the objects below the prefix a monitor may read that knows its markers."""
    document = monitor_policy(AWS, markers=markers)
    return [
        key
        for key in keys
        if not denied_calls(document, AWS, [("s3", "GetObject", {"Bucket": "outputs", "Key": f"runs/llama/{key}"})])
    ]


def test_a_monitor_that_knows_its_markers_reads_them_and_no_weights() -> None:
    keys = ("done", "failed-3", "model.safetensors", "checkpoints/last.pt", "undone", "done.txt")
    assert _readable(["done", "failed-?"], *keys) == ["done", "failed-3"]


def test_a_monitor_that_knows_its_markers_reads_the_report_of_the_box_and_no_log_beside_it() -> None:
    assert _readable(["done"], STARTED, "runctl/llama.log", "started.json") == [STARTED]


@pytest.mark.parametrize(
    ("marker", "key"),
    [
        ("done[0-9]", "done7"),
        ("[!a]x", "bx"),
        ("[]]x", "]x"),
        ("a*b?", "a--b1"),
        ("[x", "[x"),
        ("${aws:x}", "${aws:x}"),
    ],
)
def test_whatever_a_marker_matches_can_be_read(marker: str, key: str) -> None:
    assert matches(marker, key)
    assert _readable([marker], key) == [key]


def test_markers_that_would_take_too_much_room_open_the_prefix() -> None:
    many = [f"{'m' * 200}{number}" for number in range(50)]
    assert _readable(many, "model.safetensors") == ["model.safetensors"]
    assert list(policies.size_problems("watch", monitor_policy(AWS, markers=many))) == []


def test_forty_prefixes_of_usual_length_fit_into_one_monitor() -> None:
    watched = [(f"team-{number % 8}-outputs", f"projects/language-models/{number}/") for number in range(40)]
    assert list(policies.size_problems("watch", monitor_policy(AWS, watched))) == []


def test_what_no_role_can_hold_is_refused_with_the_way_out() -> None:
    watched = [("outputs", f"runs/{number}/") for number in range(1_000)]
    (problem,) = policies.size_problems("watch", monitor_policy(AWS, watched))
    assert re.fullmatch(
        r"watch: a policy of \d+ characters; accepted: .* 10240 characters .*; watch one common prefix .*",
        str(problem),
    )


@ACCOUNTS
def test_iam_takes_every_document(account: Account) -> None:
    group = account.arn("scheduler", "schedule-group/group-1234567")
    roles = {
        "monitor": (policies.lambda_trust(), monitor_policy(account)),
        "scheduler": (
            policies.scheduler_trust(account_id=account.account_id, schedule_group_arn=group),
            scheduler_policy(account),
        ),
        "instance": (policies.instance_trust(account.partition), instance_policy(account)),
    }
    with mock_aws():
        iam: Any = boto3.client("iam", region_name="us-east-1")  # pyright: ignore[reportUnknownMemberType]
        for name, (trust, document) in roles.items():
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=to_json(trust))
            iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=to_json(document))
        kept = [iam.list_role_policies(RoleName=name)["PolicyNames"] for name in roles]
    assert kept == [["monitor"], ["scheduler"], ["instance"]]
