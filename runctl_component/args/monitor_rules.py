"""Rules for the args of a monitor."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from monitor_runtime.contract import rules
from monitor_runtime.contract.rules import Problem, Rule
from runctl_component.args.key_rules import unknown_keys
from runctl_component.args.run_rules import RESOLVED_RULES, RUN_RULES
from runctl_component.args.unknown_values import known_problems, wrong_value

MAX_NAME_CHARACTERS = 45
"""``{name}-markers-50`` and the 8 characters of Pulumi's autonaming must fit in the 64 of an event rule's name.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html"""
MAX_WATCH = 50

WATCH_RULES: Mapping[str, Rule] = {field: RUN_RULES[field] for field in ("bucket", "prefix", "kms_key_arn")}


def entry_problems(values: Mapping[str, object]) -> Iterator[Problem]:
    """What is wrong with the plain values of one entry of ``watch``."""
    yield from unknown_keys(values, WATCH_RULES)
    if "bucket" not in values:
        yield Problem("bucket", found="missing", accepted="a value", fix="add the bucket")
    for key, value in values.items():
        if key in WATCH_RULES:
            yield from known_problems(key, value, WATCH_RULES[key])


def watch_list(_: str, watch: object) -> Iterator[Problem]:
    """The entries of ``watch``, each with sound values."""
    accepted = f"a list of 1 to {MAX_WATCH} objects with bucket and, if wanted, prefix and kms_key_arn"
    entries = cast("Sequence[object]", watch) if isinstance(watch, list | tuple) else ()
    if not 1 <= len(entries) <= MAX_WATCH:
        fix = "name the buckets to which the runs write"
        yield wrong_value("watch", cast("object", watch), accepted=accepted, fix=fix)
        return
    for index, entry in enumerate(entries):
        field = f"watch[{index}]"
        if not isinstance(entry, Mapping):
            fix = "write it as an object with bucket and prefix, which may be Outputs"
            yield wrong_value(field, entry, accepted=accepted, fix=fix)
            continue
        values = {str(key): value for key, value in cast("Mapping[object, object]", entry).items() if value is not None}
        yield from (problem.below(field) for problem in entry_problems(values))


MONITOR_RULES: Mapping[str, Rule] = {
    "watch": watch_list,
    "s3_events": rules.boolean,
    "markers": RUN_RULES["markers"],
    "notify_key_arn": RUN_RULES["notify_key_arn"],
    "notify_topic_arn": RUN_RULES["notify_topic_arn"],
    "log_retention_days": RUN_RULES["log_retention_days"],
    "permissions_boundary_arn": RUN_RULES["permissions_boundary_arn"],
    "role_path": RUN_RULES["role_path"],
    "silence_minutes": RUN_RULES["silence_minutes"],
    "dashboard": RUN_RULES["dashboard"],
}
"""One rule for each arg of a monitor; ``watch`` is looked at entry by entry."""
PLAIN = ("s3_events", "markers", "dashboard")
"""Args on which it depends which resources there are: they must be known when the program runs."""

RESOLVED_MONITOR_RULES: Mapping[str, Rule] = {
    **MONITOR_RULES,
    "notify_topic_arn": RESOLVED_RULES["notify_topic_arn"],
}
"""For values that the engine gave."""
