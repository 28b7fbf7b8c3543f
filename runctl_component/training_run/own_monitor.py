"""The monitor that a run makes for itself when it is given none."""

from typing import cast

import pulumi

from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.declared import MonitorArgs, WatchArgs
from runctl_component.args.defaults import HEARTBEATS_OF_SILENCE
from runctl_component.monitor.monitor import Monitor
from runctl_component.monitor.naming import monitor_tag

_PASSED_ON = ("notify_topic_arn", "notify_key_arn", "permissions_boundary_arn", "role_path")


def own_monitor_tag(run: str) -> str:
    """The tag of the monitor of a run's own."""
    return monitor_tag(_name(run))


def create_own_monitor(run: str, checked: CheckedArgs, opts: pulumi.ResourceOptions) -> Monitor:
    """A monitor that watches the place of this run and listens for its markers, and for no others."""
    watch: WatchArgs = {"bucket": checked.read_one("bucket"), "prefix": checked.read_one("prefix")}
    if "kms_key_arn" in checked:
        watch["kms_key_arn"] = checked.read_one("kms_key_arn")
    args: MonitorArgs = {"watch": [watch], "s3_events": checked.given.get("s3_events", False)}
    args["silence_minutes"] = checked.read(
        ("max_interval_seconds",), lambda args: int(args["max_interval_seconds"]) * HEARTBEATS_OF_SILENCE // 60
    )
    passed_on = checked.given_as({field: field for field in _PASSED_ON})
    markers = checked.read(("markers", "failure_markers"), lambda args: [*args["markers"], *args["failure_markers"]])
    return Monitor(_name(run), cast("MonitorArgs", {**args, **passed_on}), opts, exact_markers=markers)


def _name(run: str) -> str:
    return f"{run}-monitor"
