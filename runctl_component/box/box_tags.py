"""Instance tags from which the on-box runner reads its settings."""

import re
import string
from collections.abc import Sequence
from fnmatch import fnmatchcase

from monitor_runtime.contract.deadline import BOX_DELAY, UNMARKED_DELAY
from monitor_runtime.contract.metrics import GPU_WORD
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.patterns import matches
from monitor_runtime.contract.settings import Settings
from runctl_component.box.runner_archive import runner_digest

TAG_SUCCESS_MARKER = "runctl:success-marker"
TAG_FAILURE_MARKER = "runctl:failure-marker"
TAG_SHUTDOWN_TIMEOUT = "runctl:shutdown-timeout-seconds"
TAG_POWER_OFF_AFTER = "runctl:power-off-after-seconds"
"""Since boot; absent when the instance must not end the run by itself."""
TAG_POWER_OFF_UNMARKED = "runctl:power-off-unmarked-seconds"
"""How long the runner tries to write its marker before it powers off; absent when it must not give up."""
TAG_MEASURE = "runctl:measure"
"""What the runner publishes as a metric of the instance; absent when that is nothing."""
TAG_RUNNER = "runctl:runner"
"""The SHA-256 of the runner that is fetched at the first boot. In user data, a new one would replace the instance."""


def box_tags(settings: Settings, *, powers_off_unmarked: bool = True) -> dict[str, str]:
    """Tags of the instance by which its runner knows the settings that may change while the training runs.

    The runner reads them through the instance metadata service, so ``instance_metadata_tags`` must be enabled.
    ``powers_off_unmarked``: whether it may give up on a marker that it cannot write.
    """
    tags = {
        TAG_SUCCESS_MARKER: written_success(settings.markers),
        TAG_FAILURE_MARKER: written_failure(settings.failure_markers),
        TAG_SHUTDOWN_TIMEOUT: str(settings.shutdown_timeout_seconds),
        TAG_RUNNER: runner_digest(),
    }
    if settings.max_runtime_hours and settings.on_deadline is not Action.REPORT:
        seconds = settings.max_runtime_hours * 3600 + BOX_DELAY.total_seconds()
        tags[TAG_POWER_OFF_AFTER] = str(round(seconds))
    if powers_off_unmarked:
        tags[TAG_POWER_OFF_UNMARKED] = str(round(UNMARKED_DELAY.total_seconds()))
    if settings.idle and settings.idle.by_the_box:
        tags[TAG_MEASURE] = GPU_WORD
    return tags


_WILDCARD = re.compile(r"\[!?\]?[^]]*\]|[?*]")
_STAND_INS = {"?": "x", "*": "run"}
_PREFERRED = string.ascii_letters + string.digits + string.punctuation


def written_success(markers: Sequence[str]) -> str:
    """The marker that the runner writes when the training has succeeded."""
    return _written_marker(markers, "training_complete.txt")


def written_failure(failure_markers: Sequence[str]) -> str:
    """The marker that the runner writes when the training has failed."""
    return _written_marker(failure_markers, "training_failed.txt")


def _written_marker(names: Sequence[str], default: str) -> str:
    """The marker that the runner writes: the first name without a wildcard, else one that the names match.

    Without any name the monitor looks for none: then the default shows people how the training ended.
    """
    plain = [name for name in names if not set(name) & set("*?[")]
    made_up = [_WILDCARD.sub(_stand_in, name) for name in names]
    matched = [name for name in (default, *made_up) if any(matches(pattern, name) for pattern in names)]
    return next(iter([*plain, *matched, default]))


def _stand_in(wildcard: re.Match[str]) -> str:
    """What one wildcard matches: of a set its first member, or what is not in it; what closes no set is no wildcard."""
    sign = wildcard.group()
    if sign in _STAND_INS:
        return _STAND_INS[sign]
    members = "" if sign.startswith("[!") else sign[1:-1]
    return next((each for each in members + _PREFERRED if each != "/" and fnmatchcase(each, sign)), sign)
