"""Pulumi's functions of the AWS provider, answered by moto."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.aws.boto import client


def look_up(token: str, args: Mapping[str, Any], region: str) -> dict[str, Any]:
    """What the provider's functions answer.

    Raises:
        LookupError: for a function that is not known here.
    """
    answers: Mapping[str, Callable[[], dict[str, Any]]] = {
        "aws:index/getPartition:getPartition": lambda: {"partition": "aws"},
        "aws:index/getRegion:getRegion": lambda: {"region": region, "id": region},
        "aws:index/getCallerIdentity:getCallerIdentity": lambda: {
            "accountId": client("sts").get_caller_identity()["Account"]
        },
        "aws:ssm/getParameter:getParameter": lambda: {"insecureValue": _parameter(args["name"])},
    }
    if token not in answers:
        raise LookupError(f"the sandbox knows no function {token}")
    return answers[token]()


def _parameter(name: str) -> str:
    """Moto knows the images of Amazon Linux, but no deep learning images, which are made from them."""
    if name.startswith("/aws/service/deeplearning/"):
        processor = "arm64" if "/arm64/" in name else "x86_64"
        name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{processor}"
    return client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
