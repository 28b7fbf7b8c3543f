"""Names that are known before anything exists."""

import hashlib
import re

import pulumi

MAX_DESCRIPTION_CHARACTERS = 256
"""https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"""
MAX_DASHBOARD_CHARACTERS = 255
MAX_DOCUMENT_CHARACTERS = 128
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html"""
_HASH_CHARACTERS = 8


def monitor_tag(name: str) -> str:
    """The value of the tag ``runctl:monitor``: no other monitor of the account has it, in whatever stack.

    It depends on the program alone, so permissions and tags that refer to it are known at preview.
    """
    return f"{pulumi.get_project()}/{pulumi.get_stack()}/{name}"


def dashboard_name(tag: str) -> str:
    """A dashboard is the account's, has no autonaming, and letters, digits, - and _ alone."""
    return _own_name(tag, MAX_DASHBOARD_CHARACTERS)


def document_name(tag: str) -> str:
    """The document that stops trainings. SSM refuses names that begin with aws, amazon or amzn, as a monitor's may."""
    return _own_name(tag, MAX_DOCUMENT_CHARACTERS)


def _own_name(tag: str, maximum: int) -> str:
    """The hash distinguishes tags that are equal without their slashes."""
    digest = hashlib.sha256(tag.encode()).hexdigest()[:_HASH_CHARACTERS]
    title = re.sub(r"[^A-Za-z0-9_-]", "-", f"runctl-{tag}")
    return f"{title[: maximum - _HASH_CHARACTERS - 1]}-{digest}"


def function_description(tag: str) -> str:
    """What a reader of the list of functions gets to know."""
    return f"Watches and ends the training runs of {tag}"[:MAX_DESCRIPTION_CHARACTERS]
