"""The monitor that a run makes for itself when it is given none."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.declared import MonitorArgs, WatchArgs
from runctl_component.args.defaults import silence_minutes
from runctl_component.monitor.monitor import Monitor
from runctl_component.monitor.naming import monitor_tag
from runctl_component.training_run.fits_monitor import OF_THE_MONITOR

_PASSED_ON = (*OF_THE_MONITOR, "permissions_boundary_arn", "role_path")


def own_monitor_tag(run: str) -> str:
    """The tag of the monitor of a run's own."""
    return monitor_tag(_name(run))


def create_own_monitor(run: str, checked: CheckedArgs, opts: pulumi.ResourceOptions) -> Monitor:
    """A monitor that watches the place of this run and listens for its markers, and for no others."""
    watch: WatchArgs = {"bucket": checked.read_one("bucket"), "prefix": checked.read_one("prefix")}
    if "kms_key_arn" in checked:
        watch["kms_key_arn"] = checked.read_one("kms_key_arn")
    args: MonitorArgs = {"watch": [watch], "s3_events": checked.given.get("s3_events", False)}
    silence = checked.read(("silence_minutes", "max_interval_seconds"), _silence_minutes)
    passed_on = checked.given_as({field: field for field in _PASSED_ON})
    markers = checked.read(("markers", "failure_markers"), lambda args: [*args["markers"], *args["failure_markers"]])
    return Monitor(
        _name(run), cast("MonitorArgs", {**args, **passed_on, "silence_minutes": silence}), opts, exact_markers=markers
    )


def _silence_minutes(args: Mapping[str, Any]) -> int:
    return int(args.get("silence_minutes") or silence_minutes(args["max_interval_seconds"]))


def _name(run: str) -> str:
    return f"{run}-monitor"
