"""The user data of the product on a box that boots."""

from __future__ import annotations

from monitor_runtime.observe.marker_body import parse_body

from .product import SUCCEEDED, await_marker, product_box


def test_a_training_that_ends_well_leaves_its_marker() -> None:
    with product_box("echo trained") as box:
        box.boot()
        await_marker(box)
        assert parse_body(box.object(SUCCEEDED)).exit_code == 0
