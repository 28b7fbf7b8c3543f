"""Services of AWS beside S3 as a box or a function sees them, at the same address: moto's, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.request import Request
from moto.dynamodb.responses import DynamoHandler
from moto.ec2.responses import EC2Response
from moto.resourcegroupstaggingapi.responses import ResourceGroupsTaggingAPIResponse
from moto.scheduler.responses import EventBridgeSchedulerResponse
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.sns.responses import SNSResponse
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.sts.responses import TokenResponse
from werkzeug.wrappers import Response

Dispatch = Callable[[Any, str, Mapping[str, str]], tuple[int, Mapping[str, Any], str | bytes]]

_SERVICES: Mapping[str, Dispatch] = {
    "dynamodb": DynamoHandler.dispatch,
    "ec2": EC2Response.dispatch,
    "monitoring": CloudWatchResponse.dispatch,
    "scheduler": EventBridgeSchedulerResponse.dispatch,
    "secretsmanager": SecretsManagerResponse.dispatch,
    "sns": SNSResponse.dispatch,
    "ssm": SimpleSystemManagerResponse.dispatch,
    "sts": TokenResponse.dispatch,
    "tagging": ResourceGroupsTaggingAPIResponse.dispatch,
}
"""By the name that is part of a host and of a signature."""


def service_of(request: Request) -> str:
    """The service for which a request was signed; it is the last but one word of its credential's scope."""
    scope = request.headers.get("Authorization", "").partition("Credential=")[2].partition(",")[0]
    return scope.split("/")[-2] if scope.count("/") >= 4 else ""  # noqa: PLR2004


def is_known(service: str) -> bool:
    """Whether it is one of these."""
    return service in _SERVICES


def answer(service: str, request: Request, region: str) -> Response:
    """What moto says."""
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    url = f"https://{service}.{region}.amazonaws.com{request.raw_path}{query}"
    status, headers, body = _SERVICES[service](request, url, dict(request.headers))
    return Response(body, status, {name: str(value) for name, value in headers.items()})
