"""An S3 that is away for ever: the box does not wait for it at a GPU's price, and forgets nothing."""

from __future__ import annotations

from monitor_runtime.observe.marker_body import parse_body
from runctl_component.box.box_tags import TAG_POWER_OFF_UNMARKED
from sandbox.box.waiting import wait_until

from .product import FAILED, SUCCEEDED, TAGS, await_marker, product_box

COMMAND = "echo launch >>/root/launches; until [[ -e /root/go ]]; do sleep 0.1; done; echo 'out of data'; exit 3"


def test_a_box_that_cannot_tell_its_end_powers_off_and_tells_it_at_the_next_boot() -> None:
    with product_box(COMMAND, tags={**TAGS, TAG_POWER_OFF_UNMARKED: "3"}) as box:
        box.boot()
        wait_until(lambda: "launch" in box.run("cat /root/launches").stdout, 30, "start of the training")
        box.s3.unavailable()
        box.run("touch /root/go")
        box.wait_until_off(120)
        assert "marker not written" in box.console()
        assert not {SUCCEEDED, FAILED} & set(box.objects())
        box.s3.heal()
        box.boot()
        await_marker(box, FAILED)
        told = parse_body(box.object(FAILED))
        assert (told.exit_code, told.message, SUCCEEDED in box.objects()) == (3, "out of data", False)
        assert box.run("cat /root/launches").stdout == "launch\n"
