"""The user data of the product on a box that boots."""

from __future__ import annotations

from monitor_runtime.contract.settings import Settings
from monitor_runtime.observe.marker_body import parse_body
from runctl_component.box.box_tags import box_tags
from runctl_component.box.runner_archive import runner_archive, runner_key
from runctl_component.box.user_data import render_user_data
from sandbox.box.machine import BUCKET, box_machine
from sandbox.box.object_store import REGION
from sandbox.box.waiting import wait_until

PREFIX = "runs/llama/"
MARKER = f"{PREFIX}training_complete.txt"


def test_a_training_that_ends_well_leaves_its_marker() -> None:
    script = render_user_data(
        command="echo trained", environment={}, run="llama", bucket=BUCKET, prefix=PREFIX, region=REGION
    )
    with box_machine(script, tags=box_tags(Settings("llama", "project/stack/monitor", BUCKET, PREFIX))) as box:
        box.s3.put(runner_key(PREFIX), runner_archive())
        box.boot()
        wait_until(lambda: MARKER in box.objects(), 30, "marker")
        assert parse_body(box.object(MARKER)).exit_code == 0
