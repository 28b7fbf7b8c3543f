"""The errors that a Pulumi program can get.

RunctlError
├── InvalidArgs        something that was declared is wrong; lists everything that is
└── NotWatchedError    a run lies outside of what its shared monitor watches
"""

from collections.abc import Sequence

from monitor_runtime.contract.rules import Problem


class RunctlError(Exception):
    """The base of all errors of this package."""


class _ProblemsError(RunctlError, ValueError):
    def __init__(self, subject: str, problems: Sequence[Problem]) -> None:
        """``subject`` says what was declared, for example ``TrainingRun 'llama-ft'``."""
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        lines = "".join(f"\n  {problem}" for problem in self.problems)
        super().__init__(f"{subject}: {count}{lines}")


class InvalidArgs(_ProblemsError):  # noqa: N818 - reads as what it says in a traceback
    """Args that cannot be used. ``problems`` has one entry per field that is wrong."""


class NotWatchedError(_ProblemsError):
    """A run that its shared monitor would not watch. ``problems`` has all that does not fit.

    A shared monitor has permissions for the buckets and prefixes that its ``watch`` lists, and for no others.
    """
