"""Who gets SIGTERM, and when, from trees of processes by hand."""

from __future__ import annotations

import pytest

from runctl_component.box.runner.stopping.processes import Process

from .trees import KEYBOARD, ROOT, TERM, WORKER, Stop, first_wave, process, shell, training

PIPE = frozenset(["pipe:[1]"])


def test_a_training_is_signalled_and_not_the_shell_above_nor_the_workers_below() -> None:
    assert first_wave(shell(), training(2), process(3, 2, catches=WORKER)) == [2]


def test_nobody_is_signalled_twice() -> None:
    stop, living = Stop(), (shell(), training(2))
    assert [stop.tick(seconds, *living) for seconds in (0, 1, 2, 49)] == [[2], [], [], []]


def test_what_was_below_a_signalled_program_is_signalled_when_that_has_gone_and_a_second_later() -> None:
    stop, child = Stop(), training(3, 2)
    assert stop.tick(0, shell(), training(2), child) == [2]
    orphan = child._replace(parent=1)
    assert [stop.tick(seconds, shell(), orphan) for seconds in (0.8, 1)] == [[], [3]]


@pytest.mark.parametrize("name", ["timeout", "tmux", "su", "flock", "setsid", "torchrun"])
def test_wrappers_are_looked_through(name: str) -> None:
    assert first_wave(shell(), process(2, ROOT, name, catches=TERM), training(3, 2)) == [3]


@pytest.mark.parametrize(
    "arguments",
    [
        ("python3", "/opt/bin/torchrun", "train.py"),
        ("python3", "-u", "-m", "torch.distributed.run", "train.py"),
        ("python3", "/opt/bin/accelerate", "launch", "train.py"),
    ],
)
def test_launchers_that_kill_are_looked_through_by_their_command_line(arguments: tuple[str, ...]) -> None:
    assert first_wave(shell(), process(2, ROOT, catches=TERM, arguments=arguments), training(3, 2)) == [3]


@pytest.mark.parametrize("arguments", [("python3", "train.py", "--launcher", "torchrun"), ("python3",), ()])
def test_a_training_that_only_mentions_a_launcher_is_none(arguments: tuple[str, ...]) -> None:
    assert first_wave(shell(), process(2, ROOT, catches=TERM, arguments=arguments), training(3, 2)) == [2]


def test_a_script_is_a_shell_by_its_file_and_an_applet_of_a_multi_call_binary_by_its_name() -> None:
    script = shell(2, ROOT)._replace(name="train.sh")
    applet = process(3, 2, "timeout", catches=TERM)._replace(executable="coreutils")
    assert first_wave(shell(), script, applet, training(4, 3)) == [4]


def test_a_program_without_a_handler_above_one_with_a_handler_is_looked_through() -> None:
    assert first_wave(shell(), process(2, ROOT), process(3, 2, "python3.11", catches=TERM)) == [3]


def test_a_launcher_is_looked_through_also_when_what_it_launched_has_gone() -> None:
    stop = Stop()
    assert stop.tick(0, shell(), process(2, ROOT), training(3, 2)) == [3]
    assert stop.tick(1, shell(), process(2, ROOT)) == []


@pytest.mark.parametrize(
    "below",
    [process(3, 2), process(3, 2, catches=WORKER), process(3, 2, "wandb-core", catches=TERM)],
    ids=["no handler", "worker", "another interpreter"],
)
def test_a_program_without_a_handler_is_signalled_when_it_has_launched_nothing_that_saves(below: Process) -> None:
    assert first_wave(shell(), process(2, ROOT), below) == [2]


def test_a_shell_with_a_trap_is_signalled_with_its_foreground_and_forwards_to_its_background() -> None:
    background = training(4, ignores=KEYBOARD)
    assert first_wave(shell(trap=True), training(3), background) == [ROOT, 3]
    assert first_wave(shell(trap=True), background) == [ROOT]


def test_a_reader_without_a_handler_never_gets_anything() -> None:
    stop, living = Stop(), (shell(), training(2, writes=PIPE), process(3, ROOT, "tee", reads="pipe:[1]"))
    assert [stop.tick(seconds, *living) for seconds in (0, 1, 50)] == [[2], [], []]


def test_who_reads_from_its_shell_is_a_reader() -> None:
    assert first_wave(shell(writes=PIPE), training(2), process(3, ROOT, "tee", reads="pipe:[1]")) == [2]


def test_who_reads_from_the_program_that_started_it_is_no_reader() -> None:
    assert first_wave(shell(), process(2, ROOT, "timeout", writes=PIPE), training(3, 2, reads="pipe:[1]")) == [3]


def test_at_the_end_of_its_input_a_reader_finishes_unless_it_has_a_handler() -> None:
    reader = process(2, ROOT, "aws", reads="pipe:[1]")
    assert first_wave(shell(), reader) == []
    assert first_wave(shell(), training(2, reads="pipe:[1]")) == [2]


def test_at_the_last_call_a_reader_with_a_handler_is_signalled_also_while_it_reads() -> None:
    living = (shell(), process(2, ROOT, "yes", writes=PIPE), training(3, reads="pipe:[1]"))
    stop = Stop()
    assert [stop.tick(seconds, *living) for seconds in (0, 49, 50)] == [[2], [], [3]]


def test_who_is_born_after_the_first_wave_gets_nothing_before_the_last_call_nor_then_without_a_handler() -> None:
    stop, newborn = Stop(), (training(3), process(4, ROOT, "aws"))
    assert stop.tick(0, shell(), training(2)) == [2]
    assert [stop.tick(seconds, shell(), *newborn) for seconds in (2, 49, 50)] == [[], [], [3]]


def test_the_first_wave_is_the_first_that_finds_somebody() -> None:
    stop = Stop()
    assert stop.tick(0, shell()) == []
    assert stop.tick(0.2, shell(), training(2)) == [2]


def test_the_background_waits_for_the_foreground() -> None:
    stop, helper = Stop(), process(3, ROOT, "sleep", ignores=KEYBOARD)
    assert stop.tick(0, shell(), training(2), helper) == [2]
    assert [stop.tick(5, shell(), training(2), helper), stop.tick(6, shell(), helper)] == [[], [3]]


def test_the_background_waits_for_a_quarter_of_the_time_at_most() -> None:
    stop, living = Stop(), (shell(), training(2), training(3, parent=1))
    assert [stop.tick(seconds, *living) for seconds in (0, 24, 25)] == [[2], [], [3]]


def test_without_a_foreground_the_background_does_not_wait() -> None:
    assert first_wave(shell(), process(2, ROOT, "timeout"), training(3, 2, ignores=KEYBOARD)) == [3]


def test_the_last_call_reaches_whoever_was_kept_waiting_but_no_worker() -> None:
    waiting = (process(3, 2, catches=WORKER), training(4, 2), shell(5, 2), process(6, 5, "evaluate"))
    stop = Stop()
    assert stop.tick(0, shell(), training(2), *waiting) == [2]
    assert [stop.tick(seconds, shell(), training(2), *waiting) for seconds in (50, 51, 99)] == [[4, 6], [], []]


def test_shells_wrappers_and_launchers_never_get_anything() -> None:
    stop, launched = Stop(), training(4, 3)
    above = (shell(), process(2, ROOT, "timeout", catches=TERM), process(3, 2))
    assert stop.tick(0, *above, launched) == [4]
    assert [stop.tick(seconds, *above) for seconds in (25, 50, 99)] == [[], [], []]
