"""A training that prints a gigabyte."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor_runtime.observe.marker_body import parse_body
from sandbox.box.machine import Box
from sandbox.box.waiting import wait_until

from .product import PREFIX, SUCCEEDED, product_box

PRINTS = """
python3 - <<'PROGRAM'
import sys
lines = 10_000 * (b"x" * 99 + b"\\n")
for _ in range(1000):
    sys.stdout.buffer.write(lines)
print("the last line")
PROGRAM
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """One whose training has printed a gigabyte, on a disk that has room for a fifth of it.

    A disk with room for all of it would tell the same, and take minutes: each 8 MB are an upload.
    """
    with product_box(PRINTS, disk_mebibytes=300) as machine:
        machine.boot()
        wait_until(lambda: SUCCEEDED in machine.s3.uploads(), 120, SUCCEEDED)
        yield machine


def _parts(box: Box) -> list[bytes]:
    return [body for key, body in sorted(box.objects().items()) if key.endswith(".log") and PREFIX in key]


def test_the_training_is_not_held_up_and_ends_as_it_says(box: Box) -> None:
    assert parse_body(box.object(SUCCEEDED)).exit_code == 0


def test_what_the_disk_took_is_in_s3_and_so_is_the_end(box: Box) -> None:
    *parts, last = _parts(box)
    on_disk = int(box.run("cat /var/log/runctl/*.log | wc -c").stdout)
    assert sum(map(len, parts)) == on_disk > 10**7
    assert b"bytes left out: no room on the disk" in last[:100]
    assert last.endswith(b"x\nthe last line\n")


def test_the_journal_has_only_the_runners_own_words(box: Box) -> None:
    assert len(box.journal("runctl-training")) < 10_000


def test_the_training_has_as_much_of_the_disk_as_the_log(box: Box) -> None:
    log, left = box.run("cat /var/log/runctl/*.log | wc -c; df --output=avail --block-size=1 /root").stdout.split()[::2]
    assert int(left) > 0.95 * int(log)
