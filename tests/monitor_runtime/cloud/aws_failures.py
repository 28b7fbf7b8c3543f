"""The ways in which a call of AWS fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError


def error(code: str, status: int) -> Exception:
    """What botocore raises for an answer of AWS."""
    return ClientError(
        {"Error": {"Code": code, "Message": "injected"}, "ResponseMetadata": {"HTTPStatusCode": status}},  # pyright: ignore[reportArgumentType]
        "Injected",
    )


def raiser(raised: Exception) -> Callable[[], object]:
    """A call that fails so."""

    def fail() -> object:
        raise raised

    return fail


PASSING: Mapping[str, Callable[[], object]] = {
    "throttled": raiser(error("ThrottlingException", 400)),
    "5xx": raiser(error("InternalError", 500)),
    "timeout": raiser(ReadTimeoutError(endpoint_url="https://aws")),
    "unreachable": raiser(EndpointConnectionError(endpoint_url="https://aws")),
    "malformed": raiser(ResponseParserError("injected")),
}
DENIED = raiser(error("AccessDenied", 403))
