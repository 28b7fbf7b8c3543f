"""A runner that is killed: systemd calls it once more, so that the box is not paid until the deadline."""

from __future__ import annotations

import json
import signal
import subprocess

import pytest

from monitor_runtime.observe.marker_body import parse_body

from .box import PREFIX, Box, wait_until

FAILED = f"{PREFIX}training_failed.txt"
TRAINING = "echo training; exec /bin/sleep 60"


def killed(box: Box, by: signal.Signals = signal.SIGKILL) -> subprocess.Popen[bytes]:
    """A runner that is no more, while its command was running."""
    box.first_boot(TRAINING)
    process = box.start()
    wait_until(lambda: "training" in box.log)
    process.send_signal(by)
    return process


def markers(box: Box) -> list[str]:
    """What the monitor would take for the end of the run."""
    return [key for key in box.around.stored() if "/runctl/" not in key]


def test_a_killed_runner_leaves_a_failure_marker_with_the_code_of_the_signal(box: Box) -> None:
    box.after_the_end(killed(box))
    body = parse_body(box.around.read(FAILED))
    assert (body.failed, body.exit_code) == (True, 137)
    assert body.message == "runctl: the runner was killed: signal KILL"


@pytest.mark.parametrize("result", ["oom-kill", "core-dump", "watchdog"])
def test_whatever_killed_it_is_in_the_marker(box: Box, result: str) -> None:
    box.after_the_end(killed(box), result)
    assert json.loads(box.around.read(FAILED))["message"] == f"runctl: the runner was killed: {result} KILL"


def test_another_signal_has_another_code(box: Box) -> None:
    box.after_the_end(killed(box, signal.SIGSEGV))
    assert parse_body(box.around.read(FAILED)).exit_code == 128 + signal.SIGSEGV


def test_an_end_without_a_signal_that_systemd_calls_a_kill_has_the_code_of_a_kill(box: Box) -> None:
    box.first_boot("true")
    box.finish(box.start("ended", SERVICE_RESULT="oom-kill", EXIT_STATUS="1"))
    assert parse_body(box.around.read(FAILED)).exit_code == 137


def test_what_the_command_printed_before_reaches_s3(box: Box) -> None:
    box.after_the_end(killed(box))
    (log,) = [key for key in box.around.stored() if key.endswith(".log")]
    assert box.around.read(log).startswith(b"training\n")


def test_its_training_does_not_start_again(box: Box) -> None:
    box.after_the_end(killed(box))
    box.run()
    assert "finished in an earlier boot" in box.journal


def test_its_marker_that_could_not_be_written_is_written_at_the_next_boot(box: Box) -> None:
    process = killed(box)
    box.around.failing_uploads = 10**6
    box.finish(process)
    last = box.start("ended", SERVICE_RESULT="signal", EXIT_STATUS="KILL")
    wait_until(lambda: FAILED in box.around.attempts)
    last.send_signal(signal.SIGTERM)
    box.finish(last)
    box.around.failing_uploads = 0
    box.run()
    assert parse_body(box.around.read(FAILED)).exit_code == 137


def test_a_stop_that_was_asked_for_leaves_no_marker(box: Box) -> None:
    box.after_the_end(killed(box, signal.SIGTERM))
    assert markers(box) == []


def test_a_stop_that_was_asked_for_and_took_too_long_leaves_no_marker(box: Box) -> None:
    box.after_the_end(killed(box), "timeout")
    assert markers(box) == []


@pytest.mark.parametrize(("command", "marker"), [("true", f"{PREFIX}training_complete.txt"), ("exit 3", FAILED)])
def test_a_runner_that_ended_by_itself_has_said_all(box: Box, command: str, marker: str) -> None:
    box.first_boot(command)
    box.after_the_end(box.start())
    assert box.around.attempts.count(marker) == len(markers(box)) == 1


def test_a_runner_killed_after_its_training_has_finished_changes_no_marker(box: Box) -> None:
    box.first_boot("true")
    process = box.start()
    box.after_the_end(process, "signal")
    assert markers(box) == [f"{PREFIX}training_complete.txt"]


def test_a_runner_killed_before_its_marker_was_uploaded_keeps_what_it_had_to_say(box: Box) -> None:
    box.first_boot("touch over; /bin/sleep 0.5")
    process = box.start()
    wait_until((box.root / "home/over").exists)
    box.around.failing_uploads = 10**6
    wait_until((box.root / "run/runctl/unmarked-since").exists)
    process.kill()
    box.after_the_end(process)
    box.around.failing_uploads = 0
    box.run()
    assert markers(box) == [f"{PREFIX}training_complete.txt"]


def test_a_runner_that_broke_leaves_a_failure_marker_without_a_signal(box: Box) -> None:
    box.first_boot("true")
    box.run("ended", SERVICE_RESULT="exit-code", EXIT_STATUS="1")
    marker = json.loads(box.around.read(FAILED))
    assert (marker["message"], marker["exit_code"]) == ("runctl: the runner broke: exit-code 1", 1)
    assert "signal" not in marker


def test_a_marker_is_not_told_again_by_a_runner_that_remembers_nothing(box: Box) -> None:
    box.first_boot("exit 3")
    process = box.start()
    box.finish(process)
    (box.state / "ending.json").unlink()
    box.after_the_end(process)
    assert box.around.attempts.count(FAILED) == 1
