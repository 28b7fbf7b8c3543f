"""The proof, at the end of ``pulumi up``, that the monitor can see the instance and read the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tenacity import Retrying, wait_fixed

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import ON, Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.decide.memory import Memory

PATIENCE = timedelta(minutes=2)
PAUSE_SECONDS = 10
"""A fresh role or instance takes that long, at most, to be known everywhere.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""


class FirstCheckError(Exception):
    """The monitor cannot do its work; the message says why, and what to change."""


def prove(cloud: Cloud, clock: Clock, settings: Settings, instance_id: str, region: str) -> Instance:
    """Return the instance when everything can be seen that the monitor needs.

    Raises:
        FirstCheckError: with every reason, when it still cannot after two minutes, however slow the calls are.
    """
    give_up_at = clock.now() + PATIENCE
    retrying = Retrying(
        stop=lambda _: clock.now() >= give_up_at, wait=wait_fixed(PAUSE_SECONDS), sleep=clock.sleep, reraise=True
    )
    return retrying(lambda: _require(cloud, settings, instance_id, region, clock.now()))


def _require(cloud: Cloud, settings: Settings, instance_id: str, region: str, now: datetime) -> Instance:
    found = _find(cloud, settings, instance_id)
    of_instance = [found] if isinstance(found, str) else _place_obstacles(cloud, settings, now)
    obstacles = [*of_instance, *_bucket_obstacles(cloud, settings, region)]
    if isinstance(found, str) or obstacles:
        raise FirstCheckError(f"run {settings.run} cannot be watched: " + "; ".join(obstacles))
    return found


def _find(cloud: Cloud, settings: Settings, instance_id: str) -> Instance | str:
    """The instance by its tags, as every later check finds it, or why it cannot be watched."""
    tags = names.run_tags(settings.monitor, settings.run)
    try:
        found = cloud.find_instances(tags, ended=True)
    except CloudError as error:
        return f"instance {instance_id} cannot be seen ({error}): allow the monitor ec2:DescribeInstances"
    instance = next((each for each in found if each.instance_id == instance_id), None)
    if instance is None:
        wanted = ", ".join(f"{tag}={value}" for tag, value in tags.items())
        return f"instance {instance_id} is not found by its tags {wanted}: see whether it, or they, were removed"
    if instance.state in {InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN}:
        return f"instance {instance_id} is {instance.state}: look into its launch, for example with describe-instances"
    return instance


def _place_obstacles(cloud: Cloud, settings: Settings, now: datetime) -> Iterator[str]:
    """Live instances of other runs, of whatever monitor, that write to the run's place: a marker of one would end both.

    One that is stopped is at an end, and one that Pulumi is about to remove is soon.
    """
    place = names.output_tag(settings.bucket, settings.prefix)
    try:
        found = cloud.find_instances({names.TAG_OUTPUT: place})
    except CloudError as error:
        yield f"instances of other runs at {place} cannot be seen ({error}): allow the monitor ec2:DescribeInstances"
        return
    own = names.run_tags(settings.monitor, settings.run)
    for other in (each for each in found if each.state in ON):
        if not own.items() <= other.tags.items() and not Memory.of(other, now).may_be_going(now):
            run, monitor = (other.tags.get(tag, "") for tag in (names.TAG_RUN, names.TAG_MONITOR))
            yield (
                f"{place} is the place of instance {other.instance_id} too ({other.state}), of run {run or '?'} under"
                f" monitor {monitor or '?'}: give this run another prefix, or remove the other one first"
            )


def _bucket_obstacles(cloud: Cloud, settings: Settings, region: str) -> Iterator[str]:
    bucket, prefix = settings.bucket, settings.prefix
    try:
        cloud.list_folder(bucket, prefix)
        home = cloud.bucket_region(bucket)
        if home != region:
            yield f"bucket {bucket} is in {home}, the monitor in {region}: use a bucket of the run's region"
            return
        if settings.s3_events and not cloud.bucket_sends_events(bucket):
            yield f"bucket {bucket} sends no events to EventBridge: turn them on, or set s3_events to false"
    except CloudError as error:
        yield (
            f"bucket {bucket} cannot be read under {prefix!r} ({error}): check its name and region, and that its policy"
            " lets the monitor's role list it"
        )
