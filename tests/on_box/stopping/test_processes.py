"""What /proc shows, for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import timeit
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runctl_component.box.runner.stopping import processes, training_processes
from runctl_component.box.runner.stopping.processes import (
    Process,
    control_group,
    process_table,
    read_process,
    with_details,
    written_pipes,
)
from runctl_component.box.runner.stopping.signals import send
from runctl_component.box.runner.stopping.training_processes import Training, own_control_group

from ..box import wait_until

SLEEP = "/bin/sleep"


@contextmanager
def running(*command: str | Path, stdin: int = subprocess.DEVNULL) -> Generator[subprocess.Popen[bytes]]:
    """In a session of its own, as the runner starts the command."""
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, start_new_session=True) as process:
        yield process
        process.kill()


def seen(pid: int) -> Process:
    process = read_process(pid)
    assert process
    return with_details(process)


def test_a_process_is_seen_with_what_the_rule_needs(tmp_path: Path) -> None:
    odd = tmp_path / ") R 1 (sleep"
    odd.symlink_to(SLEEP)
    with running(odd, "60") as process:
        wait_until(lambda: seen(process.pid).arguments == (str(odd), "60"))
        found = seen(process.pid)
    assert (found.parent, found.session, found.name) == (os.getpid(), process.pid, ") R 1 (sleep")
    assert found.executable == "sleep"


def test_handlers_and_ignored_signals_are_seen() -> None:
    program = "import signal as s; s.signal(s.SIGTERM, print); s.signal(s.SIGQUIT, s.SIG_IGN)"
    with running(sys.executable, "-c", f"{program}; print(flush=True); s.pause()") as process:
        assert process.stdout
        process.stdout.readline()
        found = seen(process.pid)
    assert found.catches(signal.SIGTERM)
    assert not found.catches(signal.SIGUSR1)
    assert found.ignores(signal.SIGQUIT)
    assert not found.ignores(signal.SIGTERM)


def test_a_pipe_is_seen_at_both_ends() -> None:
    with running("/bin/cat", stdin=subprocess.PIPE) as process:
        assert process.stdin
        pipe = seen(process.pid).reads_pipe
        assert pipe == str(Path(f"/proc/self/fd/{process.stdin.fileno()}").readlink())
        assert pipe in written_pipes(os.getpid())
        assert pipe not in written_pipes(process.pid)


def test_a_zombie_is_no_process() -> None:
    with running("/bin/true") as process:
        wait_until(lambda: read_process(process.pid) is None)
        assert Path(f"/proc/{process.pid}").exists()
        assert process.pid not in process_table()


def test_a_process_that_has_gone_has_no_details() -> None:
    gone = Process(2**22 + 1, 1, 1, 1, "gone")
    assert with_details(gone) == gone
    assert written_pipes(gone.pid) == frozenset()


@pytest.mark.parametrize(
    ("told", "group"),
    [
        ("4:memory:/a\n1:name=systemd:/system.slice/x.service\n0::/\n", "/system.slice/x.service"),
        ("0::/system.slice/x.service\n", "/system.slice/x.service"),
        ("0::/odd:name/x.service\n", "/odd:name/x.service"),
        ("", ""),
    ],
    ids=["version 1 and hybrid", "version 2", "a colon", "none"],
)
def test_the_control_group_is_the_one_of_systemds_hierarchy(
    told: str, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_pid: int, _name: str) -> bytes:
        return told.encode()

    monkeypatch.setattr(processes, "_read", read)
    assert control_group("self") == group


@pytest.mark.parametrize(
    ("group", "own"),
    [("/system.slice/runctl-training.service", "/system.slice/runctl-training.service"), ("/", None), ("/ci", None)],
)
def test_no_other_control_group_than_the_units_is_taken_for_the_training(
    group: str, own: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of(_pid: str) -> str:
        return group

    monkeypatch.setattr(training_processes, "control_group", of)
    assert own_control_group() == own


def test_a_signal_reaches_its_process_and_no_later_one_with_its_number() -> None:
    with running(SLEEP, "60") as process:
        found = seen(process.pid)
        send([found._replace(start=found.start - 1)], signal.SIGKILL)
        time.sleep(0.05)
        assert process.poll() is None
        send([found], signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
    send([found], signal.SIGKILL)


def test_the_runner_and_what_else_it_has_started_are_not_the_training() -> None:
    with running(SLEEP, "60") as root, running("/bin/sh", "-c", "sleep 60; true") as other:
        training = Training(root.pid, None)
        wait_until(lambda: any(each.parent == other.pid for each in process_table().values()))
        assert [each.pid for each in training.look()] == [root.pid]
        child = next(each for each in process_table().values() if each.parent == other.pid)
        os.kill(child.pid, signal.SIGKILL)


def test_who_was_seen_to_belong_does_so_without_parent_session_and_group() -> None:
    with running("/bin/sh", "-c", "setsid sleep 60 & wait") as root:
        training = Training(root.pid, None)
        wait_until(lambda: any(each.name == "sleep" for each in training.look()))
        root.kill()
        root.wait()
        (orphan,) = training.alive()
        assert (orphan.name, orphan.session) == ("sleep", orphan.pid)
        send([orphan], signal.SIGKILL)
        wait_until(lambda: training.look() == [])


@pytest.mark.parametrize(
    ("group", "expected"),
    [
        ("/user.slice/user-0.slice/session-c1.scope", [{"session-c1.scope"}]),
        ("/user.slice/user-0.slice/user@0.service/app.slice/run-1.scope", [{"user@0.service"}]),
        ("/system.slice/runctl-training.service", []),
        ("/system.slice/runctl-training.service/inner.scope", []),
        ("/machine.slice", []),
    ],
)
def test_a_unit_into_which_a_part_of_the_training_has_gone_is_found_once(
    monkeypatch: pytest.MonkeyPatch, group: str, expected: list[set[str]]
) -> None:
    found: list[set[str]] = []

    def of(_: int) -> str:
        return group

    monkeypatch.setattr(training_processes, "control_group", of)
    with running(SLEEP, "60") as root:
        training = Training(root.pid, "/system.slice/runctl-training.service", found.append)
        for _ in range(2):
            training.look()
        assert found == expected


def test_400_processes_are_looked_at_in_a_tenth_of_a_second() -> None:
    script = "for i in $(seq 400); do sleep 60 & done; echo; wait"
    with running("/bin/sh", "-c", script) as root:
        assert root.stdout
        root.stdout.readline()
        training = Training(root.pid, "/runctl-training.service")
        took = min(timeit.repeat(training.alive, timer=time.process_time, number=1, repeat=5))
        living = training.alive()
        send(living, signal.SIGKILL)
    assert len(living) == 401
    assert took < 0.1
