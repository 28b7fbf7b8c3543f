"""What a reviewer should see before a run is launched: a sentence each, and none where there is nothing to say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.settings import Settings
from runctl_component.plan.command_warnings import command_warnings
from runctl_component.plan.durations import SECONDS_PER_HOUR, in_words
from runctl_component.plan.endings import has_layers, kept_until, misses_failures
from runctl_component.plan.surroundings import Surroundings

LONG_HOURS = 7 * 24
"""A later deadline is no answer to a hang."""
_ACCELERATED = re.compile(r"(?:dl|f|gr?|inf|p|trn|vt)\d")
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html"""
_LOCAL_DISK_BY_NAME = re.compile(r"[a-z]+\d+[a-z]*d[a-z]*")
"""A ``d`` after the generation: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html"""
_LOCAL_DISK = frozenset(
    {
        *("c1", "c3", "d2", "d3", "d3en", "dl1", "f1", "f2"),
        *("g5", "g6", "g6e", "g6f", "g7", "g7e", "gr6", "gr6f", "h1"),
        *("i2", "i3", "i3en", "i4g", "i4i", "i7i", "i7ie", "i8g", "i8ge", "im4gn", "is4gen", "m1", "m2", "m3"),
        *("p5", "p5e", "p5en", "p6-b200", "p6-b300", "p6e-gb200", "r3"),
        *("trn1", "trn1n", "trn2", "trn2u", "x1", "x1e"),
    }
)
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/InstanceStorage.html"""


def warnings(settings: Settings, around: Surroundings) -> list[str]:
    """The warnings of a run, always in the same order."""
    return [
        *_of_the_topic(around),
        *_of_the_work(settings, around),
        *_of_the_end(settings),
        *_of_the_deadline(settings, around),
        *command_warnings(around.command or ""),
    ]


def _of_the_topic(around: Surroundings) -> Iterator[str]:
    if around.notifies is False:
        yield "no notify_topic_arn: nobody is told how the run ends, and its alarms are only visible in CloudWatch"
    if around.encrypted_topic:
        yield (
            "the alarms reach the encrypted topic only if the policy of its key lets cloudwatch.amazonaws.com use it:"
            " CloudWatch drops them in silence otherwise"
        )


def _of_the_work(settings: Settings, around: Surroundings) -> Iterator[str]:
    if settings.on_complete is Action.TERMINATE and settings.markers and not settings.checkpoint_patterns:
        yield (
            "terminate without verification: without checkpoint_patterns, nothing but the marker's own manifest and"
            " uploads under way is looked at before the disk is gone with the instance"
        )
    if around.spot == "one-time":
        yield _of_one_time_spot(settings)
    elif _may_stop(settings) and has_local_disk(around.instance_type):
        yield (
            f"{around.instance_type} has an instance store, which is lost when the instance stops: keep checkpoints on"
            " the root volume or in S3"
        )


def _of_one_time_spot(settings: Settings) -> str:
    cannot = "EC2 cannot stop a one-time spot instance: what is to be stopped is terminated, and its disk is lost"
    if settings.on_complete is Action.REPORT:
        return cannot
    return f"{cannot}; only work that cannot be verified keeps it running, {kept_until(settings)}"


def _may_stop(settings: Settings) -> bool:
    endings = {settings.on_complete, settings.on_failure}
    return Action.STOP in (endings | {settings.on_deadline} if settings.max_runtime_hours else endings)


def has_local_disk(instance_type: str | None) -> bool:
    """Whether instances of the type have an instance store, as far as its family is known to have one."""
    family = (instance_type or "").partition(".")[0]
    return family in _LOCAL_DISK or _LOCAL_DISK_BY_NAME.fullmatch(family) is not None


def _of_the_end(settings: Settings) -> Iterator[str]:
    """Endings that are none, and ends that are not noticed."""
    reported = [name for name in ("on_complete", "on_failure") if getattr(settings, name) is Action.REPORT]
    if reported:
        yield (
            f"{' and '.join(reported)}: report: a run that ended so is only told, and its instance goes on"
            f" {kept_until(settings)}"
        )
    if misses_failures(settings):
        yield (
            "no failure_markers: that a training has failed is not noticed, and its instance goes on"
            f" {kept_until(settings)}"
        )


def _of_the_deadline(settings: Settings, around: Surroundings) -> Iterator[str]:
    if not has_layers(settings):
        why = "on_deadline: report" if settings.max_runtime_hours else "no deadline"
        yield f"{why}: there is no deadline switch and no timer, and a run whose end is not noticed goes on for ever"
        return
    if not settings.box_reports:
        yield "no third layer: with user_data, no timer on the instance ends the run when AWS does not"
    looked_for = (settings.idle or settings.stalled) and settings.on_failure is not Action.REPORT
    if settings.max_runtime_hours > LONG_HOURS and is_accelerated(around.instance_type) and not looked_for:
        yield (
            f"a training that hangs keeps its {around.instance_type} for"
            f" {in_words(settings.max_runtime_hours * SECONDS_PER_HOUR)}, until its deadline: set idle or stalled"
        )


def is_accelerated(instance_type: str | None) -> bool:
    """Whether instances of the type have GPUs or other accelerators."""
    return _ACCELERATED.match(instance_type or "") is not None
