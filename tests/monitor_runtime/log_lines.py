"""What the handler logs, as it would go to its log group."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Generator
from typing import Any

from monitor_runtime.telemetry import logger


class Logged:
    """The lines that were written while it was in force."""

    def __init__(self) -> None:
        self.output = io.StringIO()

    @property
    def everything(self) -> list[dict[str, Any]]:
        """All lines: of the log, and of the metrics."""
        return [json.loads(line) for line in self.output.getvalue().splitlines()]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [line for line in self.everything if "_aws" not in line]

    def of(self, message: str) -> list[dict[str, Any]]:
        """The lines with this message."""
        return [line for line in self.lines if line["message"] == message]

    def measured(self, metric: str) -> list[float]:
        """The values of a metric, in the order in which they were sent."""
        return [value for line in self.everything if "_aws" in line for value in line.get(metric, [])]


@contextlib.contextmanager
def logged() -> Generator[Logged]:
    """Take what is logged and measured in the block."""
    found, handler = Logged(), logger.registered_handler
    before: Any = handler.setStream(found.output)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    try:
        with contextlib.redirect_stdout(found.output):
            yield found
    finally:
        handler.setStream(before)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
