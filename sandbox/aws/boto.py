"""boto3 in the sandbox: a session of its own, whose clients are kept and whose requests can be looked at."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
from botocore.loaders import Loader
from botocore.session import Session

_LOADER = Loader()
"""Reading a service model takes a good part of a second, so all sandboxes share what was read."""


@cache
def client(service: str) -> Any:
    """A client for a service, in the sandbox's region; kept, since making one takes longer than its requests do."""
    return boto3.client(service)  # pyright: ignore[reportUnknownMemberType, reportCallIssue, reportArgumentType, reportUnknownVariableType]


def new_session() -> None:
    """Give boto3 a new default session, whose hooks can ask for a request's parameters."""
    session: Any = Session()
    session.register_component("data_loader", _LOADER)
    boto3.setup_default_session(botocore_session=session)
    client.cache_clear()
    session_events().register("before-parameter-build", _remember)


@contextmanager
def shared_models() -> Generator[None]:
    """From here on, sessions that others make read the models of services from what was read already."""

    def loader(*_: object) -> Loader:
        return _LOADER

    with patch("botocore.session.create_loader", loader):
        yield


def end_session() -> None:
    """Leave nothing behind."""
    client.cache_clear()
    boto3.DEFAULT_SESSION = None


def session_events() -> Any:
    """The hooks of botocore that every client made from now on will have."""
    return botocore_session().get_component("event_emitter")


def botocore_session() -> Session:
    """What is below boto3's default session."""
    session: Any = boto3.DEFAULT_SESSION
    return session._session  # noqa: SLF001


def parameters_of(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """In an ``after-call`` hook: what was asked for."""
    return context["sandbox_parameters"]


def _remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    context["sandbox_parameters"] = dict(params)
