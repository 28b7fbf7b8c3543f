"""Args, checked and completed; each reading waits for no more than the Outputs that it needs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import pulumi

from monitor_runtime.contract.rules import Problem
from runctl_component.args.problem_fields import without_secrets
from runctl_component.args.unknown_values import STILL_UNKNOWN, as_known, has_output, without_none
from runctl_component.errors import InvalidArgs, RunctlError

Value = TypeVar("Value")
Other = TypeVar("Other")
Args = dict[str, Any]
Complete = Callable[[Mapping[str, Any]], Args]
"""Adds the defaults to args that were given."""
Check = Callable[[Mapping[str, Any]], Iterable[Problem]]
"""What is wrong with args once their Outputs have resolved, those that are still unknown excepted."""
Refusal = Callable[[str, Sequence[Problem]], RunctlError]
"""Makes the error of what was declared, and of all that is wrong with it."""
_FITS_WHAT_IS_HIDDEN = "what goes with a secret, which is not shown"


@dataclass(frozen=True, eq=False)
class Requirement:
    """What must be true of some of the args and of something else, which the engine may know."""

    fields: Sequence[str]
    other: Any
    check: Callable[[Args, Any], Iterable[Problem]]


class CheckedArgs:
    """What is plain stays plain: each Output costs a program of many runs its time, and a preview its certainty."""

    given: Args
    """What the program gave, of its own Outputs too."""

    def __init__(
        self, subject: str, given: Args, check_resolved: Check, complete: Complete, *, independent: bool = False
    ) -> None:
        """``given`` was checked as far as it is plain; its Outputs are checked when they resolve.

        ``subject`` says in an error what was declared, for example ``TrainingRun 'llama-ft'``. ``independent``: no rule
        looks at two args, so that each is checked alone and what is made of it depends on no other.
        """
        self.given = given
        self._subject = subject
        self._complete = complete
        self._outputs = {field: pulumi.Output.from_input(value) for field, value in given.items() if has_output(value)}
        self._plain = {field: value for field, value in given.items() if field not in self._outputs}
        self._checks: dict[str, pulumi.Output[None]] = {}
        for group in [[field] for field in self._outputs] if independent else [list(self._outputs)]:
            self._checks.update(dict.fromkeys(group, self._check(check_resolved, group)) if group else {})
        self._passed = list(dict.fromkeys(self._checks.values()))

    def _check(self, check_resolved: Check, fields: Sequence[str]) -> pulumi.Output[None]:
        """Fails with all that is wrong, and shows no secret; what is still unknown in a preview passes."""
        resolved = {field: as_known(self._outputs[field]) for field in fields}

        def check(known: dict[str, Any]) -> None:
            problems = [*check_resolved({**self.given, **known["resolved"]})]
            if problems:
                raise InvalidArgs(self._subject, [without_secrets(problem, known["secret"]) for problem in problems])

        return pulumi.Output.all(secret=self.secret_fields(*fields), resolved=resolved).apply(check)

    def __contains__(self, field: str) -> bool:
        """Whether the program gave it."""
        return field in self.given

    def secret_fields(self, *fields: str) -> pulumi.Output[list[str]]:
        """Which of the args hold a secret that no error may show; the answer itself is none, and always known."""
        secret = {field: self._outputs[field].is_secret() for field in fields if field in self._outputs}
        return pulumi.Output.all(secret).apply(
            lambda known: [field for field, is_secret in known[0].items() if is_secret]
        )

    def read(self, fields: Sequence[str], reading: Callable[[Args], Value]) -> Value | pulumi.Output[Value]:
        """A value of some of the args, which are all that ``reading`` gets: plain when they are."""
        if not any(field in self._outputs for field in fields):
            return reading(self._completed(fields, {}))
        return self._resolved(fields).apply(reading)

    def read_one(self, field: str) -> Any:
        """The value of one arg, None if it has neither value nor default; an Output of one may be of None too."""
        return self.read((field,), lambda args: args.get(field))

    def given_as(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Values of the args that the program gave, by arguments of a resource; the others are left to AWS."""
        return {argument: self.read_one(field) for argument, field in arguments.items() if field in self}

    def output(self, fields: Sequence[str], reading: Callable[[Args], Value]) -> pulumi.Output[Value]:
        """The same, as an Output in any case."""
        return pulumi.Output.from_input(self.read(fields, reading))

    def read_with(
        self, fields: Sequence[str], other: Other | pulumi.Output[Other], reading: Callable[[Args, Other], Value]
    ) -> Value | pulumi.Output[Value]:
        """A value of some of the args and something else, which the engine may know: plain when all of it is."""
        if not isinstance(other, pulumi.Output):
            return self.read(fields, lambda args: reading(args, other))
        return self._read_with_output(fields, cast("pulumi.Output[Other]", other), reading)

    def _read_with_output(
        self, fields: Sequence[str], other: pulumi.Output[Other], reading: Callable[[Args, Other], Value]
    ) -> pulumi.Output[Value]:
        if any(field in self._outputs for field in fields):
            return pulumi.Output.all(self._resolved(fields), other).apply(lambda known: reading(known[0], known[1]))
        args = self._completed(fields, {})
        return other.apply(lambda known: reading(args, known))

    def require(self, *requirements: Requirement, refusal: Refusal = InvalidArgs) -> None:
        """Let nothing through the gate before all of them are met: those about plain values at once.

        What is still unknown in a preview passes, so that the gate hides nothing of it.

        Raises:
            RunctlError: the ``refusal``, with everything plain that is wrong.
        """
        waiting = [each for each in requirements if self._waits(each)]
        plain = [each for each in requirements if each not in waiting]
        self._refuse(refusal, [problem for each in plain for problem in self._problems(each, {})])
        if waiting:
            found = pulumi.Output.all(*map(self._resolved_problems, waiting))
            self._passed.append(
                found.apply(lambda known: self._refuse(refusal, [problem for each in known for problem in each]))
            )

    def _refuse(self, refusal: Refusal, problems: Sequence[Problem]) -> None:
        if problems:
            raise refusal(self._subject, problems)

    def _waits(self, requirement: Requirement) -> bool:
        return isinstance(requirement.other, pulumi.Output) or any(
            field in self._outputs for field in requirement.fields
        )

    def _problems(self, requirement: Requirement, resolved: Mapping[str, Any]) -> Iterable[Problem]:
        known = {"args": self._completed(requirement.fields, {}), "other": requirement.other, **resolved}
        return requirement.check(known["args"], known["other"])

    def _resolved_problems(self, requirement: Requirement) -> pulumi.Output[list[Problem]]:
        """What is wrong once its Outputs have resolved, without secrets; nothing as long as one of them is unknown."""
        resolved: dict[str, pulumi.Output[Any]] = {}
        if any(field in self._outputs for field in requirement.fields):
            resolved["args"] = as_known(self._resolved(requirement.fields))
        other: object = requirement.other
        if isinstance(other, pulumi.Output):
            resolved["other"] = as_known(cast("pulumi.Output[Any]", other))

        def look(known: dict[str, Any]) -> list[Problem]:
            if any(value is STILL_UNKNOWN for value in known["resolved"].values()):
                return []
            problems = [
                without_secrets(each, known["secret"]) for each in self._problems(requirement, known["resolved"])
            ]
            return [replace(each, accepted=_FITS_WHAT_IS_HIDDEN) for each in problems] if known["hidden"] else problems

        hidden = cast("pulumi.Output[Any]", other).is_secret() if isinstance(other, pulumi.Output) else False
        secret = self.secret_fields(*requirement.fields)
        return pulumi.Output.all(secret=secret, resolved=resolved, hidden=hidden).apply(look)

    def gate(self, value: Value | pulumi.Output[Value]) -> Value | pulumi.Output[Value]:
        """A value that is there once every arg is checked: with it, nothing is launched from args that are wrong."""
        if not self._passed:
            return value
        return pulumi.Output.all(value, *self._passed).apply(lambda known: known[0])

    def _resolved(self, fields: Sequence[str]) -> pulumi.Output[Args]:
        waited_for = [field for field in fields if field in self._outputs]
        values = {field: self._outputs[field] for field in waited_for}
        checks = dict.fromkeys(self._checks[field] for field in waited_for)
        return pulumi.Output.all(values, *checks).apply(lambda known: self._completed(fields, known[0]))

    def _completed(self, fields: Sequence[str], resolved: Mapping[str, Any]) -> Args:
        """With defaults; an Output that resolves to None is an arg that was not given."""
        args = self._complete({**self._plain, **without_none(resolved)})
        return {field: args[field] for field in fields if field in args}
