"""The secrets of the run: fetched at each start, kept in memory alone, and shown to nobody but the command."""

from __future__ import annotations

import json
from typing import NamedTuple

from ..machine.aws_cli import Answer, AwsCli
from ..machine.waiting import Interruption
from .patience import patiently

_CALL_SECONDS = 30
_MAX_CHARACTERS = 1 << 19
"""All together: Linux has a limit for the environment of a program, of 2 MiB where nobody has raised the stack's."""


class Secrets(NamedTuple):
    """Values by variable; ``reason`` says which one could not be had and why, and is empty when all are there."""

    values: dict[str, str]
    reason: str


def fetch_secrets(references: dict[str, str], aws: AwsCli, interrupted: Interruption) -> Secrets:
    """The values to which the ARNs refer, as in ECS: those of a secret may end with ``:json-key:stage:version``."""
    answers: dict[tuple[str, ...], Answer] = {}
    values: dict[str, str] = {}
    for variable, reference in sorted(references.items()):
        words, json_key = _request(reference)
        if words not in answers:
            answers[words] = patiently(variable, lambda words=words: aws.call([*words], _CALL_SECONDS), interrupted)
        value, reason = _value(answers[words], json_key)
        if reason:
            return Secrets({}, f"secret {variable} ({reference}): {reason}")
        values[variable] = value
    if sum(map(len, values.values())) > _MAX_CHARACTERS:
        return Secrets({}, f"secrets: longer than {_MAX_CHARACTERS} characters together")
    return Secrets(values, "")


def _request(reference: str) -> tuple[tuple[str, ...], str]:
    """The call for a reference, and the key to take out of its answer."""
    service, region = reference.split(":")[2:4]
    in_place = ("--output", "json", "--region", region)
    if service == "ssm":
        return ("ssm", "get-parameter", *in_place, "--with-decryption", "--name", reference), ""
    parts = reference.split(":")
    secret, (json_key, stage, version) = ":".join(parts[:7]), (*parts[7:], "", "", "")[:3]
    chosen = (*(("--version-stage", stage) if stage else ()), *(("--version-id", version) if version else ()))
    return ("secretsmanager", "get-secret-value", *in_place, "--secret-id", secret, *chosen), json_key


def _value(answer: Answer, json_key: str) -> tuple[str, str]:
    """The value, and what is wrong with it; without a word of the value itself."""
    if answer.reason:
        return "", answer.reason
    found = json.loads(answer.content)
    text = found["Parameter"]["Value"] if "Parameter" in found else found.get("SecretString")
    if text is None:
        return "", "it is binary, and a variable is a text"
    value = _of_key(text, json_key) if json_key else text
    if value is None:
        return "", f"it has no text under the key {json_key}"
    return (value, "") if "\0" not in value else ("", "it has a NUL, which no variable can hold")


def _of_key(text: str, json_key: str) -> str | None:
    try:
        value = json.loads(text)[json_key]
    except (LookupError, TypeError, ValueError):
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, (int, float)) else None
