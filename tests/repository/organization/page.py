"""The page "In an organization": its sections, their snippets, and what becomes of these."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.aws.functions import Functions
from sandbox.engine.in_process import Deployment, Registered, evaluate
from sandbox.sandbox import REGION, Sandbox, sandbox

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "in-an-organization.md").read_text(encoding="utf-8")
INTRODUCTION, *_SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
SECTIONS: Mapping[str, str] = {title: text for title, _, text in (each.partition("\n") for each in _SECTIONS)}
BOUNDARY = "arn:aws:iam::123456789012:policy/training-boundary"


def blocks(text: str, language: str) -> list[str]:
    """The snippets in a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def prose(title: str) -> str:
    """A section without its line breaks."""
    return " ".join(SECTIONS[title].split())


def policies(title: str) -> list[dict[str, Any]]:
    """The policies of a section."""
    return [json.loads(block) for block in blocks(SECTIONS[title], "json")]


@cache
def previewed(title: str) -> Deployment:
    """The program of a section; nothing is created."""
    with sandbox():
        return _evaluated(title, None)


def created(title: str, cloud: Sandbox) -> Deployment:
    """The program of a section, up in moto."""
    return _evaluated(title, cloud.functions)


def _evaluated(title: str, functions: Functions | None) -> Deployment:
    """The snippet of a section, after the one that all go on from."""
    (first,) = blocks(INTRODUCTION, "python")
    (snippet,) = blocks(SECTIONS[title], "python")

    def program() -> None:
        exec(compile(f"{first}\n{snippet}", f"docs/in-an-organization.md#{title}", "exec"), {})  # noqa: S102

    return evaluate(program, config={}, region=REGION, functions=functions, project="nlp", stack="prod")


def of(deployment: Deployment, kind: str) -> list[Registered]:
    """The resources of a type, named by its last part."""
    return [each for each in deployment.resources if each.type.endswith(f":{kind}")]


def one(deployment: Deployment, kind: str, name: str) -> Registered:
    """The resource of a type with a name."""
    (found,) = [each for each in of(deployment, kind) if each.name == name]
    return found
