"""The settings document: what a run's heartbeat carries, and the contract between component and monitor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, cast

from monitor_runtime.contract import patterns, rules
from monitor_runtime.contract.metrics import GPU_METRIC, metric_meant
from monitor_runtime.contract.outcomes import Action
from monitor_runtime.contract.rules import Problem, Rule
from monitor_runtime.contract.scheduler_keywords import without_keywords

VERSION = 1
_MIN_RUNTIME_SECONDS = 600


class SettingsError(ValueError):
    """A settings document that must not be acted on; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """``problems`` is never empty."""
        self.problems = problems
        super().__init__("settings document refused:\n" + "\n".join(f"  {problem}" for problem in problems))


@dataclass(frozen=True, slots=True)
class Idle:
    """A metric that stays under ``threshold``, or at it when that is 0, for ``minutes`` means that the run is idle.

    Not before the training was active, or ``warm_up_minutes`` have passed since the launch.
    """

    metric: str
    threshold: float
    minutes: int
    warm_up_minutes: int = 120

    @property
    def by_the_box(self) -> bool:
        """Whether it is our runner on the instance that publishes the metric."""
        return self.metric == GPU_METRIC

    @property
    def condition(self) -> str:
        """What the metric has to do, in words: ``under 5 for 30 minutes``. Nothing is under 0."""
        return f"{'at' if self.threshold == 0 else 'under'} {self.threshold:g} for {self.minutes} minutes"


@dataclass(frozen=True, slots=True)
class Stalled:
    """A run that writes no object that matches any of ``patterns`` for ``minutes`` has stalled."""

    patterns: tuple[str, ...]
    minutes: int


def _checked(rule: Rule, read: Callable[[Any], Any] = lambda value: value) -> dict[str, Any]:
    """How a field comes out of a document: by its rule, and then read into its type."""
    return {"rule": without_keywords(rule), "read": read}


def _or_none(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _read_idle(value: Mapping[str, Any]) -> Idle:
    warm_up_minutes = int(value.get("warm_up_minutes", Idle.__dataclass_fields__["warm_up_minutes"].default))
    metric = metric_meant(value["metric"])
    return Idle(metric, float(value["threshold"]), int(value["minutes"]), warm_up_minutes)


def _read_stalled(value: Mapping[str, Any]) -> Stalled:
    return Stalled(tuple(value["patterns"]), int(value["minutes"]))


_TAG_VALUE = rules.text(r"[\w .:/=+@-]+", "a tag value", "name the monitor with letters, digits and -", maximum=256)
_MARKERS = _checked(rules.list_of(patterns.marker_name), tuple)
_PATTERNS = _checked(rules.list_of(patterns.object_pattern), tuple)
_ACTION = _checked(rules.one_of(*Action), Action)
_IDLE = rules.record_of(
    {
        "metric": rules.metric_name,
        "threshold": rules.number(0, 1e12, "the metric's unit"),
        "minutes": rules.whole_number(10, 1440, "minutes", multiple_of=5),
    },
    {"warm_up_minutes": rules.whole_number(0, 1440, "minutes")},
)
_STALLED = rules.record_of(
    {
        "patterns": rules.list_of(patterns.object_pattern, minimum=1),
        "minutes": rules.whole_number(5, 10_080, "minutes"),
    }
)
_INTERVAL = rules.whole_number(60, 3600, "seconds", multiple_of=60)
"""The heartbeat's ``rate(n minutes)`` knows whole minutes."""
_SHUTDOWN = rules.whole_number(30, 600, "seconds")
"""30 is the least TimeoutSeconds of SSM SendCommand."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a check needs to know of a run, but its instances: those are found by their tags.

    Durations are in the unit that the field names.

    Each field has its default, its rule and its reader in one place.
    """

    run: str = field(metadata=_checked(rules.run_name))
    monitor: str = field(metadata=_checked(_TAG_VALUE))
    bucket: str = field(metadata=_checked(rules.bucket_name))
    prefix: str = field(metadata=_checked(rules.key_prefix))
    markers: tuple[str, ...] = field(default=("training_complete.txt", "COMPLETE", "done"), metadata=_MARKERS)
    failure_markers: tuple[str, ...] = field(default=("training_failed.txt", "FAILED"), metadata=_MARKERS)
    expected_outputs: tuple[str, ...] = field(default=(), metadata=_PATTERNS)
    checkpoint_patterns: tuple[str, ...] = field(default=(), metadata=_PATTERNS)
    initial_interval_seconds: int = field(default=30, metadata=_checked(rules.whole_number(10, 3600, "seconds"), int))
    max_interval_seconds: int = field(default=300, metadata=_checked(_INTERVAL, int))
    backoff_multiplier: float = field(default=2.0, metadata=_checked(rules.number(1, 10, "times"), float))
    grace_seconds: int = field(default=300, metadata=_checked(rules.whole_number(0, 86_400, "seconds"), int))
    verify_timeout_seconds: int = field(default=600, metadata=_checked(rules.whole_number(0, 86_400, "seconds"), int))
    shutdown_timeout_seconds: int = field(default=120, metadata=_checked(_SHUTDOWN, int))
    on_complete: Action = field(default=Action.STOP, metadata=_ACTION)
    on_failure: Action = field(default=Action.STOP, metadata=_ACTION)
    on_deadline: Action = field(default=Action.STOP, metadata=_ACTION)
    max_runtime_hours: float = field(
        default=24.0, metadata=_checked(rules.number(0, 8760, "hours (0: no deadline)"), float)
    )
    idle: Idle | None = field(default=None, metadata=_checked(rules.optional(_IDLE), _or_none(_read_idle)))
    stalled: Stalled | None = field(default=None, metadata=_checked(rules.optional(_STALLED), _or_none(_read_stalled)))
    terminate_after_days: int | None = field(
        default=None, metadata=_checked(rules.optional(rules.whole_number(1, 365, "days")), _or_none(int))
    )
    s3_events: bool = field(default=False, metadata=_checked(rules.boolean))
    share_last_words: bool = field(default=False, metadata=_checked(rules.boolean))
    box_reports: bool = field(default=False, metadata=_checked(rules.boolean))
    """Whether the box has our runner, which writes `STARTED` below the prefix at each start of the training."""

    @property
    def output_uri(self) -> str:
        """Where the run writes: what a key below the prefix is added to."""
        return f"s3://{self.bucket}/{self.prefix}"

    def to_document(self) -> dict[str, Any]:
        """The JSON object that `parse` reads back to the same settings; every field is written out."""
        return {"version": VERSION, **asdict(self)}


RULES: Mapping[str, Rule] = {each.name: each.metadata["rule"] for each in fields(Settings)}
"""The rule of each field."""
_READERS: Mapping[str, Callable[[Any], Any]] = {each.name: each.metadata["read"] for each in fields(Settings)}
_REQUIRED = tuple(each.name for each in fields(Settings) if each.default is MISSING)


def field_problems(document: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with each known field that ``document`` has; absent fields take their defaults."""
    for name, rule in RULES.items():
        if name in document:
            yield from rule(name, document[name])


def combination_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with fields together. Each field on its own must have passed its rule; absent ones are defaults."""
    value = {each.name: document.get(each.name, each.default) for each in fields(Settings)}
    if value["initial_interval_seconds"] > value["max_interval_seconds"]:
        yield Problem(
            "initial_interval_seconds",
            got=value["initial_interval_seconds"],
            accepted=f"at most max_interval_seconds ({value['max_interval_seconds']})",
            fix="lower it, or raise max_interval_seconds",
            touches=("max_interval_seconds",),
        )
    if not value["markers"] and not value["expected_outputs"]:
        yield Problem(
            "markers",
            got=value["markers"],
            accepted="at least one marker or one expected output",
            fix="name what says that the training is done",
            touches=("expected_outputs",),
        )
    for index, failure in enumerate(value["failure_markers"]):
        covered = [marker for marker in value["markers"] if patterns.matches(failure, marker)]
        if covered:
            yield Problem(
                f"failure_markers[{index}]",
                got=failure,
                accepted=f"a name that is not also in markers, nor matches one: {covered[0]} is of both",
                fix="keep it in one of the two: a failure marker outweighs one of success",
                touches=("markers",),
            )
    yield from _time_problems(value)


def _time_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    runtime_seconds = value["max_runtime_hours"] * 3600
    if 0 < runtime_seconds < _MIN_RUNTIME_SECONDS:
        yield Problem(
            "max_runtime_hours",
            got=value["max_runtime_hours"],
            accepted="0 (no deadline) or at least 10 minutes",
            fix="set 0.17 or more",
        )
    elif runtime_seconds and value["grace_seconds"] >= runtime_seconds:
        yield Problem(
            "grace_seconds",
            got=value["grace_seconds"],
            accepted=f"less than max_runtime_hours ({value['max_runtime_hours']:g} h)",
            fix="shorten grace_seconds or raise max_runtime_hours: the deadline would end the run in its grace period",
            touches=("max_runtime_hours",),
        )
    for name in ("idle", "stalled"):
        if value[name] and 0 < runtime_seconds <= value[name]["minutes"] * 60:
            yield Problem(
                f"{name}.minutes",
                got=value[name]["minutes"],
                accepted=f"less than max_runtime_hours ({value['max_runtime_hours']:g} h)",
                fix=f"shorten {name}.minutes or raise max_runtime_hours: the deadline would always come first",
                touches=("max_runtime_hours",),
            )
    if value["terminate_after_days"] is not None and value["on_complete"] != Action.STOP:
        yield Problem(
            "terminate_after_days",
            got=value["terminate_after_days"],
            accepted="only with on_complete: stop",
            fix="leave it out: only a stopped instance is terminated later",
            touches=("on_complete",),
        )


def parse(document: object) -> tuple[Settings, tuple[str, ...]]:
    """Read a settings document strictly.

    Returns the settings, and the names of fields that this version does not know: a newer component wrote them,
    they are reported and otherwise ignored.

    Raises:
        SettingsError: with every field that is missing or wrong, or the version that is not understood.
    """
    if not isinstance(document, Mapping):
        raise SettingsError((Problem("settings", got=document, accepted="a JSON object", fix="deploy the run again"),))
    values = cast("Mapping[str, Any]", document)
    if problems := tuple(_version_problems(values)):
        raise SettingsError(problems)
    values, unknown_within = _known_within(values)
    missing = tuple(
        Problem(name, found="missing", accepted="a value", fix="deploy the run again")
        for name in _REQUIRED
        if name not in values
    )
    problems = missing + tuple(field_problems(values))
    problems = problems or tuple(combination_problems(values))
    if problems:
        raise SettingsError(problems)
    read = {name: _READERS[name](value) for name, value in values.items() if name in _READERS}
    unknown = [str(name) for name in values if name not in _READERS and name != "version"]
    return Settings(**read), tuple(sorted([*unknown, *unknown_within]))


def _version_problems(values: Mapping[str, object]) -> Iterator[Problem]:
    accepted, fix = str(VERSION), "deploy monitor and run with the same release"
    if "version" not in values:
        yield Problem("version", found="missing", accepted=accepted, fix=fix)
    elif values["version"] != VERSION or isinstance(values["version"], bool):
        yield Problem("version", got=values["version"], accepted=accepted, fix=fix)


def _known_within(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    """The document without what this version does not know of ``idle`` and ``stalled``, and the names of that."""
    known, unknown = dict(values), list[str]()
    for name, kind in (("idle", Idle), ("stalled", Stalled)):
        within: object = values.get(name)
        if isinstance(within, Mapping):
            entries = cast("Mapping[object, object]", within)
            known[name] = {entry: value for entry, value in entries.items() if entry in kind.__dataclass_fields__}
            unknown += [f"{name}.{entry}" for entry in entries if entry not in kind.__dataclass_fields__]
    return known, unknown
