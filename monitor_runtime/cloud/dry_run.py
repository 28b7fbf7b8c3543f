"""Dry runs of EC2: what is asked, and which of the answers mean that the change is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitor_runtime.cloud.interface import Change, CloudError
from monitor_runtime.contract import names

COULD_BE_DONE = frozenset(
    {
        "DryRunOperation",
        "IncorrectInstanceState",
        "InvalidSpotInstanceRequestID.NotFound",
        "UnsupportedOperation",
    }
)
"""``DryRunOperation`` says that it is allowed, ``UnauthorizedOperation`` that it is not. The others are about the
resource: an instance that has not been running yet cannot be stopped, EC2 cannot stop each kind of instance, and it
forgets spot requests that are over. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""

_IDS = {
    Change.STOP: "InstanceIds",
    Change.TERMINATE: "InstanceIds",
    Change.TAG: "Resources",
    Change.CANCEL_SPOT_REQUEST: "SpotInstanceRequestIds",
}


_ENCODED = " Encoded authorization failure message"
"""From here on EC2's denial is for machines."""


def trial(change: Change, resource_ids: Sequence[str]) -> Mapping[str, Any]:
    """The parameters of the dry run. All tags of the monitor are tried: a policy can tell them apart by their keys."""
    asked: dict[str, Any] = {_IDS[change]: list(resource_ids), "DryRun": True}
    if change is Change.TAG:
        asked["Tags"] = [{"Key": key, "Value": ""} for key in names.RECORDED_TAGS]
    return asked


def denial(error: CloudError) -> str:
    """What of an error a person can read."""
    return str(error).partition(_ENCODED)[0]
