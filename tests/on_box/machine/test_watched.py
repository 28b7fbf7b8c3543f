"""What a box has written is understood by the monitor: its handler ends the run as the training has ended."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from monitor_runtime.contract import names
from sandbox.box.waiting import wait_until

from ...monitor_runtime.cloud.moto_cloud import Cloud, moto_cloud
from .product import FAILED, PREFIX, SUCCEEDED, product_box, train_anew

MANIFEST = """
head -c 100000 /dev/zero >final.pt
aws s3 cp --only-show-errors final.pt "$RUNCTL_OUTPUT_URI/checkpoints/{name}"
echo '[{{"key": "checkpoints/final.pt", "size": 100000}}]' >"$RUNCTL_CHECKPOINT_MANIFEST"
"""
COMMANDS = {
    "a success": "echo trained",
    "a failure": "echo 'out of data'; exit 3",
    "a kill": "kill -KILL $$",
    "a killed runner": "kill -KILL $PPID",
    "a manifest": MANIFEST.format(name="final.pt"),
    "a manifest of what was not uploaded": MANIFEST.format(name="last.pt"),
}
Objects = Mapping[str, bytes]


@pytest.fixture(scope="module")
def written() -> Mapping[str, Objects]:
    """What a box has written below its prefix when it has run each of the commands: bodies by name."""
    found: dict[str, Objects] = {}
    with product_box("true") as box:
        box.boot()
        for name, command in COMMANDS.items():
            train_anew(box, command)
            wait_until(lambda: bool({SUCCEEDED, FAILED} & set(box.objects())), 40, "marker")
            found[name] = {key.removeprefix(PREFIX): body for key, body in box.objects().items()}
            box.s3.remove(*box.objects())
    return found


@contextmanager
def _watched(objects: Objects, **fields: Any) -> Generator[Cloud]:
    """A run that has written these objects half an hour after its launch."""
    with moto_cloud(box_reports=True, verify_timeout_seconds=0, share_last_words=True, **fields) as cloud:
        cloud.check("first-check")
        cloud.pass_time(minutes=30)
        for name, body in objects.items():
            cloud.put(name, body)
        yield cloud


@pytest.mark.parametrize(
    ("command", "outcome", "words"),
    [
        ("a success", "succeeded", ""),
        ("a failure", "failed", "exit code 3, out of data"),
        ("a kill", "failed", "exit code 137"),
        ("a killed runner", "failed", "the runner was killed"),
        ("a manifest", "succeeded", ""),
        ("a manifest of what was not uploaded", "unverified", "checkpoints/final.pt"),
    ],
)
def test_the_monitor_ends_the_run_as_its_training_has_ended(
    written: Mapping[str, Objects], command: str, outcome: str, words: str
) -> None:
    with _watched(written[command]) as cloud:
        cloud.check()
        cloud.pass_time(minutes=6)
        reply = cloud.check()
        assert (reply["decision"], cloud.tags[names.TAG_OUTCOME], cloud.state) == ("end", outcome, "stopped"), reply
        (message,) = cloud.messages()
        assert words in str(message), message


def test_the_start_that_a_box_reports_is_a_sign_of_life(written: Mapping[str, Objects]) -> None:
    report = {name: body for name, body in written["a success"].items() if name.startswith("runctl/")}
    with _watched(report) as cloud:
        reply = cloud.check()
        assert (reply["decision"], reply["problems"]) == ("wait", [])
        assert cloud.tags[names.TAG_BOX].endswith("reported")
