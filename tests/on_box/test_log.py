"""The log of a launch: on the disk, and in parts in S3; it never holds the command up."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from runctl_component.box.runner.machine.aws_cli import AwsCli
from runctl_component.box.runner.report import log as log_module
from runctl_component.box.runner.report.bucket import Bucket
from runctl_component.box.runner.report.log import Log
from runctl_component.box.runner.report.log_upload import PART_BYTES, LogUpload

from .box import Box, wait_until


def logs(box: Box) -> list[str]:
    """The keys of what reached S3."""
    return [key for key in box.around.stored() if key.endswith(".log")]


def test_the_log_of_a_second_launch_leaves_that_of_the_first_alone(box: Box) -> None:
    box.first_boot("echo launch >>launches; cat launches; [[ $(wc -l <launches) = 2 ]] || kill -KILL $PPID")
    process = box.start(QUICK="uploads")
    box.finish(process)
    time.sleep(1)
    box.run()
    assert "launch\nlaunch\n" in [box.around.read(key).decode() for key in logs(box)]
    names = {path.name for path in (box.root / "var/log/runctl").iterdir()}
    assert len(names) == 2


def test_what_was_printed_is_in_s3_while_the_command_still_runs(box: Box) -> None:
    box.first_boot("echo one; until [[ -e go ]]; do /bin/sleep 0.01; done; echo two")
    process = box.start(QUICK="uploads")
    wait_until(lambda: logs(box) != [])
    early = [box.around.read(key) for key in logs(box)]
    (box.root / "home/go").touch()
    box.finish(process)
    assert (early, [box.around.read(key) for key in logs(box)]) == ([b"one\n"], [b"one\ntwo\n"])


def test_a_long_log_is_in_parts_that_are_stored_once(box: Box) -> None:
    box.first_boot(f"yes 0123456 | head -c {2 * PART_BYTES + 8}")
    box.run()
    stored = logs(box)
    assert [box.around.attempts.count(key) for key in stored] == [1, 1, 1]
    assert [len(box.around.read(key)) for key in stored] == [PART_BYTES, PART_BYTES, 8]


def test_half_a_gigabyte_of_output_takes_seconds(box: Box) -> None:
    box.first_boot('SECONDS=0; head -c 500M /dev/zero; echo "$SECONDS" >took')
    process = box.start()
    wait_until((box.root / "home/took").exists)
    wait_until(lambda: (box.root / "home/took").read_text() != "")
    process.kill()
    box.finish(process)
    assert int((box.root / "home/took").read_text()) < 10


class Disk:
    """Takes so many bytes and no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, file: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(self.room, len(data))
        self.room -= taken
        return os.pwrite(file, data[:taken], os.fstat(file).st_size)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk(10)
    monkeypatch.setattr(log_module.os, "write", made.write)
    return made


@pytest.mark.usefixtures("disk")
def test_a_full_disk_costs_lines_and_the_end_stays_in_memory(tmp_path: Path) -> None:
    log = Log(f"{tmp_path}/logs/a.log")
    for line in (b"12345678\n", b"second\n", b"third\n"):
        log.write(line)
    assert (Path(log.path).read_bytes(), log.last_words(), log.left_out) == (b"12345678\ns", "third", 12)


def test_a_disk_with_room_again_goes_on_and_says_what_is_missing(tmp_path: Path, disk: Disk) -> None:
    log = Log(f"{tmp_path}/a.log")
    log.write(b"12345678\n")
    log.write(b"second\n")
    disk.room = 1000
    log.write(b"third\n")
    assert Path(log.path).read_bytes() == b"12345678\ns\n[runctl: 6 bytes left out: no room on the disk]\nthird\n"


def test_a_log_that_cannot_be_made_is_kept_by_its_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = Log(f"{tmp_path}/file/a.log")
    log.write(b"only this\n")
    assert (log.size, log.last_words()) == (0, "only this")


def test_a_log_takes_a_bounded_part_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MAX_BYTES", 100)
    log = Log(f"{tmp_path}/a.log")
    for _ in range(50):
        log.write(b"0123456789")
    assert (Path(log.path).stat().st_size, log.left_out) == (100, 400)


def test_a_log_leaves_as_much_of_the_disk_free_as_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.log"

    def free(file: int) -> SimpleNamespace:
        return SimpleNamespace(f_frsize=10, f_bavail=(100 - os.fstat(file).st_size) // 10)

    monkeypatch.setattr(log_module.os, "fstatvfs", free)
    log = Log(str(path))
    for _ in range(20):
        log.write(b"0123456789")
    assert (path.stat().st_size, log.left_out) == (50, 150)


class Stored(Bucket):
    """A bucket in memory."""

    def __init__(self) -> None:
        settings = {"bucket": "", "prefix": "", "region": ""}
        super().__init__(settings, AwsCli(settings))
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, content: bytes, content_type: str, timeout_seconds: float) -> str:
        assert (content_type, timeout_seconds > 0) == ("text/plain", True)
        self.objects[key] = content
        return ""


@pytest.mark.usefixtures("disk")
def test_what_the_disk_did_not_take_reaches_s3_by_its_end(tmp_path: Path) -> None:
    log, bucket = Log(f"{tmp_path}/a.log"), Stored()
    log.write(b"12345678\nsecond\nthird\n")
    LogUpload(log, bucket, "runctl/a").finish(60)
    first, last = bucket.objects.values()
    assert first == b"12345678\ns"
    assert last.endswith(b"12 bytes left out: no room on the disk]\n12345678\nsecond\nthird\n")
    assert list(bucket.objects) == ["runctl/a-00001.log", "runctl/a-00002.log"]
