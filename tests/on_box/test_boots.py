"""The on-box runner over signals and boots: nothing half done counts as done, nothing done is done twice."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from .box import PREFIX, Box, wait_until

SUCCEEDED = f"{PREFIX}training_complete.txt"
COUNTING = 'echo x >>"$HOME/starts"; '


def starts(box: Box) -> int:
    """How often the command was started."""
    counted = box.root / "home/starts"
    return len(counted.read_text().splitlines()) if counted.exists() else 0


def interrupt_when(box: Box, process: subprocess.Popen[bytes], printed: str) -> int:
    """Send SIGTERM to the main process alone, as systemd does with KillMode=mixed, once that was printed."""
    wait_until(lambda: printed in box.log)
    process.send_signal(signal.SIGTERM)
    return box.finish(process)


SAVING = """\
cat >train.py <<'END'
import signal, sys, time
def save(*_):
    time.sleep(0.2)
    print("saving", flush=True)
    open("saved", "w").close()
    sys.exit()
signal.signal(signal.SIGTERM, save)
print("training", flush=True)
signal.pause()
END
"""


@pytest.mark.parametrize(
    "command",
    [
        "python3 train.py",
        "exec python3 train.py",
        "python3 train.py & wait",
        "python3 train.py 2>&1 | tee copy",
        "timeout 60 python3 train.py",
    ],
)
def test_sigterm_lets_the_training_save(box: Box, command: str) -> None:
    box.first_boot(SAVING + command)
    interrupt_when(box, box.start(), "training")
    assert (box.root / "home/saved").exists()


def test_sigterm_reaches_all_processes_of_the_command(box: Box) -> None:
    waiting = 'trap "touch $name; exit" TERM; while :; do /bin/sleep 0.01; done'
    box.first_boot(f"for name in one two; do ({waiting}) & done; echo training; wait")
    interrupt_when(box, box.start(), "training")
    assert sorted(path.name for path in (box.root / "home").iterdir()) == ["one", "two"]


def test_an_interrupted_training_leaves_no_marker_even_if_it_exits_with_0(box: Box) -> None:
    box.first_boot("trap 'exit 0' TERM; echo training; while :; do /bin/sleep 0.01; done")
    assert interrupt_when(box, box.start(), "training") == 0
    assert [key for key in box.around.stored() if "/runctl/" not in key] == []


def test_an_interrupted_training_leaves_its_log(box: Box) -> None:
    box.first_boot("echo training; exec /bin/sleep 60")
    interrupt_when(box, box.start(), "training")
    (log,) = [key for key in box.around.stored() if key.endswith(".log")]
    assert box.around.read(log) == b"training\n"


def test_a_training_that_takes_its_time_to_save_is_awaited(box: Box) -> None:
    saving = "trap '/bin/sleep 0.3; echo saved; exit' TERM; echo training; while :; do /bin/sleep 0.01; done"
    box.first_boot(f"({saving}) & wait")
    interrupt_when(box, box.start(), "training")
    # Where SIGTERM meets the command's own sleep, bash says so in between.
    assert box.log.splitlines()[-1] == "saved"


def test_a_training_that_ignores_sigterm_is_killed_after_the_shutdown_timeout(box: Box) -> None:
    box.first_boot("trap '' TERM; echo $$ >pid; echo training; while :; do /bin/sleep 0.01; done")
    box.around.tags["runctl:shutdown-timeout-seconds"] = "1"
    interrupt_when(box, box.start(), "training")
    pid = int((box.root / "home/pid").read_text())
    wait_until(lambda: not Path(f"/proc/{pid}").exists())
    assert "interrupted: no marker" in box.journal


def test_an_interrupted_training_starts_again_at_the_next_boot(box: Box) -> None:
    box.first_boot(f"{COUNTING} echo training; [[ -e again ]] || exec /bin/sleep 60")
    interrupt_when(box, box.start(), "training")
    (box.root / "home/again").touch()
    box.run()
    assert (starts(box), SUCCEEDED in box.around.stored()) == (2, True)


def test_a_training_cut_off_without_a_signal_starts_again_at_the_next_boot(box: Box) -> None:
    box.first_boot(f"{COUNTING} [[ -e again ]] || kill -KILL $PPID")
    box.run()
    (box.root / "home/again").touch()
    box.run()
    assert (starts(box), SUCCEEDED in box.around.stored()) == (2, True)


def test_a_finished_training_does_not_start_again(box: Box) -> None:
    box.first_boot(COUNTING)
    box.run()
    box.run()
    assert starts(box) == 1


def test_a_failed_training_does_not_start_again(box: Box) -> None:
    box.first_boot(f"{COUNTING} exit 3")
    box.run()
    box.run()
    assert starts(box) == 1


def test_a_finished_training_does_not_renew_its_marker(box: Box) -> None:
    box.first_boot("true")
    box.run()
    box.run()
    assert box.around.attempts.count(SUCCEEDED) == 1


def test_a_marker_that_was_cut_off_is_written_at_the_next_boot_without_training_again(box: Box) -> None:
    box.first_boot(f"{COUNTING} exit 3")
    box.around.failing_uploads = 10**6
    process = box.start()
    wait_until(lambda: f"{PREFIX}training_failed.txt" in box.around.attempts)
    process.send_signal(signal.SIGTERM)
    box.finish(process)
    box.around.failing_uploads = 0
    box.run()
    assert (starts(box), f"{PREFIX}training_failed.txt" in box.around.stored()) == (1, True)


def test_a_box_from_an_image_of_a_finished_box_trains_once_its_user_data_has_run(box: Box) -> None:
    box.first_boot(COUNTING)
    box.run()
    box.around.instance_id = "i-0bbbbbbbb"
    box.first_boot(COUNTING)
    box.run()
    assert starts(box) == 2


def test_a_box_from_an_image_of_an_unfinished_box_does_not_train_before_its_user_data_has_run(box: Box) -> None:
    box.first_boot(f"{COUNTING} kill -KILL $PPID")
    box.run()
    box.around.instance_id = "i-0bbbbbbbb"
    box.run()
    assert (starts(box), box.journal) == (1, "runctl: set up on another instance: left alone\n")


def test_the_user_data_enables_and_starts_the_units(box: Box) -> None:
    box.first_boot("true")
    assert box.asked_of_systemd() == [
        "daemon-reload",
        "enable --now runctl-guard.timer",
        "enable runctl-training.service",
        "start --no-block runctl-training.service",
    ]


def test_nobody_but_root_reads_the_environment(box: Box) -> None:
    box.first_boot("true", {"TOKEN": "secret"})
    modes = {path.stat().st_mode & 0o077 for path in (box.root / "etc/runctl").iterdir()}
    assert modes == {0}
