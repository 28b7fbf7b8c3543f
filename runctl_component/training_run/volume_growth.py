"""EBS volumes only grow: a smaller one is refused in the preview, and not by EC2 in the middle of an update."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

from monitor_runtime.contract.rules import Problem
from runctl_component.errors import InvalidArgs


def growing_only(name: str) -> pulumi.ResourceHookBinding | None:
    """For the instance of a run: its root volume may become larger in place, and never smaller.

    Nothing under Pulumi's mocks, which update nothing, and cannot register a hook in older versions.
    https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html
    """
    if isinstance(get_monitor(), MockMonitor):
        return None

    def require_growth(args: pulumi.ResourceHookArgs) -> None:
        old, new = _size(args.old_inputs), _size(args.new_inputs)
        if old is not None and new is not None and new < old:
            problem = Problem(
                "root_volume_gib",
                got=int(new),
                accepted=f"at least {int(old)}, the size of the volume that is there: EBS volumes only grow",
                fix=f"keep that size, or have the instance replaced: pulumi up --replace '{args.urn}'",
            )
            raise InvalidArgs(f"TrainingRun {name!r}", [problem])

    hook = pulumi.ResourceHook(f"{name}-volume", require_growth, pulumi.ResourceHookOptions(on_dry_run=True))
    return pulumi.ResourceHookBinding(before_update=[hook])


def _size(inputs: Mapping[str, Any] | None) -> float | None:
    """None while it is unknown."""
    volume: Any = (inputs or {}).get("rootBlockDevice")
    size = volume.get("volumeSize") if isinstance(volume, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return size if isinstance(size, int | float) else None
