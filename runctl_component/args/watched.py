"""A place that a monitor watches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from runctl_component.args.defaults import normal_prefix


@dataclass(frozen=True)
class Watched:
    """A resolved entry of ``watch``."""

    bucket: str
    prefix: str
    kms_key_arn: str | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """The entry as it was declared, without Outputs."""
        return cls(entry["bucket"], normal_prefix(entry.get("prefix") or ""), entry.get("kms_key_arn"))

    def covers(self, bucket: str, prefix: str) -> bool:
        """Whether a run that writes there is within."""
        return bucket == self.bucket and prefix.startswith(self.prefix)
