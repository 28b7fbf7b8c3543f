"""Pulumi's functions of the AWS provider, answered by moto."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.boto import client


def look_up(token: str, args: Mapping[str, Any], region: str) -> dict[str, Any]:
    """What the provider's functions answer."""
    answers: Mapping[str, Callable[[], dict[str, Any]]] = {
        "aws:index/getPartition:getPartition": lambda: {"partition": "aws"},
        "aws:index/getRegion:getRegion": lambda: {"region": region, "id": region},
        "aws:index/getCallerIdentity:getCallerIdentity": lambda: {
            "accountId": client("sts").get_caller_identity()["Account"]
        },
        "aws:ssm/getParameter:getParameter": lambda: {
            "insecureValue": client("ssm").get_parameter(Name=args["name"])["Parameter"]["Value"]
        },
    }
    if token not in answers:
        raise NotImplementedError(f"the sandbox knows no function {token}")
    return answers[token]()
