"""The instance metadata service, version 2."""

from __future__ import annotations

import os
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlsplit

from .files import KEPT, read, write

_HOST = urlsplit(os.environ.get("RUNCTL_METADATA_SERVICE", "http://169.254.169.254")).netloc
_ATTEMPTS, _TIMEOUT_SECONDS = 3, 2
_FOUND, _ABSENT = 200, 404


class UnansweredError(Exception):
    """The service is silent or fails: what is asked for may be there or not."""


def look_up(path: str) -> str | None:
    """What the service tells; None when there is no such thing.

    Raises:
        UnansweredError: when it does not tell.
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _look_up(path)
        except (OSError, HTTPException, UnansweredError) as error:
            if attempt == _ATTEMPTS - 1:
                raise UnansweredError(repr(error)) from error
    return None


def _look_up(path: str) -> str | None:
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    status, token = _ask("PUT", "/latest/api/token", ttl)
    if status == _FOUND:
        told = {"X-aws-ec2-metadata-token": token}
        status, answer = _ask("GET", quote(f"/latest/meta-data/{path}"), told)
        if status == _FOUND:
            return answer
        if status == _ABSENT:
            return None
    raise UnansweredError(f"status {status}")


def _ask(method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    connection = HTTPConnection(_HOST, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def known(path: str) -> str:
    """What the service tells, empty where it does not."""
    try:
        return look_up(path) or ""
    except UnansweredError:
        return ""


def is_of_this_instance() -> bool:
    """Whether what is on the disk was left by this instance.

    An image made of a box remembers what that box did: it must not stop or start anything here. User data, which runs
    once per instance, begins anew.
    """
    path = f"{KEPT}/instance-id"
    current, owner = known("instance-id"), read(path)
    if current and not owner:
        write(path, current)
    return not current or not owner or current == owner
