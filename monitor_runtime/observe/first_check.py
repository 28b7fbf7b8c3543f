"""The proof, at the end of ``pulumi up``, that the monitor can see the instance and read the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tenacity import Retrying, wait_fixed

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import InstanceState
from monitor_runtime.contract.settings import Settings

PATIENCE = timedelta(minutes=2)
PAUSE_SECONDS = 10
"""A fresh role or instance takes that long, at most, to be known everywhere.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""


class FirstCheckError(Exception):
    """The monitor cannot do its work; the message says why, and what to change."""


def prove(cloud: Cloud, clock: Clock, settings: Settings, region: str) -> None:
    """Return when everything can be seen that the monitor needs.

    Raises:
        FirstCheckError: with every reason, when it still cannot after two minutes, however slow the calls are.
    """
    give_up_at = clock.now() + PATIENCE
    retrying = Retrying(
        stop=lambda _: clock.now() >= give_up_at, wait=wait_fixed(PAUSE_SECONDS), sleep=clock.sleep, reraise=True
    )
    retrying(lambda: _require(cloud, settings, region))


def _require(cloud: Cloud, settings: Settings, region: str) -> None:
    obstacles = [*_instance_obstacles(cloud, settings), *_bucket_obstacles(cloud, settings, region)]
    if obstacles:
        raise FirstCheckError(f"run {settings.run} cannot be watched: " + "; ".join(obstacles))


def _instance_obstacles(cloud: Cloud, settings: Settings) -> Iterator[str]:
    instance_id = settings.instance_ids[0]
    try:
        state = cloud.describe_instance(instance_id).state
    except CloudError as error:
        yield f"instance {instance_id} cannot be seen ({error}): allow the monitor ec2:DescribeInstances"
        return
    if state in {InstanceState.GONE, InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN}:
        yield f"instance {instance_id} is {state}: look into its launch, for example with describe-instances"


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
