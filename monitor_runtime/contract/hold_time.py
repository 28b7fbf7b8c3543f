"""Until when somebody asks for time: the one grammar of `TAG_HOLD_UNTIL`.

The monitor and the instance read it with this module, whatever their Python is: from 3.9 on.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

MAX_HOLD = timedelta(days=7)
"""A hold that is further ahead is a mistake, and is ignored."""
_TIME = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r" ?([Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


def hold_time(value: str) -> datetime | None:
    """A date, or a date and a time, as in ISO 8601 and RFC 3339; UTC without a zone. None when it is no such thing.

    Blanks around it do not count.
    """
    found = _TIME.fullmatch(value.strip())
    if found is None:
        return None
    *numbers, fraction, zone = found.groups()
    year, month, day, hour, minute, second = (int(number or 0) for number in numbers)
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    try:
        offset = timezone(_offset(zone or "Z"))
        local = datetime(year, month, day, hour, minute, second, microsecond, offset)
        return local.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    if zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -ahead if zone[0] == "-" else ahead
