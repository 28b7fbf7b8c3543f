"""The proof, at the end of ``pulumi up``, that the monitor can see the instance, read the bucket and end the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from tenacity import Retrying, wait_fixed

from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import ON, Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.settings import Settings

PATIENCE = timedelta(minutes=2)
"""A fresh role or instance takes that long, at most, to be known everywhere.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""
PAUSE_SECONDS = 10
LONGEST = timedelta(minutes=5)
"""After that no further step is begun, however slow the calls are: the check of the run must fit in as well."""

Step = Callable[[], Iterable[str]]
"""Tries something; what comes back keeps the run from being watched or ended."""
Tell = Callable[[Sequence[Instance]], Iterable[str]]


class FirstCheckError(Exception):
    """The monitor cannot do its work; the message says why, and what to change."""

    def __init__(self, run: str, obstacles: Sequence[str]) -> None:
        """``obstacles`` is never empty."""
        self.obstacles = tuple(obstacles)
        super().__init__(f"run {run} cannot be watched: " + "; ".join(obstacles))


def prove(
    cloud: Cloud,
    clock: Clock,
    settings: Settings,
    region: str,
    *,
    rights: Callable[[Sequence[Instance]], Sequence[Step]] = lambda _: (),
    tell: Tell = lambda _: (),
) -> Sequence[Instance]:
    """Return the live instances when everything is as the monitor needs it.

    ``rights``: the steps that try what ends these instances. ``tell``: says that they are watched, once all holds.

    Raises:
        FirstCheckError: with every reason, when something is still missing after two minutes, however slow the calls
            are.
    """
    began_at = clock.now()
    retrying = Retrying(
        stop=lambda _: clock.now() >= began_at + PATIENCE,
        wait=wait_fixed(PAUSE_SECONDS),
        sleep=clock.sleep,
        reraise=True,
    )

    def attempt() -> Sequence[Instance]:
        found = _find(cloud, settings)
        instances = () if isinstance(found, str) else found
        obstacles = [found] if isinstance(found, str) else []
        steps: list[Step] = [
            *([partial(_place_obstacles, cloud, settings, clock.now())] if instances else []),
            partial(_bucket_obstacles, cloud, settings, region),
            *rights(instances),
        ]
        obstacles += _tried(steps, clock, began_at + LONGEST)
        if obstacles := obstacles or [*tell(instances)]:
            raise FirstCheckError(settings.run, obstacles)
        return instances

    return retrying(attempt)


def _tried(steps: Sequence[Step], clock: Clock, until: datetime) -> Iterator[str]:
    """What keeps the steps from succeeding; those for which no time is left count as failed, together."""
    for step in steps:
        if clock.now() >= until:
            minutes = LONGEST.seconds // 60
            yield f"AWS was too slow for everything to be tried within {minutes} minutes: run pulumi up again later"
            return
        yield from step()


def _find(cloud: Cloud, settings: Settings) -> Sequence[Instance] | str:
    """The run's live instances by their tags, as every later check finds them, or why nothing can be watched."""
    tags = names.run_tags(settings.monitor, settings.run)
    try:
        found = cloud.find_instances(tags, ended=True)
    except CloudError as error:
        return f"its instance cannot be seen ({error}): allow the monitor ec2:DescribeInstances"
    over = {InstanceState.TERMINATED, InstanceState.SHUTTING_DOWN}
    if live := [each for each in found if each.state not in over]:
        return live
    if found:
        ended = ", ".join(f"{each.instance_id} is {each.state}" for each in found)
        return f"instance {ended}: look into its launch, for example with describe-instances"
    wanted = ", ".join(f"{tag}={value}" for tag, value in tags.items())
    return f"no instance is found by the tags {wanted}: see whether it, or they, were removed"


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
        cloud.list_uploads(bucket, prefix)
    except CloudError as error:
        yield (
            f"bucket {bucket} cannot be read under {prefix!r} ({error}): check its name and region, and that its policy"
            " lets the monitor's role list it and its multipart uploads"
        )
