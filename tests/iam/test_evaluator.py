"""The evaluator of IAM policies keeps IAM's rules."""

from __future__ import annotations

from typing import Any

import pytest

from .evaluator import Context, is_allowed

BUCKET = "arn:aws:s3:::outputs"


def policy(
    *, effect: str = "Allow", action: str = "s3:ListBucket", resource: str = BUCKET, **further: Any
) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource, **further}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_what_nothing_allows_is_denied() -> None:
    assert not is_allowed(policy(), "s3:GetObject", BUCKET)


def test_a_denial_outweighs_every_permission() -> None:
    assert not is_allowed([policy(), policy(effect="Deny", action="s3:*")], "s3:ListBucket", BUCKET)


def test_actions_ignore_case_and_resources_do_not() -> None:
    asked = [("S3:LISTBUCKET", BUCKET), ("s3:ListBucket", BUCKET.upper())]
    assert [is_allowed(policy(), *one) for one in asked] == [True, False]


def test_a_wildcard_in_a_resource_reaches_across_slashes_and_brackets_are_plain() -> None:
    allowed = policy(action="s3:GetObject", resource=f"{BUCKET}/run[1]/*")
    assert [is_allowed(allowed, "s3:GetObject", f"{BUCKET}/{key}") for key in ("run[1]/a/b", "run1/a")] == [True, False]


def test_an_action_without_resources_is_not_allowed_by_naming_one() -> None:
    assert not is_allowed(policy(action="ec2:DescribeInstances"), "ec2:DescribeInstances", "*")


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"k": ["a", "b"]}}, {"K": "b"}, True),
        ({"StringEquals": {"k": "a*"}}, {"k": "ab"}, False),
        ({"StringLike": {"k": "a*"}}, {"k": "ab"}, True),
        ({"StringEquals": {"k": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringNotEquals": {"k": "a"}}, {"k": "a"}, False),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a", "l": "c"}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a"]}}, {"k": ["a", "c"]}, True),
        ({"Bool": {"k": "true"}}, {"k": "True"}, True),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "false"}}, {}, False),
        ({"ArnLike": {"k": "arn:aws:s3:*:*:x/*"}}, {"k": "arn:aws:s3:eu:1:x/y/z"}, True),
        ({"ArnEquals": {"k": "arn:aws:s3:*:x"}}, {"k": "arn:aws:s3:eu:1:x"}, False),
    ],
)
def test_conditions_hold_as_in_iam(condition: dict[str, Any], context: Context, expected: bool) -> None:
    assert is_allowed(policy(Condition=condition), "s3:ListBucket", BUCKET, context) is expected


@pytest.mark.parametrize(
    "further",
    [{"Condition": {"DateLessThan": {"k": "2020-01-01"}}}, {"Principals": {}}, {"Resource": "${aws:username}"}],
)
def test_what_the_evaluator_does_not_know_is_an_error(further: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        is_allowed(policy(**further), "s3:ListBucket", BUCKET, {"k": "x"})
