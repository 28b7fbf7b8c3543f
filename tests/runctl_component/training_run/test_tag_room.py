"""An instance has room for 50 tags: the caller's, ours, and those that the monitor and a person write later."""

from __future__ import annotations

from monitor_runtime.contract.names import WRITTEN_AFTER_LAUNCH
from runctl_component.args.run_rules import MAX_TAGS

from ..forms import ALL, instance_of, registered

ROOM = 50
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"""


def test_as_many_tags_as_may_be_declared_fit_beside_all_that_is_ever_written() -> None:
    most = {f"key-{number}": "value" for number in range(MAX_TAGS)}
    measured = {"metric": "gpu", "threshold": 5, "minutes": 30}
    tags = instance_of(registered({**ALL, "on_failure": "terminate", "idle": measured, "tags": most}))["tags"]
    assert len({*tags, *WRITTEN_AFTER_LAUNCH}) == ROOM
