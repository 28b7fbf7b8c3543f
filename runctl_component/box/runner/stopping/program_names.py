"""Programs that stand above a training and must not be signalled, since that would end it before it has saved."""

from __future__ import annotations

import re
from pathlib import PurePath

from .processes import Process

SHELLS = frozenset(["ash", "bash", "dash", "fish", "ksh", "mksh", "sh", "zsh"])
WRAPPERS = frozenset(["flock", "runuser", "screen", "script", "setsid", "su", "time", "timeout", "tmux", "xargs"])
"""They wait for a program, and die of SIGTERM or end the program when they get it."""
LAUNCHERS = frozenset(
    ["accelerate", "deepspeed", "mpirun", "torchrun", "torch.distributed.launch", "torch.distributed.run"]
)
"""They kill their workers when these need longer than they allow, torchrun after 30 s."""
_VERSION = re.compile(r"[\d.]+$")


def is_shell(process: Process) -> bool:
    """Also a script, which bears its own name, and an applet of a multi-call binary, whose file has another."""
    return _is_one_of(process, SHELLS)


def is_wrapper(process: Process) -> bool:
    """Also a launcher, which is a script of Python's."""
    return _is_one_of(process, WRAPPERS | LAUNCHERS) or _script(process) in LAUNCHERS


def interpreter(process: Process) -> str:
    """What runs it, without the version: ``python`` for python3.11."""
    return _VERSION.sub("", process.executable)


def _is_one_of(process: Process, names: frozenset[str]) -> bool:
    return process.name in names or process.executable in names


def _script(process: Process) -> str:
    """The file or module that an interpreter was told to run."""
    arguments = iter(process.arguments[1:])
    for argument in arguments:
        if argument == "-m":
            return next(arguments, "")
        if not argument.startswith("-"):
            return PurePath(argument).name
    return ""
