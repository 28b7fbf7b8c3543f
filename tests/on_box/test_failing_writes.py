"""Every write fails: there is a marker all the same, or a power-off; and a failure is never told as a success."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .box import PREFIX, Box, wait_until

SUCCEEDED = f"{PREFIX}training_complete.txt"
FAILED = f"{PREFIX}training_failed.txt"
FOLDERS = ("var/lib/runctl", "run/runctl", "var/log/runctl")


@pytest.fixture(params=["files", "full"])
def breaks(request: pytest.FixtureRequest, box: Box) -> Iterator[Breaks]:
    """How the folders of the runner go bad."""
    made = Breaks(box, request.param)
    yield made
    made.mend()


class Breaks:
    """Replaces the runner's folders by files, or puts them on disks that are full."""

    def __init__(self, box: Box, how: str) -> None:
        self._box, self._how = box, how
        self._mounted: list[Path] = []

    def now(self) -> None:
        """From here on, nothing can be written."""
        for folder in (self._box.root / name for name in FOLDERS):
            if self._how == "files":
                shutil.rmtree(folder, ignore_errors=True)
                folder.parent.mkdir(parents=True, exist_ok=True)
                folder.touch()
            else:
                self._fill(folder)

    def _fill(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        kept = {path.name: path.read_bytes() for path in folder.iterdir()}
        mount = [
            "/bin/mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={max(4, len(kept) * 4 + sum(map(len, kept.values())) // 1024)}k",
        ]
        if subprocess.run([*mount, "runctl", folder], capture_output=True, check=False, timeout=120).returncode:
            pytest.skip("needs root, to mount a disk that is full")
        self._mounted.append(folder)
        for name, content in kept.items():
            (folder / name).write_bytes(content)
        with (folder / "filler").open("wb", buffering=0) as filler:
            while True:
                try:
                    filler.write(b"x" * 1024)
                except OSError:
                    return

    def mend(self) -> None:
        """Take the mounts away."""
        self._box.clean_up()
        for folder in self._mounted:
            subprocess.run(["/bin/umount", "-l", folder], check=True, timeout=120)


def markers(box: Box) -> set[str]:
    """What the monitor would see."""
    return {key for key in box.around.stored() if "/runctl/" not in key}


@pytest.mark.parametrize(("command", "marker"), [("echo trained", SUCCEEDED), ("echo broken; exit 3", FAILED)])
def test_from_the_start_the_marker_comes_all_the_same(box: Box, breaks: Breaks, command: str, marker: str) -> None:
    box.first_boot(command)
    breaks.now()
    box.run()
    assert markers(box) == {marker}


def test_from_the_start_the_end_of_the_log_reaches_s3(box: Box, breaks: Breaks) -> None:
    box.first_boot("echo the last line; exit 3")
    breaks.now()
    box.run()
    assert json.loads(box.around.read(FAILED))["message"] == "the last line"
    assert any(b"the last line\n" in box.around.read(key) for key in box.around.stored() if key.endswith(".log"))


@pytest.mark.parametrize(("code", "marker"), [(0, SUCCEEDED), (3, FAILED)])
def test_while_it_trains_the_marker_comes_all_the_same(box: Box, breaks: Breaks, code: int, marker: str) -> None:
    box.first_boot(
        f"touch began; until [[ -e go ]]; do /bin/sleep 0.01; done; for x in {{1..999}}; do echo $x; done; exit {code}"
    )
    process = box.start()
    wait_until((box.root / "home/began").exists)
    breaks.now()
    (box.root / "home/go").touch()
    box.finish(process)
    assert markers(box) == {marker}


def test_with_s3_away_too_the_box_powers_off(box: Box, breaks: Breaks) -> None:
    box.first_boot("touch began; until [[ -e go ]]; do /bin/sleep 0.01; done")
    box.around.tags["runctl:power-off-unmarked-seconds"] = "0"
    process = box.start()
    wait_until((box.root / "home/began").exists)
    breaks.now()
    box.around.failing_uploads = 10**6
    (box.root / "home/go").touch()
    box.finish(process)
    assert (markers(box), box.asked_of_systemd()[-1]) == (set(), "poweroff")


def test_an_interrupted_training_is_no_success(box: Box, breaks: Breaks) -> None:
    box.first_boot("trap 'exit 0' TERM; touch began; while :; do /bin/sleep 0.01; done")
    process = box.start()
    wait_until((box.root / "home/began").exists)
    breaks.now()
    process.send_signal(signal.SIGTERM)
    assert (box.finish(process), markers(box)) == (0, set())


def test_a_killed_runner_is_a_failure(box: Box, breaks: Breaks) -> None:
    box.first_boot("touch began; exec /bin/sleep 60")
    process = box.start()
    wait_until((box.root / "home/began").exists)
    breaks.now()
    process.kill()
    box.after_the_end(process)
    assert markers(box) == {FAILED}


def test_the_guard_powers_off_by_what_it_remembers(box: Box, breaks: Breaks) -> None:
    box.first_boot("true")
    guard = box.start("guard")
    wait_until((box.root / "run/runctl/power-off-at").exists)
    breaks.now()
    box.around.metadata_answers = False
    box.up_for(10**6)
    wait_until(lambda: "poweroff" in box.asked_of_systemd())
    guard.terminate()
    assert box.finish(guard) == 0


def test_a_guard_that_begins_then_learns_the_limit_from_the_tags(box: Box, breaks: Breaks) -> None:
    box.first_boot("true")
    breaks.now()
    box.up_for(10**6)
    box.run("guard", QUICK="once")
    assert box.asked_of_systemd()[-1] == "poweroff"
