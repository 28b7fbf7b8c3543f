"""Where the stack's monitor has to look: the folders of its runs, or wider ones where AWS's limits ask for it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor_runtime.contract.rules import Problem
from runctl_component import policies
from runctl_component.args.declared import WatchArgs
from runctl_component.args.defaults import DEFAULT_MARKERS, complete, silence_minutes, stack_folder
from runctl_component.args.monitor_rules import MAX_WATCH
from runctl_component.args.unknown_values import without_none
from runctl_component.monitor.event_patterns import pattern_problems, shared_pattern
from runctl_component.monitor.naming import document_name
from runctl_component.policy_documents import PolicyDocument

_AUTONAMED = "-1234567"
_ACCOUNT_ID = "123456789012"
_LONGEST_PARTITION, _LONGEST_REGION = "aws-us-gov", "ap-northeast-1"

Place = tuple[str, str | None]
"""A bucket and its key."""


def derived_watch(name: str, tag: str, runs: Sequence[Mapping[str, Any]], others: Mapping[str, Any]) -> list[WatchArgs]:
    """The stack's folder for the runs below it, so that these come and go without a change, and the others' prefixes.

    Where these are too many: their folders one level up, and so on, never a whole bucket. ``others`` are the other args
    of the monitor of that name and tag. What does not fit at any level is returned as it is, for `watch_problems` to
    refuse.
    """
    levels: dict[Place, int] = {}
    prefixes: dict[Place, set[str]] = {}
    common = stack_folder()
    for run in runs:
        place = (run["bucket"], run.get("kms_key_arn"))
        prefix = common if run["prefix"].startswith(common) else run["prefix"]
        prefixes.setdefault(place, set()).add(prefix)
        levels[place] = max(levels.get(place, 0), prefix.count("/"))
    while True:
        watch = _entries(prefixes, levels)
        wider = [place for place, level in levels.items() if level > 1 and len(_folders(prefixes[place], level)) > 1]
        if not wider or not list(watch_problems(name, tag, {**others, "watch": watch})):
            return watch
        most = max(wider, key=lambda place: (len(_folders(prefixes[place], levels[place])), str(place)))
        levels[most] -= 1


def _folders(prefixes: set[str], level: int) -> list[str]:
    """The prefixes, cut off after so many folders; those within another are left out."""
    cut = {"".join(f"{folder}/" for folder in prefix.split("/")[:-1][:level]) for prefix in prefixes}
    return sorted(each for each in cut if not any(each != other and each.startswith(other) for other in cut))


def _entries(prefixes: Mapping[Place, set[str]], levels: Mapping[Place, int]) -> list[WatchArgs]:
    watch: list[WatchArgs] = []
    for place, own in sorted(prefixes.items(), key=str):
        bucket, key = place
        for folder in _folders(own, levels[place]):
            entry: WatchArgs = {"bucket": bucket, "prefix": folder}
            watch.append({**entry, "kms_key_arn": key} if key else entry)
    return watch


def watch_problems(name: str, tag: str, args: Mapping[str, Any]) -> Iterator[Problem]:
    """Whether what a monitor watches, with plain values, fits into its permissions and event rules."""
    watch: Sequence[WatchArgs] = args["watch"]
    if len(watch) > MAX_WATCH:
        yield Problem(
            "watch",
            found=f"{len(watch)} entries",
            accepted=f"at most {MAX_WATCH} entries",
            fix="watch folders they share",
        )
    yield from policies.size_problems("watch", _largest_policy(name, tag, args))
    if args.get("s3_events"):
        prefixes: dict[str, list[str]] = {}
        for entry in watch:
            prefixes.setdefault(str(entry["bucket"]), []).append(str(entry.get("prefix") or ""))
        markers = args.get("markers") or DEFAULT_MARKERS
        for bucket, own in prefixes.items():
            yield from pattern_problems(shared_pattern(bucket, own, markers))


def _largest_policy(name: str, tag: str, args: Mapping[str, Any]) -> PolicyDocument:
    watch: Sequence[Any] = args["watch"]
    role = f"arn:{_LONGEST_PARTITION}:iam::{_ACCOUNT_ID}:role/{name}-scheduler{_AUTONAMED}"
    queue = f"arn:{_LONGEST_PARTITION}:sqs:{_LONGEST_REGION}:{_ACCOUNT_ID}:{name}-dead-letters{_AUTONAMED}"
    return policies.monitor_policy(
        partition=_LONGEST_PARTITION,
        region=_LONGEST_REGION,
        account_id=_ACCOUNT_ID,
        monitor=tag,
        schedule_group=f"{name}-schedules{_AUTONAMED}",
        scheduler_role_arn=role,
        dead_letter_arn=queue,
        log_group_name=f"{name}-log{_AUTONAMED}",
        stop_document=document_name(tag),
        watch=[(entry["bucket"], entry.get("prefix") or "") for entry in watch],
        notify_topic_arn=args.get("notify_topic_arn"),
        notify_key_arn=args.get("notify_key_arn"),
        kms_key_arns=sorted({entry["kms_key_arn"] for entry in watch if entry.get("kms_key_arn")}),
    )


Runs = Mapping[str, Mapping[str, Any]]


def shared_monitor_args(name: str, tag: str, runs: Runs, declared: Mapping[str, Any]) -> dict[str, Any]:
    """The args of the monitor of all runs: what is not declared follows from the runs."""
    completed = [complete(run, without_none(args)) for run, args in runs.items()]
    listened = [run for run in completed if run["s3_events"]]
    derived: dict[str, Any] = {"s3_events": bool(listened), "silence_minutes": silence_minutes_of(runs)}
    if listened:
        derived["markers"] = sorted({each for run in listened for each in (*run["markers"], *run["failure_markers"])})
    others = {**derived, **without_none(declared)}
    if "watch" in others:
        return others
    return {**others, "watch": derived_watch(name, tag, completed, others)}


def silence_minutes_of(runs: Runs) -> int:
    """What the alarm for silence waits at least: three of the longest intervals of the runs."""
    completed = [complete(run, without_none(args)) for run, args in runs.items()]
    return silence_minutes(max(int(run["max_interval_seconds"]) for run in completed))
