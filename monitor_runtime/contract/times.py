"""Times as text: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def format_time(moment: datetime) -> str:
    """ISO 8601 in UTC to the second, as in all tags and replies."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def parse_time(value: str) -> datetime | None:
    """An ISO 8601 time; without a zone it is UTC. None when it is not a time."""
    try:
        moment = datetime.fromisoformat(value.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def end_of_second(moment: datetime) -> datetime:
    """The moment, or the next one without a part of a second: what is counted from there is never cut short."""
    return moment + timedelta(microseconds=-moment.microsecond % 1_000_000)
