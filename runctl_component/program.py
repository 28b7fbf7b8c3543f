"""The stack program: every run that the stack's config declares becomes a `TrainingRun`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, cast

import pulumi

from monitor_runtime.rules import Problem
from runctl_component.args import MonitorArgs, TrainingRunArgs, WatchArgs
from runctl_component.defaults import complete
from runctl_component.errors import InvalidArgs, RunctlError
from runctl_component.monitor import Monitor
from runctl_component.monitor_rules import DEFAULT_MARKERS, HEARTBEATS_OF_SILENCE, check_monitor
from runctl_component.training_run import TrainingRun
from runctl_component.validation import check_early

SHARED_MONITOR = "runs"
MAX_PREFIXES = 10
"""More prefixes of one bucket than these are watched by the folder that they have in common."""

NO_RUNS = """\
no runs are declared. Add one to the config of this stack, for example:

config:
  {project}:runs:
    llama-ft:
      bucket: my-training-outputs
      instance_type: g5.xlarge
      ami: ami-0123456789abcdef0
      command: aws s3 sync $RUNCTL_OUTPUT_URI/code . && python3 train.py --out $RUNCTL_OUTPUT_URI
"""


def declare_runs(config: pulumi.Config) -> dict[str, dict[str, pulumi.Output[Any]]]:
    """Create what the config declares; returns what to export of each run, by its name.

    Raises:
        RunctlError: when no runs are declared.
        InvalidArgs: with everything that is wrong in the config, each problem with its path, and nothing created.
    """
    runs = _object(config, "runs")
    if not runs:
        raise RunctlError(NO_RUNS.format(project=config.name))
    declared = _object(config, "monitor")
    _check(config.name, runs, declared)
    monitor = None
    if _shares(runs, declared):
        monitor = Monitor(SHARED_MONITOR, shared_monitor_args(runs, declared or {}))
    return {
        name: _exports(TrainingRun(name, cast("TrainingRunArgs", args), monitor=monitor)) for name, args in runs.items()
    }


def _shares(runs: Mapping[str, Any], monitor: Mapping[str, Any] | None) -> bool:
    return len(runs) > 1 or monitor is not None


def shared_monitor_args(runs: Mapping[str, Mapping[str, Any]], declared: Mapping[str, Any]) -> MonitorArgs:
    """The args of the monitor of all runs: what is not declared follows from the runs."""
    completed = [complete(name, args) for name, args in runs.items()]
    marked = {marker for run in completed for marker in (*run["markers"], *run["failure_markers"])}
    derived = {
        "watch": derived_watch(completed),
        "s3_events": any(run["s3_events"] for run in completed),
        "markers": sorted(marked | set(DEFAULT_MARKERS)),
        "silence_minutes": _silence_minutes(completed),
    }
    return cast("MonitorArgs", {**derived, **declared})


def _silence_minutes(completed: Sequence[Mapping[str, Any]]) -> int:
    return max(int(run["max_interval_seconds"]) for run in completed) * HEARTBEATS_OF_SILENCE // 60


def derived_watch(completed: list[dict[str, Any]]) -> list[WatchArgs]:
    """Where the runs write: their prefixes, or the folder that many of them have in common."""
    places: dict[tuple[str, str | None], set[str]] = {}
    for run in completed:
        places.setdefault((run["bucket"], run.get("kms_key_arn")), set()).add(run["prefix"])
    watch: list[WatchArgs] = []
    for (bucket, key), prefixes in sorted(places.items(), key=str):
        folders = sorted(prefixes) if len(prefixes) <= MAX_PREFIXES else [_common_folder(prefixes)]
        for folder in folders:
            entry: WatchArgs = {"bucket": bucket, "prefix": folder}
            watch.append({**entry, "kms_key_arn": key} if key else entry)
    return watch


def _common_folder(prefixes: set[str]) -> str:
    levels = zip(*(prefix.split("/")[:-1] for prefix in prefixes), strict=False)
    return "".join(f"{level[0]}/" for level in takewhile(lambda names: len(set(names)) == 1, levels))


def _object(config: pulumi.Config, key: str) -> dict[str, Any] | None:
    value: object = config.get_object(key)
    if value is not None and not isinstance(value, dict):
        problem = Problem(f"{config.name}:{key}", value, "an object", "see the README's example")
        raise InvalidArgs("stack config", [problem])
    return cast("dict[str, Any] | None", value)


def _check(project: str, runs: Mapping[str, Any], monitor: Mapping[str, Any] | None) -> None:
    problems: list[Problem] = []
    for name, args in runs.items():
        problems += _problems_at(f"{project}:runs.{name}", lambda name=name, args=args: check_early(name, args))
    if monitor is not None:
        given = {"watch": [{"bucket": "derived-from-runs"}], **monitor}
        problems += _problems_at(f"{project}:monitor", lambda: check_monitor(SHARED_MONITOR, given))
    if not problems and _shares(runs, monitor):
        problems += _sharing_problems(project, runs, monitor or {})
    if problems:
        raise InvalidArgs("stack config", problems)


def _sharing_problems(
    project: str, runs: Mapping[str, Mapping[str, Any]], monitor: Mapping[str, Any]
) -> Iterator[Problem]:
    """What runs must leave to their shared monitor, and what it must leave to them."""
    for name, args in runs.items():
        if args.get("notify_topic_arn") is not None:
            yield Problem(
                f"{project}:runs.{name}.notify_topic_arn",
                args["notify_topic_arn"],
                "only for a single run, without a monitor in the config",
                f"set {project}:monitor.notify_topic_arn, which tells about all runs",
            )
    needed = _silence_minutes([complete(name, args) for name, args in runs.items()])
    declared = monitor.get("silence_minutes")
    if declared is not None and declared < needed:
        yield Problem(
            f"{project}:monitor.silence_minutes",
            declared,
            f"at least {needed} minutes, three times the longest max_interval_seconds of the runs",
            "raise it, leave it out, or lower max_interval_seconds",
        )


def _problems_at(path: str, check: Any) -> list[Problem]:
    try:
        check()
    except InvalidArgs as error:
        return [
            Problem(f"{path}.{problem.field}", problem.got, problem.accepted, problem.fix) for problem in error.problems
        ]
    return []


def _exports(run: TrainingRun) -> dict[str, pulumi.Output[Any]]:
    return {
        "instance_id": run.instance_id,
        "private_ip": run.private_ip,
        "output_uri": run.output_uri,
        "monitor_function_name": run.monitor_function_name,
        "schedule_arn": run.schedule_arn,
        "plan": run.plan,
    }
