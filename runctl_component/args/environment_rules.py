"""Rules for the variables of a command: what a shell sets as it is told, and keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from monitor_runtime.contract.rules import Problem

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BASH_OWNS = frozenset(
    {
        *("BASHOPTS", "BASHPID", "BASH_ALIASES", "BASH_ARGC", "BASH_ARGV", "BASH_ARGV0", "BASH_CMDS", "BASH_COMMAND"),
        *("BASH_EXECUTION_STRING", "BASH_LINENO", "BASH_LOADABLES_PATH", "BASH_REMATCH", "BASH_SOURCE"),
        *("BASH_SUBSHELL", "BASH_VERSINFO", "BASH_VERSION", "COMP_WORDBREAKS", "DIRSTACK", "EPOCHREALTIME"),
        *("EPOCHSECONDS", "EUID", "FUNCNAME", "GROUPS", "HISTCMD", "LINENO", "OPTIND", "PIPESTATUS", "POSIXLY_CORRECT"),
        *("PPID", "RANDOM", "SECONDS", "SHELLOPTS", "SHLVL", "SRANDOM", "UID", "_"),
    }
)
"""Read-only, or set by Bash itself: https://www.gnu.org/software/bash/manual/html_node/Bash-Variables.html"""


def variable_name(field: str, value: object) -> Iterator[Problem]:
    """A variable that a shell can export, and that neither Bash nor the runner sets itself."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        yield Problem(field, got=value, accepted="a name of letters, digits and _", fix="rename the variable")
    elif value in BASH_OWNS:
        yield Problem(
            field,
            got=value,
            accepted="a variable that Bash does not set itself",
            fix="rename it: Bash refuses a value for it, or has one of its own",
        )
    elif value.startswith("RUNCTL_"):
        yield Problem(
            field,
            got=value,
            accepted="a name that does not begin with RUNCTL_",
            fix="rename it: these are set by the runner",
        )


def literal_path(field: str, value: object) -> Iterator[Problem]:
    """Values are data: nothing is put in place of ``$PATH``, and no program would be found."""
    path = cast("Mapping[object, object]", value).get("PATH") if isinstance(value, Mapping) else None
    if isinstance(path, str) and "$" in path:
        yield Problem(
            f"{field}.PATH",
            found="a $, which stays as it is: values are literal",
            accepted="the folders themselves, between colons",
            fix='write them all, or begin the command with a line like: export PATH="/opt/conda/bin:$PATH"',
        )


def declared_twice(values: Mapping[str, Any]) -> Iterator[Problem]:
    """A variable can have one value."""
    environment, secrets = values.get("environment"), values.get("secrets")
    if isinstance(environment, Mapping) and isinstance(secrets, Mapping):
        both = {*cast("Mapping[object, object]", environment)} & {*cast("Mapping[object, object]", secrets)}
        for name in sorted(map(str, both)):
            yield Problem(
                f"secrets.{name}",
                found="a variable that is in environment too",
                accepted="a variable in one of the two",
                fix="remove it from the other",
                touches=("environment",),
            )
