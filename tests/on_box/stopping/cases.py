"""Commands, and what their programs have to see when the run is stopped: for any machine that can run them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


def environment(programs: str) -> dict[str, str]:
    """What the commands need in their environment; ``programs`` is the folder with the content of `PROGRAMS`."""
    names = {"TRAIN": "train.py", "LAUNCH": "launcher.py", "READ": "reader.py"}
    return {name: f"python3 {programs}/{file}" for name, file in names.items()}


@dataclass(frozen=True)
class Case:
    """A command, as a user would declare it; it runs in an empty folder.

    Attributes:
        name: what is stopped, or ends.
        command: for bash, with `environment`.
        seen: the lines of the file ``events`` in that folder in the end, but for those of who ``started``.
        status: the command's status when it ends by itself; None when it is to be stopped.
        started: how many programs have to tell that they ``started`` before it is stopped.
        in_any_order: whether the order of ``seen`` is left to chance.
        timeout_seconds: from the stop to SIGKILL.
        needs: a program, or ``group`` or ``systemd``, without which the case cannot be tried.
    """

    name: str
    command: str
    seen: tuple[str, ...]
    status: int | None = None
    started: int = 1
    in_any_order: bool = False
    timeout_seconds: float = 8
    needs: str = "bash"


SAVED = ("a TERM", "a saved")
THEN_NEXT = (*SAVED, "next")
TWO = ("a TERM", "a TERM", "a saved", "a saved")
NEXT = "\necho next >>events"

PLAIN = [
    Case("workers, saving after the step", "$TRAIN a --workers 2", SAVED),
    Case("workers, saving in the handler", "$TRAIN a --workers 2 --in-handler", SAVED),
    Case("bash -c", f"bash -c '$TRAIN a --workers 2; true' {NEXT}", THEN_NEXT),
    Case("a next line", f"$TRAIN a --workers 2 {NEXT}", THEN_NEXT),
    Case("&&", "$TRAIN a && echo next >>events", THEN_NEXT),
    Case("exec", "exec $TRAIN a --workers 2", SAVED),
    Case("a heredoc", "python3 - a <<END\nimport runpy; runpy.run_path('${TRAIN#* }', {}, '__main__')\nEND", SAVED),
    Case("a script", f"echo '#!/bin/bash\n$TRAIN a {NEXT}' >job; chmod +x job; ./job", THEN_NEXT),
    Case("a next line that takes its time", f"$TRAIN a\nsleep 2 {NEXT}", THEN_NEXT, timeout_seconds=3),
    Case("no handler", f"$TRAIN a --no-handler {NEXT}", ()),
    Case("an upload in the handler", "$TRAIN a --uploads --save 1.3", ("a TERM", "upload ended", "a saved")),
    Case("a loop", "for run in 1 2; do $TRAIN a; done", (*SAVED, *SAVED), timeout_seconds=4),
    Case("nobody who obeys", f"trap '' TERM; $TRAIN a --deaf {NEXT}", ("a TERM",), timeout_seconds=1.2),
]
READ = (*SAVED, "reader uploaded something")
STARTED = "echo x started >>events"
PIPES = [
    Case("tee", f"$TRAIN a --workers 2 --print | tee log {NEXT}", THEN_NEXT),
    Case("grep and tee", f"$TRAIN a --print | grep --line-buffered step | tee log {NEXT}", THEN_NEXT),
    Case("two commands and tee", "($TRAIN a --print; echo next >>events) | tee log", THEN_NEXT),
    Case("exec and tee", f"exec > >(tee log)\n$TRAIN a --print {NEXT}", THEN_NEXT),
    Case("a long save", f"$TRAIN a --workers 2 --print --save 1.9 | tee log {NEXT}", THEN_NEXT, timeout_seconds=3),
    Case("a slow reader", "$TRAIN a --print | $READ 1.5", READ),
    Case("only a reader", f"echo | ({STARTED}; exec $READ 1.5)", READ[2:]),
    Case("a writer that never ends", "yes | $TRAIN a", SAVED),
]
LAUNCHERS = [
    Case("a launcher that forwards and waits", f"$LAUNCH forwarding $TRAIN a --save 0.5 {NEXT}", THEN_NEXT),
    Case("a launcher without a handler", f"$LAUNCH plain $TRAIN a --save 0.5 {NEXT}", THEN_NEXT),
    Case("a launcher, as conda", f"$LAUNCH plain bash -c '$TRAIN a --save 0.5; true' {NEXT}", THEN_NEXT),
    Case("another session", f"$LAUNCH own_session $TRAIN a --save 0.5 {NEXT}", THEN_NEXT),
    Case("a launcher that only waits", "$LAUNCH deaf $TRAIN a", SAVED, timeout_seconds=3),
    Case("a launcher that forwards and leaves at once", "$LAUNCH leaving $TRAIN a --save 1.6", ("a TERM", *SAVED)),
    Case("multiprocessing, fork", f"$LAUNCH fork $TRAIN a --workers 2 --save 0.5 {NEXT}", (*TWO, "next"), started=2),
    Case("multiprocessing, spawn", f"$LAUNCH spawn $TRAIN a --save 0.5 {NEXT}", (*TWO, "next"), started=2),
    Case(
        "torch's spawn", f"$LAUNCH torch_spawn $TRAIN a --save 1.9 {NEXT}", (*TWO, "next"), None, 2, timeout_seconds=3
    ),
    Case(
        "torchrun, and a save for which it would not wait",
        f"cp ${{LAUNCH#* }} torchrun; python3 torchrun torchrun $TRAIN a --save 1.5 {NEXT}",
        (*TWO, "next"),
        started=2,
    ),
]
WRAPPERS = [
    Case("timeout", f"timeout 1h $TRAIN a --workers 2 --save 0.5 {NEXT}", THEN_NEXT),
    Case("setsid -w", f"setsid -w $TRAIN a --save 0.5 {NEXT}", THEN_NEXT),
    Case("flock", f"flock lock $TRAIN a --save 0.5 {NEXT}", THEN_NEXT),
    Case("xargs", f"echo a | xargs $TRAIN {NEXT}", THEN_NEXT),
    Case("script", f"script -qec '$TRAIN a --save 0.5' /dev/null {NEXT}", THEN_NEXT, needs="script"),
    Case("su -l", f'su -l root -c "cd $PWD; PATH=$PATH $TRAIN a --save 0.5" {NEXT}', THEN_NEXT, needs="su"),
    Case("sudo", f'sudo env PATH="$PATH" $TRAIN a --save 0.5 {NEXT}', THEN_NEXT, needs="sudo"),
    Case("a scope", f"systemd-run --scope $TRAIN a --save 0.5 {NEXT}", THEN_NEXT, needs="systemd"),
    Case("tmux", 'tmux -L $$ new -d "$TRAIN a --workers 2 --save 0.5"', SAVED, needs="group"),
]
TRAPS = [
    Case("a trap", "trap 'echo next >>events' TERM; $TRAIN a --save 0.5", THEN_NEXT),
    Case(
        "a trap that forwards",
        "trap 'kill $pid; wait $pid; echo next >>events' TERM; $TRAIN a --save 1.3 & pid=$!; wait $pid",
        THEN_NEXT,
    ),
]
HELPED = (*THEN_NEXT, "helper TERM", "helper saved")
BACKGROUND = [
    Case("nohup &", "nohup $TRAIN a --workers 2 &", SAVED),
    Case("setsid &", "setsid $TRAIN a --workers 2 &", SAVED, needs="group"),
    Case("& and wait", f"$TRAIN a --workers 2 --save 0.5 & wait {NEXT}", THEN_NEXT),
    Case("two with & and wait", "$TRAIN a & $TRAIN a & wait", TWO, started=2, in_any_order=True),
    Case("a helper beside the training", f"$TRAIN helper & $TRAIN a --save 0.5 {NEXT}", HELPED, started=2),
]
WHEN_STARTED = "until [[ -e events ]]; do sleep 0.1; done"
OVER = [
    Case("nothing", "true", (), status=0),
    Case("nohup &, to its end", "nohup $TRAIN a --run 1 &", ("a ended",), status=0),
    Case("a failure, with a helper left", f"$TRAIN a & {WHEN_STARTED}; false", SAVED, status=1),
    Case("a failure, with a reader left", "exec > >($READ 0.5)\necho x; exit 3", READ[2:], status=3),
    Case("a command that shuts down", "kill -TERM $PPID; sleep 0.3", (), status=0),
]
CASES = [*PLAIN, *PIPES, *LAUNCHERS, *WRAPPERS, *TRAPS, *BACKGROUND, *OVER]
