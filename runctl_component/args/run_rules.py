"""Rules for the args of a run that the settings document does not carry."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeGuard, cast

from monitor_runtime.contract import rules
from monitor_runtime.contract.rules import Problem, Rule
from monitor_runtime.contract.settings import RULES as SETTINGS_RULES
from runctl_component.args.arn_rules import key_arn, policy_arn, profile_name, role_path, secret_arn, topic_arn
from runctl_component.args.defaults import NOT_DECLARED, normal_prefix
from runctl_component.args.environment_rules import literal_path, variable_name
from runctl_component.args.instance_types import instance_type
from runctl_component.args.monitor_handle import handle_rule
from runctl_component.box.cloud_init import BEGINNINGS, BYTE_ORDER_MARK, why_not_run
from runctl_component.box.code_folder import CodeError, code_of
from runctl_component.box.user_data import MAX_USER_DATA_BYTES

MAX_TAGS = 25
"""Of EC2's 50 a resource; the others are the component's and those that the monitor writes while the run goes on.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions"""
MAX_NAME_CHARACTERS = 37
"""The run's own monitor is named ``{name}-monitor``, and a monitor's name has at most 45 characters."""
MAX_TAG_KEY_CHARACTERS = 128
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

_TAG_KEY = re.compile(r"(?! )[\w +=.,_:/@-]+(?<! )")
_RESERVED_BEGINNINGS = ("aws:", "runctl:")


def text_map(key_rule: Rule, *, maximum: int, value_characters: int) -> Rule:
    """A mapping from names that pass ``key_rule`` to strings."""

    def rule(field: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            accepted = "an object of names and strings"
            yield Problem(field, found=_described(value), accepted=accepted, fix=f"write {field} as name: value pairs")
            return
        entries = cast("Mapping[object, object]", value)
        if len(entries) > maximum:
            yield Problem(
                field, found=f"{len(entries)} entries", accepted=f"at most {maximum} entries", fix="remove some"
            )
        for name, entry in entries.items():
            yield from key_rule(f"{field}.{name}", name)
            if not is_text(entry) or len(entry) > value_characters:
                accepted = f"a string of at most {value_characters} characters, without NUL and lone surrogates"
                yield Problem(
                    f"{field}.{name}", found=_described(entry), accepted=accepted, fix="quote it, or shorten it"
                )

    return rule


def all_of(*inner: Rule) -> Rule:
    """What each of the rules accepts."""

    def rule(field: str, value: object) -> Iterator[Problem]:
        for each in inner:
            yield from each(field, value)

    return rule


def is_text(value: object) -> TypeGuard[str]:
    """A string that UTF-8 and a shell can carry."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _described(value: object) -> str:
    """Without the value itself: variables may hold what no log should."""
    return (
        f"a string of {len(value)} characters" if isinstance(value, str) else f"a value of type {type(value).__name__}"
    )


def tag_key(field: str, value: object) -> Iterator[Problem]:
    """A tag key that nobody else owns, of the characters that every service accepts.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
    """
    key = value if isinstance(value, str) else ""
    if key.lower().startswith(_RESERVED_BEGINNINGS):
        yield Problem(
            field,
            got=value,
            accepted="a key that begins neither with aws: nor with runctl:, in whatever case",
            fix="rename the tag: IAM compares tag keys without case, and by these tags instances are found and ended",
        )
    elif len(key) > MAX_TAG_KEY_CHARACTERS or not _TAG_KEY.fullmatch(key):
        accepted = "1 to 128 letters, digits, spaces between them, and +-=.,_:/@"
        yield Problem(field, got=value, accepted=accepted, fix="rename the tag")


def script(field: str, value: object) -> Iterator[Problem]:
    """Text that does something."""
    if not is_text(value) or not value.strip():
        accepted = "a text that is not empty, without NUL and lone surrogates"
        yield Problem(field, got=value, accepted=accepted, fix=f"write what {field} is to run")


def command(field: str, value: object) -> Iterator[Problem]:
    """What bash runs: it takes a byte order mark for a part of the first word."""
    yield from script(field, value)
    if is_text(value) and value.startswith(BYTE_ORDER_MARK):
        yield Problem(
            field,
            found="a text that begins with a byte order mark",
            accepted="a text that begins with a command: bash takes the mark for a part of its name",
            fix="store the file as UTF-8 without the mark, or read it with encoding='utf-8-sig'",
        )


def user_data(field: str, value: object) -> Iterator[Problem]:
    """What cloud-init runs, of the size that EC2 takes."""
    yield from script(field, value)
    unknown = why_not_run(value) if is_text(value) and value.strip() else None
    if unknown:
        yield Problem(
            field,
            found=f"a text that {unknown}",
            accepted=f"what cloud-init runs: a text that begins, in its first line, with {', '.join(BEGINNINGS)},"
            " a MIME message, or base64 of such or of gzip",
            fix="begin a script with #!/bin/bash, with nothing before it: in Python, write it right after the quotes",
        )
    if is_text(value) and len(value.encode()) > MAX_USER_DATA_BYTES:
        yield Problem(
            field,
            found=f"{len(value.encode())} bytes",
            accepted=f"at most {MAX_USER_DATA_BYTES} bytes, EC2's limit",
            fix="put the script into the image, a repository or the bucket, and call it",
        )


def each_text(rule: Rule) -> Rule:
    """A mapping in which the rule accepts each value that is a text."""

    def checked(field: str, value: object) -> Iterator[Problem]:
        entries = cast("Mapping[object, object]", value if isinstance(value, Mapping) else {})
        for name, entry in entries.items():
            if is_text(entry):
                yield from rule(f"{field}.{name}", entry)

    return checked


def code_folder(field: str, value: object) -> Iterator[Problem]:
    """A folder that can be brought along."""
    accepted = "a folder of code, relative to the folder of the Pulumi program"
    if not is_text(value) or not value.strip():
        yield Problem(field, got=value, accepted=accepted, fix="write for example ./training")
        return
    try:
        code_of(value)
    except CodeError as error:
        yield Problem(field, found=error.found, accepted=accepted, fix=error.fix)


def prefix(field: str, value: object) -> Iterator[Problem]:
    """Folders, with or without the last slash."""
    for problem in rules.key_prefix(field, normal_prefix(value)):
        yield replace(problem, got=value)


def retention_days(field: str, value: object) -> Iterator[Problem]:
    """Days for which CloudWatch can keep a log."""
    if isinstance(value, bool) or value not in RETENTION_DAYS:
        choices = ", ".join(map(str, RETENTION_DAYS))
        yield Problem(field, got=value, accepted=f"one of {choices} days", fix="choose the nearest")


def _name(pattern: str, example: str, maximum: int = 255) -> Rule:
    return rules.text(pattern, f"a value like {example}", f"write for example {example}", maximum=maximum)


RUN_RULES: Mapping[str, Rule] = {
    **{field: rule for field, rule in SETTINGS_RULES.items() if field not in NOT_DECLARED},
    "prefix": prefix,
    "instance_type": instance_type,
    "ami": rules.text(
        r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})|(?:/[\w.-]+)+",
        "an image id, or the name of an SSM parameter that holds one, which begins with /",
        "write for example ami-0123456789abcdef0",
        maximum=1011,
    ),
    "command": command,
    "user_data": user_data,
    "environment": all_of(text_map(variable_name, maximum=100, value_characters=4096), literal_path),
    "secrets": all_of(text_map(variable_name, maximum=50, value_characters=2048), each_text(secret_arn)),
    "code": code_folder,
    "server_side_encryption": rules.one_of("AES256", "aws:kms"),
    "silence_minutes": rules.whole_number(3, 1440, "minutes"),
    "subnet_id": _name(r"subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})", "subnet-0123456789abcdef0"),
    "security_group_ids": rules.list_of(_name(r"sg-(?:[0-9a-f]{8}|[0-9a-f]{17})", "sg-0123456789abcdef0"), maximum=16),
    "key_name": _name(r"[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*", "my-key"),
    "iam_instance_profile": profile_name,
    "kms_key_arn": key_arn,
    "dashboard": rules.boolean,
    "log_retention_days": retention_days,
    "monitor": handle_rule,
    "notify_key_arn": key_arn,
    "notify_topic_arn": topic_arn,
    "permissions_boundary_arn": policy_arn,
    "policy_arns": rules.list_of(policy_arn, maximum=10),
    "role_path": role_path,
    "root_volume_gib": rules.whole_number(8, 16_384, "GiB"),
    "spot": rules.one_of("one-time", "persistent"),
    "spot_max_price": _name(r"(?!0*\.?0*$)\d{1,5}(?:\.\d{1,6})?", '"1.25"', 12),
    "tags": text_map(tag_key, maximum=MAX_TAGS, value_characters=256),
}
"""One rule for each arg of a run."""

RESOLVED_RULES: Mapping[str, Rule] = {
    **RUN_RULES,
    "ami": rules.text(
        r"[\w-]+",
        "an image id; the name of an SSM parameter must be a plain value",
        "write for example ami-0123456789abcdef0",
        maximum=255,
    ),
    "notify_topic_arn": _name(r"(?!.*\.fifo$)\S+", "arn:aws:sns:us-east-1:123456789012:trainings, not FIFO", 512),
    "subnet_id": _name(r"[\w-]+", "subnet-0123456789abcdef0"),
    "security_group_ids": rules.list_of(_name(r"[\w-]+", "sg-0123456789abcdef0"), maximum=16),
}
"""For values that the engine gave. What is an id there is the provider's affair: in a team's own tests, its mocks'."""

REQUIRED = ("bucket",)
MAX_TAG_VALUE_CHARACTERS = 256
PLAIN = ("code", "dashboard", "s3_events", "spot")
"""Args on which it depends which resources there are: they must be known when the program runs."""
LENGTH_IS_PLAIN = ("policy_arns",)
"""Args of which each entry is a resource: lists, of which the entries may be Outputs."""
PRESENCE_IS_PLAIN = ("ami", "iam_instance_profile", "monitor")
"""Args that may be Outputs, but not of None: whether there is a profile or a monitor to make, and whether a newer image
may replace the instance, is decided when the program runs."""
