"""What a plan holds: read in previews, and by programs in whatever language."""

from typing import NotRequired, TypedDict


class LongestWait(TypedDict):
    """How long the instance of a complete run may still run: from the marker's LastModified to the stop call."""

    by_poll: int
    """Seconds, when the marker is found by a check."""
    by_event: NotRequired[int]
    """Seconds, when it is found by an event; with `s3_events`."""
    words: str
    """What it is made of."""


class DeadlineLayer(TypedDict):
    """One of those that end a run past its deadline, each without the ones before it."""

    after_launch: str
    """When."""
    who: str
    """Who does it."""


class MonitorDollars(TypedDict):
    """What the monitor itself costs a day."""

    metrics: float
    """Dollars for its metrics."""
    alarms: float
    """Dollars for its alarms."""
    dashboard: float
    """Dollars for its dashboard."""
    total: float
    """Dollars in all."""
    words: str
    """What that covers."""


class Plan(TypedDict):
    """How a run is watched, how it will end, and what watching costs; known at preview."""

    first_checks_seconds: list[float]
    """Seconds from the launch to each of the first checks."""
    then_every_seconds: int
    """The interval at which checks go on, in seconds."""
    longest_wait_seconds: LongestWait
    """From the marker to the stop call, when nothing fails."""
    longest_run: dict[str, str]
    """The longest that the instance can run after its training has ended, by what may fail, in words."""
    longest_run_seconds: dict[str, float]
    """The same in seconds, where there is a bound."""
    endings: dict[str, str]
    """What each outcome does to the instance, by outcome."""
    deadline_layers: list[DeadlineLayer]
    """Who ends a run that nothing else has ended, and when; none without a deadline."""
    sign_of_life: str
    """What is told of an instance on which the training never began."""
    warnings: list[str]
    """What a reviewer should see."""
    per_day_words: str
    """The time that `api_calls_per_day` and `dollars_per_day` cover."""
    api_calls_per_day: dict[str, int]
    """Requests of the monitor for the run, by service."""
    dollars_per_day: dict[str, float]
    """What watching the run costs at list prices, by service, and in total."""
    monitor_dollars_per_day: MonitorDollars
    """What the monitor itself costs, once for all the runs that share it."""
    price_date: str
    """The date of the list prices."""
