"""The args of a run, checked and completed: at once when all are plain, else when their Outputs have resolved."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import pulumi

from runctl_component.validation import check_early, check_resolved, complete, has_output

Value = TypeVar("Value")
Other = TypeVar("Other")
Args = dict[str, Any]


class CheckedArgs:
    """What is plain stays plain: each Output costs a program of many runs its time, and a preview its certainty."""

    given: Args
    """What the program gave, of its own Outputs too."""

    def __init__(self, name: str, args: Mapping[str, Any]) -> None:
        """Check what is plain now; an Output among the args is checked when it resolves.

        Raises:
            InvalidArgs: with every problem of the name, the keys and the plain values.
        """
        check_early(name, args)
        self.given = {key: value for key, value in args.items() if value is not None}
        self._args: Args | pulumi.Output[Args]
        if has_output(self.given):
            self._args = pulumi.Output.from_input(self.given).apply(lambda values: check_resolved(name, values))
        else:
            self._args = complete(name, self.given)

    def __contains__(self, field: str) -> bool:
        """Whether the program gave it."""
        return field in self.given

    def read(self, reading: Callable[[Args], Value]) -> Value | pulumi.Output[Value]:
        """A value of the args: plain when all of them are."""
        return self._args.apply(reading) if isinstance(self._args, pulumi.Output) else reading(self._args)

    def output(self, reading: Callable[[Args], Value]) -> pulumi.Output[Value]:
        """The same, as an Output in any case."""
        return pulumi.Output.from_input(self.read(reading))

    def read_with(self, other: pulumi.Output[Other], reading: Callable[[Args, Other], Value]) -> pulumi.Output[Value]:
        """A value of the args and something that the engine knows."""
        args = self._args
        if isinstance(args, pulumi.Output):
            return pulumi.Output.all(args, other).apply(lambda known: reading(known[0], known[1]))
        return other.apply(lambda known: reading(args, known))

    def require(self, other: Other | pulumi.Output[Other], check: Callable[[Args, Other], None]) -> None:
        """Let nothing be read from here on before the check has passed."""

        def checked(args: Args, known: Other) -> Args:
            check(args, known)
            return args

        if isinstance(other, pulumi.Output):
            self._args = self.read_with(cast("pulumi.Output[Other]", other), checked)
        else:
            self._args = self.read(lambda args: checked(args, other))
