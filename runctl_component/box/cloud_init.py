"""What cloud-init makes of user data: which beginnings it knows, and what it would never run.

https://docs.cloud-init.io/en/latest/explanation/format/index.html
"""

import binascii
import gzip
import re
import zlib
from base64 import b64decode
from email import message_from_string
from email.message import Message
from typing import cast

_SCRIPT = "#!"
_TEMPLATE = "## template: jinja"
BEGINNINGS = (
    _SCRIPT,
    "#cloud-config",
    "#cloud-config-archive",
    "#cloud-config-jsonp",
    "#cloud-boothook",
    "#include",
    "#include-once",
    "#part-handler",
    _TEMPLATE,
)
"""Of a text that is not MIME: what else it begins with, cloud-init logs as unhandled. It compares them without case."""
_PLACEHOLDERS = ("{{", "{%", "{#")
_SCRIPT_TYPE = "text/x-shellscript"
"""Also of what runs at each boot, once an instance, or once: the type goes on with that."""
_GUESSED_TYPES = ("text/plain", "text/x-not-multipart")
"""Of a part that cloud-init judges by its beginning."""
_TYPES = (
    *("text/cloud-boothook", "text/cloud-config", "text/cloud-config-archive", "text/cloud-config-jsonp"),
    *("text/jinja2", "text/part-handler", "text/x-include-once-url", "text/x-include-url"),
)
_GZIP_TYPES = (
    *("application/gzip", "application/gzip-compressed", "application/gzipped", "application/x-compress"),
    *("application/x-compressed", "application/x-gunzip", "application/x-gzip", "application/x-gzip-compressed"),
)
_GZIP = b"\x1f\x8b"
_HEADER = re.compile(r"(?:From .*\r?\n)?[!-9;-~]+:")
_MIME_VERSION = "mime-version:"
_MIME_VERSION_WITHIN = 4096
BYTE_ORDER_MARK = "\ufeff"


def why_not_run(user_data: str) -> str | None:
    """What keeps cloud-init from running it, in words; None when it would run.

    The provider passes on what is base64 already, so it may hold what a text cannot: gzip, which cloud-init unpacks.
    """
    content = _decoded(user_data)
    if content is None:
        return _why_not_run(user_data)
    if content.startswith(_GZIP):
        return _of(_why_gzip_not_run(content), "base64")
    return _of(_why_not_run(content.decode(errors="replace")), "base64")


def _of(reason: str | None, form: str) -> str | None:
    return reason and f"is {form} of a text that {reason}"


def _decoded(text: str) -> bytes | None:
    """What the text is the base64 of; None when it is none. Line ends do not count."""
    try:
        return b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return None


def _why_gzip_not_run(content: bytes) -> str | None:
    try:
        unpacked = gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return "is gzip and cannot be unpacked"
    return _of(_why_not_run(unpacked.decode(errors="replace")), "gzip")


def _why_not_run(text: str) -> str | None:
    """What keeps a text from being run that is no base64."""
    first, _, rest = text.partition("\n")
    if text[:1].isspace() or text.startswith(BYTE_ORDER_MARK):
        return _before_the_beginning(text[0])
    if text.startswith(_SCRIPT) and not first.removeprefix(_SCRIPT).strip():
        return "names no program behind its #!"
    if text.lower().startswith(_TEMPLATE):
        return None if rest.startswith(_PLACEHOLDERS) else _of(_why_not_run(rest), "a template")
    if text.lower().startswith(BEGINNINGS):
        return None
    if _MIME_VERSION in text[:_MIME_VERSION_WITHIN].lower() and _HEADER.match(text):
        return _why_message_not_run(message_from_string(text))
    return "begins with nothing that cloud-init knows"


def _before_the_beginning(sign: str) -> str:
    """cloud-init sees the type of a script behind blanks too, but Linux does not: `#!` must be its first two bytes."""
    if sign == BYTE_ORDER_MARK:
        return "begins with a byte order mark"
    return "begins with a line end" if sign in "\r\n" else "begins with blanks"


def _why_message_not_run(message: Message) -> str | None:
    """A part that cloud-init does not know is left out; a script that Linux cannot start is a failure in any case."""
    parts = [part for part in message.walk() if part.get_content_maintype() != "multipart"]
    reasons = [(part.get_content_type(), _why_part_not_run(part)) for part in parts]
    for kind, reason in reasons:
        if reason and kind.startswith(_SCRIPT_TYPE):
            return f"has a MIME part {kind} that {reason}"
    return (
        None
        if any(reason is None for _, reason in reasons)
        else "is a MIME message without a part that cloud-init runs"
    )


def _why_part_not_run(part: Message) -> str | None:
    kind, content = part.get_content_type(), cast("bytes", part.get_payload(decode=True))
    if kind in _GZIP_TYPES:
        return _why_gzip_not_run(content)
    text = content.decode(errors="replace")
    if kind in _GUESSED_TYPES or kind.startswith(_SCRIPT_TYPE):
        return _why_not_run(text)
    return None if kind in _TYPES and text.strip() else "cloud-init does not know"
