"""What a provider did, in order, and what it is told to fail at."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Operation:
    """One thing done to one resource: ``what`` is create, update, delete, read or invoke."""

    what: str
    type: str
    name: str


@dataclass
class _Order:
    operation: Operation
    message: str
    times: int


class OrderedFailureError(RuntimeError):
    """AWS refuses, because a test told it to."""


@dataclass
class Operations:
    """The record of a provider; previews are not in it."""

    done: list[Operation] = field(default_factory=list[Operation])
    _orders: list[_Order] = field(default_factory=list[_Order])

    def fail(self, what: str, kind: str, name: str, message: str = "AWS refuses", *, times: int = 1) -> None:
        """Have the next ``times`` such operations fail before they do anything."""
        self._orders.append(_Order(Operation(what, kind, name), message, times))

    def begin(self, what: str, kind: str, name: str) -> None:
        """Note an operation.

        Raises:
            OrderedFailureError: when this one is to fail.
        """
        operation = Operation(what, kind, name)
        for order in self._orders:
            if order.operation == operation and order.times > 0:
                order.times -= 1
                raise OrderedFailureError(f"{what} {kind} {name}: {order.message}")
        self.done.append(operation)

    @property
    def outstanding(self) -> list[Operation]:
        """Failures that were ordered and never came."""
        return [order.operation for order in self._orders if order.times > 0]
