"""What must fit into AWS's limits when all of a run is put together; what is unknown counts at its longest."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from monitor_runtime.contract import names
from monitor_runtime.contract.rules import Problem
from monitor_runtime.contract.settings import combination_problems
from monitor_runtime.contract.triggers import heartbeat_input
from runctl_component.args.defaults import complete, to_settings, to_training
from runctl_component.args.problem_fields import fields_touched
from runctl_component.args.run_rules import MAX_TAG_VALUE_CHARACTERS, is_text
from runctl_component.args.unknown_values import has_output
from runctl_component.box.user_data import MAX_USER_DATA_BYTES, render_user_data

MAX_EVENT_INPUT_BYTES = 8192
LONGEST_MONITOR = "m" * 256
"""The tag of a monitor of which nothing is known."""
_LONGEST = {"bucket": "b" * 63, "prefix": f"{'p' * 189}/"}
_LONGEST_REGION = "ap-northeast-1"
_OF_PATTERNS = ("expected_outputs", "checkpoint_patterns", "markers", "failure_markers", "stalled")
_EMPTY: Mapping[str, Any] = {"command": "", "environment": {}, "secrets": {}}
_SHORTER = {
    "command": "put the script into code, and call it",
    "environment": "put what is long into a file in code",
    "secrets": "put several into one secret, and take them apart in the command",
}


def size_problems(name: str, given: Mapping[str, Any], monitor: str) -> Iterator[Problem]:
    """What is too long. ``given`` holds sound values, and Outputs where the values are still to come."""
    place = {field: complete(name, given).get(field, _LONGEST[field]) for field in _LONGEST}
    known_place = {field: _LONGEST[field] if has_output(value) else value for field, value in place.items()}
    if place == known_place:
        yield from _output_tag_problems(given, place)
    yield from _heartbeat_problems(name, {**given, **known_place}, monitor)
    command = given.get("command")
    if command is not None and not has_output(command):
        yield from _user_data_problems(name, {**given, **known_place})


def missing_prefix(default: str, accepted: str, fix: str) -> Problem:
    """The default, of the names of project, stack and run, cannot be the prefix."""
    found = f"missing, and by default {default!r}, of project, stack and run"
    return Problem("prefix", found=found, accepted=accepted, fix=fix)


def _output_tag_problems(given: Mapping[str, Any], place: Mapping[str, str]) -> Iterator[Problem]:
    """Whether bucket and prefix together fit in the tag by which an S3 event finds the instance."""
    excess = len(names.output_tag(place["bucket"], place["prefix"])) - MAX_TAG_VALUE_CHARACTERS
    accepted = f"at most {MAX_TAG_VALUE_CHARACTERS} characters with bucket and a slash (EC2's limit for tags)"
    if excess > 0 and "prefix" in given:
        yield Problem("prefix", got=given["prefix"], accepted=accepted, fix=f"shorten it by {excess}")
    elif excess > 0:
        yield missing_prefix(place["prefix"], accepted, f"set one that is shorter by {excess}")


def _heartbeat_problems(name: str, given: Mapping[str, Any], monitor: str) -> Iterator[Problem]:
    known = {field: value for field, value in given.items() if not has_output(value)}
    args = complete(name, _consistent(name, known))
    settings = to_settings(name, monitor, args, box_reports="command" in given)
    document = settings.to_document()
    size = len(heartbeat_input(document).encode())
    if size > MAX_EVENT_INPUT_BYTES:
        accepted = f"settings of at most {MAX_EVENT_INPUT_BYTES} bytes (EventBridge Scheduler's limit)"
        largest = max(_OF_PATTERNS, key=lambda field: len(json.dumps(document[field])))
        yield Problem(largest, found=f"settings of {size} bytes", accepted=accepted, fix="use fewer, shorter patterns")


def _consistent(name: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
    """Defaults in place of what contradicts itself, or contradicts the default of what is still unknown."""
    while problems := list(combination_problems(complete(name, known))):
        dropped = set[str]().union(*map(fields_touched, problems))
        known = {field: value for field, value in known.items() if field not in dropped}
    return known


def _user_data_problems(name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    """EC2's limit counts all of it together: names what takes most, and tells what is left for that."""
    known = {field: value for field, value in given.items() if not has_output(value)}
    maps = {field: _known_texts(given.get(field)) for field in ("environment", "secrets")}
    args = {**known, **maps}
    size = _user_data_bytes(name, args)
    if size > MAX_USER_DATA_BYTES:
        taken = {field: size - _user_data_bytes(name, {**args, field: empty}) for field, empty in _EMPTY.items()}
        largest = max(taken, key=lambda field: taken[field])
        room = max(0, MAX_USER_DATA_BYTES - size + taken[largest])
        yield Problem(
            largest,
            found=f"{taken[largest]} bytes",
            accepted=f"at most {room} bytes beside the other arguments (EC2's limit for all: {MAX_USER_DATA_BYTES})",
            fix=_SHORTER[largest],
        )


def _user_data_bytes(name: str, args: Mapping[str, Any]) -> int:
    return len(render_user_data(to_training(name, args, _LONGEST_REGION)).encode())


def _known_texts(entries: object) -> dict[str, str]:
    """Those of a mapping, in part known, that a text can be made of."""
    known = cast("Mapping[object, object]", entries if isinstance(entries, Mapping) else {})
    return {key: value for key, value in known.items() if isinstance(key, str) and is_text(value)}
