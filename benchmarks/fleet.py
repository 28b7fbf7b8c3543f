"""What fleets of runs ask of EC2 and S3, calm, in an outage and after it, against EC2's limit of requests.

The monitor's own check runs for every heartbeat and follow-up, in virtual time, on a cloud that knows DescribeInstances
and ListObjectsV2 alone. All runs are in training, past the short intervals of their first minutes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from benchmarks.measured import Grid, Measured
from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.report import Report
from monitor_runtime.check import check
from monitor_runtime.cloud.aws import CLIENT_CONFIG
from monitor_runtime.cloud.aws_errors import to_cloud_error
from monitor_runtime.cloud.interface import CloudError, FollowUp
from monitor_runtime.cloud.pages import Page
from monitor_runtime.cloud.values import Instance, InstanceState
from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import switch_time
from monitor_runtime.contract.memory import armed_value
from monitor_runtime.contract.settings import Settings
from sandbox.simulation.world.process import Process, ProcessClock
from sandbox.simulation.world.timeline import MINUTE, SECOND, START, Timeline, to_milliseconds

Value = TypeVar("Value")

FLEETS = ((1_000, 300), (6_000, 300), (10_000, 300), (10_000, 600))
"""Runs, and their ``max_interval_seconds``."""
SAMPLE = 2_000
"""Of a larger fleet so many runs are played, with as small a part of EC2's bucket, and what they do is scaled up."""
BUCKET_REQUESTS, REFILL_A_SECOND = 100, 20
"""DescribeInstances with filters, for the whole account in a region:
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""
WARM_UP, PART = 15, 30
"""Minutes: before anything is counted, and of each part that is."""
PARTS = ("calm", "outage", "recovery")
LATE = 59 * SECOND
"""EventBridge Scheduler fires within a minute."""
CALL = 60
"""Milliseconds of a call that is answered."""
TIMEOUT = 900 * SECOND
CONFIG: Any = CLIENT_CONFIG
ATTEMPTS: int = CONFIG.retries["total_max_attempts"]
"""Of botocore, for each call. Its own quota of retries is left out."""


def answered(operation: str, code: str, status: int) -> CloudError:
    """What the monitor makes of an error of AWS."""
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return to_cloud_error(operation, ClientError(answer, operation))


THROTTLED = answered("ec2:DescribeInstances", "RequestLimitExceeded", 503)


@dataclass(frozen=True)
class Outage:
    """A service that fails for `PART` minutes: at once, or after botocore's own timeout."""

    name: str
    operation: str
    error: CloudError
    takes: int


_TIMED_OUT = to_cloud_error("s3:ListObjectsV2", ReadTimeoutError(endpoint_url="https://s3"))
OUTAGES = (
    Outage("S3 fails", "list", answered("s3:ListObjectsV2", "InternalError", 500), CALL),
    Outage("S3 hangs", "list", _TIMED_OUT, CONFIG.read_timeout * SECOND),
    Outage("EC2 fails", "describe", answered("ec2:DescribeInstances", "InternalError", 500), CALL),
)


@dataclass
class Counts:
    """What happened in a minute."""

    requests: Counter[str] = field(default_factory=Counter[str])
    throttled: int = 0
    busy: int = 0
    """Milliseconds of all invocations together."""


@dataclass
class Run:
    """One run: its settings, its instance, its follow-up, and when the monitor last saw it whole."""

    settings: Settings
    instance: Instance
    follow_up: int = 0
    seen_at: int = 0


class Fleet:
    """Runs under one monitor, for `WARM_UP` and three parts of `PART` minutes."""

    def __init__(self, runs: int, interval_seconds: int, outage: Outage, sample: int) -> None:
        self.timeline = Timeline(traced=False)
        self.random = Random(f"{runs} {interval_seconds} {outage.name}")
        self.outage = outage
        self.minutes = [Counts() for _ in range(WARM_UP + PART * len(PARTS) + 1)]
        self.gaps: Counter[str] = Counter()
        self.scale = max(1.0, runs / sample)
        self._full, self._refill = BUCKET_REQUESTS / self.scale, REFILL_A_SECOND / self.scale
        self._tokens, self._filled_at = self._full, 0
        self.runs = [_run(number, interval_seconds, self.random) for number in range(round(runs / self.scale))]
        for run in self.runs:
            self._beat(run, self.random.randrange(interval_seconds * SECOND))

    def play(self) -> None:
        """Let the time pass."""
        self.timeline.run((WARM_UP + PART * len(PARTS)) * MINUTE, lambda: False)
        for run in self.runs:
            self.saw(run)

    def minute(self, moment: int) -> Counts:
        """Where a moment is counted."""
        return self.minutes[min(moment // MINUTE, len(self.minutes) - 1)]

    def part(self, moment: int) -> str:
        """The part of the time to which a moment belongs."""
        return PARTS[min(max(0, moment // MINUTE - WARM_UP) // PART, len(PARTS) - 1)]

    def take(self) -> bool:
        """Whether EC2's bucket has a token left."""
        filled = self._tokens + self._refill * (self.timeline.now - self._filled_at) / SECOND
        self._tokens, self._filled_at = min(self._full, filled), self.timeline.now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _beat(self, run: Run, due: int) -> None:
        def happen() -> None:
            _Invocation(self, run).begin()
            self._beat(run, due + run.settings.max_interval_seconds * SECOND)

        self.timeline.at(due + self.random.randrange(LATE), happen)

    def put(self, run: Run, at: int) -> None:
        """Schedule a follow-up in place of the one there is."""
        run.follow_up += 1
        mine = run.follow_up

        def fire() -> None:
            if run.follow_up == mine:
                _Invocation(self, run).begin()

        self.timeline.at(at + self.random.randrange(LATE), fire)

    def saw(self, run: Run) -> None:
        """A look that found everything."""
        now, part = self.timeline.now, self.part(self.timeline.now)
        if run.seen_at >= WARM_UP * MINUTE or part != PARTS[0]:
            self.gaps[part] = max(self.gaps[part], now - run.seen_at)
        run.seen_at = now


def _run(number: int, interval_seconds: int, random: Random) -> Run:
    settings = Settings(
        f"run-{number}",
        "team/prod/runs",
        "outputs",
        f"runs/{number}/",
        max_interval_seconds=interval_seconds,
        max_runtime_hours=1000.0,
    )
    launched_at = START - timedelta(minutes=random.randrange(120, 1200))
    switch = switch_time(settings, launched_at, None)
    armed = armed_value(switch, settings.on_deadline, settings.monitor) if switch else ""
    tags = {**names.run_tags(settings.monitor, settings.run), names.TAG_ARMED: armed}
    return Run(settings, Instance(f"i-{number:017x}", InstanceState.RUNNING, launched_at, tags))


class _Invocation:
    """One invocation of the function."""

    def __init__(self, fleet: Fleet, run: Run) -> None:
        self._fleet, self._run = fleet, run
        self._process = Process(fleet.timeline, fleet.timeline.now + TIMEOUT)
        self._started = fleet.timeline.now
        self.calls: Mapping[str, int] = {}

    def begin(self) -> None:
        self._process.run(self._go)

    def _go(self) -> None:
        clock = ProcessClock(self._process)
        cloud: Any = self
        report = Report(self._run.settings.run, "heartbeat", clock.now())
        context = CheckContext(self._run.settings, cloud, clock, report, lambda: TIMEOUT / SECOND, notifies=True)
        check(context)
        end = self._fleet.timeline.now + CALL
        for moment in range(self._started, end, MINUTE):
            self._fleet.minute(moment).busy += min(MINUTE, end - moment)

    def find_instances(self, tags: Mapping[str, str], *, ended: bool = False) -> Sequence[Instance]:
        del tags, ended
        return self._call("describe", lambda: (self._run.instance,))

    def list_folder(self, bucket: str, prefix: str, token: str | None = None) -> Page:
        del bucket, prefix, token
        return self._call("list", self._listed)

    def put_follow_up(self, follow_up: FollowUp) -> None:
        self._fleet.put(self._run, to_milliseconds(follow_up.at))

    def _listed(self) -> Page:
        self._fleet.saw(self._run)
        return Page((), None)

    def _call(self, operation: str, effect: Callable[[], Value]) -> Value:
        """A call with botocore's attempts and the pauses between them."""
        process, random = self._process, self._fleet.random
        for attempt in range(1, ATTEMPTS + 1):
            error, takes = self._requested(operation)
            if takes > CALL:
                process.spend(takes)
            if error is None:
                return effect()
            if attempt == ATTEMPTS:
                raise error
            process.spend(int(random.random() * 2 ** (attempt - 1) * SECOND))
        raise AssertionError

    def _requested(self, operation: str) -> tuple[CloudError | None, int]:
        fleet = self._fleet
        now, outage = fleet.timeline.now, fleet.outage
        counts = fleet.minute(now)
        counts.requests[operation] += 1
        counts.busy += CALL
        throttled = operation == "describe" and not fleet.take()
        counts.throttled += throttled
        if fleet.part(now) == "outage" and operation == outage.operation:
            return outage.error, outage.takes
        return (THROTTLED if throttled else None), CALL


def rows(fleet: Fleet) -> Iterator[tuple[str, tuple[float, ...]]]:
    """`FIGURES` of each part of the time."""
    calm: dict[str, float] = {}
    for number, part in enumerate(PARTS):
        begin = WARM_UP + PART * number
        minutes = fleet.minutes[begin : begin + PART]
        figures: list[float] = []
        for operation in ("describe", "list"):
            sent = [each.requests[operation] * fleet.scale / 60 for each in minutes]
            mean = sum(sent) / PART
            calm.setdefault(operation, mean)
            figures += [mean, max(sent), mean / calm[operation]]
        throttled = sum(each.throttled for each in minutes) / sum(each.requests["describe"] for each in minutes)
        busiest = max(each.busy for each in minutes) * fleet.scale
        yield part, (*figures, 100 * throttled, fleet.gaps[part] / MINUTE, busiest / MINUTE)


FIGURES = ("Describe", "peak", "to calm", "LIST", "peak", "to calm", "throttled, %", "longest gap, min", "Lambdas")
TO_CALM = (2, 5)


def measure() -> Measured:
    """Each fleet's figures, those of an outage and of the time after it beside the calm ones."""
    table: list[tuple[str, ...]] = []
    highest = 0.0
    for runs, interval_seconds in FLEETS:
        for outage in OUTAGES:
            fleet = Fleet(runs, interval_seconds, outage, SAMPLE)
            fleet.play()
            for part, figures in rows(fleet):
                time = part if part == PARTS[0] else f"{part}: {outage.name}"
                cells = [f"{figure:.{2 if column in TO_CALM else 1}f}" for column, figure in enumerate(figures)]
                highest = max([highest, *(figures[column] for column in TO_CALM)])
                if part != PARTS[0] or outage is OUTAGES[0]:
                    table.append((time, f"{runs:,}", str(interval_seconds), *cells))
    return Measured(
        [Grid(("time", "runs", "interval, s", *FIGURES), table)],
        [
            f"Requests a second: {PART} minutes each, their mean and busiest one.",
            "A gap between good looks counts where it ends.",
            f"Attempts of a call: {ATTEMPTS}.",
            f"EC2's bucket has {BUCKET_REQUESTS} requests and {REFILL_A_SECOND} more a second, for this fleet alone.",
            f"The highest rate to the calm one: {highest:.2f} (the goal: 1, but for chance).",
        ],
    )
