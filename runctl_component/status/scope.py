"""Of which monitors the status is asked."""

from __future__ import annotations

from dataclasses import dataclass

_PARTS_OF_MONITOR = 3


class ScopeError(ValueError):
    """A monitor or a stack that cannot be one; ``option`` is the one that names it."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


@dataclass(frozen=True, slots=True)
class Scope:
    """All monitors of the account and region, those below a path, or one of them."""

    monitor: str = ""
    below: str = ""
    """``project`` or ``project/stack``, by whole parts: ``team/dev`` does not hold ``team/dev2/runs``."""

    @classmethod
    def of(cls, monitor: str, stack: str) -> Scope:
        """The scope that the options ask for; empty ones ask for nothing.

        Raises:
            ScopeError: for both at once, or values of another form.
        """
        if monitor and stack:
            raise ScopeError("--monitor", "got --stack too; accepted: one of them")
        if monitor and not _is_path(monitor, {_PARTS_OF_MONITOR}):
            raise ScopeError(
                "--monitor", f"got {monitor!r}; accepted: PROJECT/STACK/NAME, as in the tag runctl:monitor"
            )
        if stack and not _is_path(stack, set(range(1, _PARTS_OF_MONITOR))):
            fix = "; for one monitor, use --monitor" if _is_path(stack, {_PARTS_OF_MONITOR}) else ""
            raise ScopeError("--stack", f"got {stack!r}; accepted: PROJECT/STACK, or PROJECT for all its stacks{fix}")
        return cls(monitor, stack)

    def includes(self, monitor: str) -> bool:
        """Whether this monitor is asked about; what has none belongs to the account alone."""
        if self.monitor:
            return monitor == self.monitor
        return monitor.startswith(f"{self.below}/") if self.below else True

    @property
    def words(self) -> str:
        """What is asked about, in a sentence that has begun."""
        if self.monitor:
            return f"monitor {self.monitor}"
        if not self.below:
            return "the account"
        return f"{'stack' if '/' in self.below else 'project'} {self.below}"


def _is_path(value: str, parts: set[int]) -> bool:
    found = value.split("/")
    return all(found) and len(found) in parts
