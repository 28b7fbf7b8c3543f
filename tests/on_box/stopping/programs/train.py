"""Imitates a training, which tells in the file ``events`` what it is asked to do and what it does."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

EVENTS = Path(os.environ.get("EVENTS", "events"))


def tell(name: str, event: str) -> None:
    """One line, in one write."""
    descriptor = os.open(EVENTS, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{name} {event}\n".encode())
    os.close(descriptor)


def options(arguments: list[str]) -> argparse.Namespace:
    """Times are in seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--save", type=float, default=0.1, help="how long it takes to save")
    parser.add_argument("--run", type=float, default=60.0, help="how long it trains unless it is stopped")
    parser.add_argument("--workers", type=int, default=0, help="imitates DataLoader(num_workers=...)")
    parser.add_argument("--print", action="store_true", help="prints while it trains and saves")
    parser.add_argument("--deaf", action="store_true", help="does not stop when it is asked to")
    parser.add_argument("--no-handler", action="store_true")
    parser.add_argument("--in-handler", action="store_true", help="saves in the handler")
    parser.add_argument("--uploads", action="store_true", help="saves by a program that it starts")
    return parser.parse_args(arguments)


class Training:
    """It runs until its time is over, or it is asked to stop."""

    def __init__(self, chosen: argparse.Namespace) -> None:
        self.chosen = chosen
        self.stopped = False
        self.workers: list[int] = []

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """The handler."""
        tell(self.chosen.name, "TERM")
        self.stopped = not self.chosen.deaf
        if self.chosen.in_handler:
            self.save()

    def worker_ended(self, _number: int, _frame: FrameType | None) -> None:
        """As torch's own handler: an error in whatever the training does at that moment."""
        ended = [pid for pid in self.workers if os.waitpid(pid, os.WNOHANG)[0]]
        if ended:
            raise RuntimeError(f"DataLoader worker (pid {ended[0]}) is killed by signal")

    def start(self) -> None:
        """With its workers."""
        if not self.chosen.no_handler:
            signal.signal(signal.SIGTERM, self.stop)
        self.workers = [worker() for _ in range(self.chosen.workers)]
        if self.workers:
            signal.signal(signal.SIGCHLD, self.worker_ended)
        tell(self.chosen.name, "started")

    def train(self) -> None:
        """Step by step."""
        end = time.monotonic() + self.chosen.run
        while not self.stopped and time.monotonic() < end:
            self.step(0.02)
        if self.stopped:
            self.save()
        tell(self.chosen.name, "ended")

    def step(self, seconds: float) -> None:
        """Prints into a pipe, maybe."""
        if self.chosen.print:
            print("step", flush=True)  # noqa: T201
        time.sleep(seconds)

    def save(self) -> NoReturn:
        """And exit."""
        end = time.monotonic() + self.chosen.save
        while time.monotonic() < end:
            self.step(0.02)
        if self.chosen.uploads:
            subprocess.run([sys.executable, __file__, "upload", "--run", str(self.chosen.save)], check=True)
        tell(self.chosen.name, "saved")
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)
        sys.exit()


def worker() -> int:
    """A process with the handlers of torch's, which ends with its parent."""
    parent = os.getpid()
    ready, is_ready = os.pipe()
    pid = os.fork()
    if pid == 0:
        for number in (signal.SIGTERM, signal.SIGBUS, signal.SIGSEGV, signal.SIGFPE):
            signal.signal(number, lambda _number, _frame: os._exit(1))
        os.write(is_ready, b".")
        while os.getppid() == parent:
            time.sleep(0.05)
        os._exit(0)
    os.read(ready, 1)
    return pid


def main(*arguments: str) -> None:
    """What the command line says."""
    training = Training(options(list(arguments)))
    training.start()
    training.train()


if __name__ == "__main__":
    main(*sys.argv[1:])
