"""Names of instance types: their form is fixed, while families come and go."""

import re
from collections.abc import Iterator
from difflib import get_close_matches

from monitor_runtime.contract.rules import Problem

_FAMILY = r"(?=[a-z-]*\d)[a-z][a-z0-9]*(?:-[a-z0-9]+)*"
_SIZE = r"nano|micro|small|medium|large|(?:[2-9]|[1-9]\d{1,2})?xlarge|metal(?:-[1-9]\d{1,2}xl)?"
_TYPE = re.compile(rf"{_FAMILY}\.(?:{_SIZE})")
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html"""
_SUGGESTED_SIZES = (
    *("nano", "micro", "small", "medium", "large", "xlarge"),
    *(f"{count}xlarge" for count in (2, 3, 4, 6, 8, 9, 10, 12, 16, 18, 24, 32, 36, 48, 56, 96, 112)),
    *("metal", "metal-24xl", "metal-48xl", "metal-96xl"),
)
"""What a misspelled size may have meant; others are accepted too."""


def instance_type(field: str, value: object) -> Iterator[Problem]:
    """A family and a size as EC2 forms them. Which families there are, and in which sizes, only EC2 knows."""
    if not isinstance(value, str) or not _TYPE.fullmatch(value):
        near = _nearest(value) if isinstance(value, str) else None
        yield Problem(
            field,
            got=value,
            accepted="a family, a dot and a size: nano, micro, small, medium, large, xlarge, 2xlarge and so on, metal,"
            " or metal-24xl and so on",
            fix=f"did you mean {near}?" if near else "write for example g5.xlarge",
        )


def _nearest(value: str) -> str | None:
    family, _, size = value.strip().lower().partition(".")
    near = ["xlarge"] if size == "1xlarge" else get_close_matches(size, _SUGGESTED_SIZES, n=1, cutoff=0.5)
    suggestion = f"{family}.{near[0]}" if near else ""
    return suggestion if _TYPE.fullmatch(suggestion) else None
