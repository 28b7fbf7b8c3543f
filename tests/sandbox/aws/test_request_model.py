from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.boto import client
from sandbox.aws.request_model import RequestError
from sandbox.sandbox import sandbox

GOOD: dict[str, Any] = {
    "Name": "a",
    "ScheduleExpression": "rate(5 minutes)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {
        "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "RoleArn": "arn:aws:iam::123456789012:role/r",
    },
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Name": "a" * 65}, "65 is not within"),
        ({"Name": "a/b"}, "does not match"),
        ({"ActionAfterCompletion": "LATER"}, "is none of"),
        ({"Target": {**GOOD["Target"], "RetryPolicy": {"MaximumEventAgeInSeconds": 5}}}, "5 is not within"),
    ],
)
def test_a_request_that_aws_would_refuse_is_refused(change: dict[str, Any], said: str) -> None:
    with sandbox(), pytest.raises(RequestError, match=said):
        client("scheduler").create_schedule(**{**GOOD, **change})


def test_a_request_that_fits_its_model_is_sent() -> None:
    with sandbox():
        assert client("scheduler").create_schedule(**GOOD)["ScheduleArn"]
