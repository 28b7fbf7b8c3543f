"""What cloud-init makes of user data: which beginnings it knows, and what it would never run.

https://docs.cloud-init.io/en/latest/explanation/format/index.html
"""

import binascii
import re
from base64 import b64decode

BEGINNINGS = (
    "#!",
    "#cloud-config",
    "#cloud-config-archive",
    "#cloud-config-jsonp",
    "#cloud-boothook",
    "#include",
    "#include-once",
    "#part-handler",
    "## template: jinja",
)
"""Of a text that is not MIME: what else it begins with, cloud-init logs as unhandled. It compares them without case."""
_GZIP = b"\x1f\x8b"
_HEADER = re.compile(r"(?:From .*\r?\n)?[!-9;-~]+:")
_MIME_VERSION = "mime-version:"
_MIME_VERSION_WITHIN = 4096
_BYTE_ORDER_MARK = "\ufeff"


def why_not_run(user_data: str) -> str | None:
    """What keeps cloud-init from running it, in words; None when it would run.

    The provider passes on what is base64 already, so it may hold what a text cannot: gzip, which cloud-init unpacks.
    """
    content = _decoded(user_data)
    if content is None:
        return _why_not_run(user_data)
    if content.startswith(_GZIP):
        return None
    reason = _why_not_run(content.decode(errors="replace"))
    return reason and f"base64 of a text that {reason}"


def _decoded(text: str) -> bytes | None:
    """What the text is the base64 of; None when it is none. Line ends do not count."""
    try:
        return b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return None


def _why_not_run(text: str) -> str | None:
    """cloud-init sees the type of a script behind blanks too, but Linux does not: `#!` must be its first two bytes."""
    if text.startswith(_BYTE_ORDER_MARK):
        return "begins with a byte order mark"
    if text[:1].isspace():
        return "begins with a line end" if text[:1] in "\r\n" else "begins with blanks"
    if text.lower().startswith(BEGINNINGS):
        return None
    if _MIME_VERSION in text[:_MIME_VERSION_WITHIN].lower() and _HEADER.match(text):
        return None
    return "begins with nothing that cloud-init knows"
