"""What a value must be: small checks that name the field, the value, what is accepted and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from types import MappingProxyType
from typing import cast

MAX_PATTERNS = 50
_SHOWN_CHARACTERS = 120


_NO_VALUE = object()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one field, in words a person can act on.

    It has either ``got``, the value that is wrong, or ``found``, what is wrong in words: ``missing``, ``14 bytes``.
    """

    field: str
    _: KW_ONLY
    got: object = _NO_VALUE
    found: str = ""
    accepted: str
    fix: str
    touches: tuple[str, ...] = ()
    """The other fields that were looked at, where fields do not go together."""

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.got is _NO_VALUE) != bool(self.found):
            raise TypeError(f"problem of {self.field}: set got for a value, or found for words")

    def __str__(self) -> str:
        what = self.found or f"got {_shown(self.got)}"
        return f"{self.field}: {what}; accepted: {self.accepted}; {self.fix}"

    def below(self, path: str) -> Problem:
        """The same problem with the path of what the field belongs to: ``watch[0].bucket``."""
        return replace(self, field=f"{path}.{self.field}")

    def without_value(self) -> Problem:
        """The same problem for eyes that must not see the value."""
        return replace(self, got=_NO_VALUE, found="a secret, which is not shown")


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:
        return "a number of thousands of digits"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 3]}..."


def leaves(path: str, value: object) -> Iterator[tuple[str, object]]:
    """Each value within lists and objects that is neither, with its path as problems have it."""
    if isinstance(value, Mapping):
        for key, entry in cast("Mapping[object, object]", value).items():
            yield from leaves(f"{path}.{key}", entry)
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(cast("Sequence[object]", value)):
            yield from leaves(f"{path}[{index}]", entry)
    else:
        yield path, value


Rule = Callable[[str, object], Iterator[Problem]]
"""Takes a field's name and its value, yields what is wrong with it."""


def _is_number(value: object) -> bool:
    """What is infinite or no number fails every bound."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number_fix(field: str, value: object, accepted: str) -> str:
    """In YAML, quotes make a text of a number, and a message that shows the number alone would seem to be mistaken."""
    return f"write {field} without quotes, as a number" if isinstance(value, str) else f"set {field} to {accepted}"


def number(minimum: float, maximum: float, unit: str) -> Rule:
    """A number of ``unit`` within both bounds."""
    accepted = f"a number of {unit} from {minimum:g} to {maximum:g}"

    def rule(field: str, value: object) -> Iterator[Problem]:
        if not _is_number(value) or not minimum <= cast("float", value) <= maximum:
            yield Problem(field, got=value, accepted=accepted, fix=_number_fix(field, value, accepted))

    return rule


def whole_number(minimum: int, maximum: int, unit: str, *, multiple_of: int = 1) -> Rule:
    """A whole number of ``unit`` within both bounds; a float without a fraction counts, as Pulumi sends numbers so."""
    multiple = "" if multiple_of == 1 else f", a multiple of {multiple_of}"
    accepted = f"a whole number of {unit} from {minimum} to {maximum}{multiple}"

    def rule(field: str, value: object) -> Iterator[Problem]:
        fits = (
            _is_number(value) and cast("float", value) % multiple_of == 0 and minimum <= cast("float", value) <= maximum
        )
        if not fits:
            yield Problem(field, got=value, accepted=accepted, fix=_number_fix(field, value, accepted))

    return rule


def boolean(field: str, value: object) -> Iterator[Problem]:
    """True or false, and nothing that merely looks like it."""
    if not isinstance(value, bool):
        yield Problem(field, got=value, accepted="true or false", fix=f"write {field} without quotes, as a boolean")


def one_of(*choices: str) -> Rule:
    """One of a few words."""
    accepted = ", ".join(choices)

    def rule(field: str, value: object) -> Iterator[Problem]:
        if value not in choices or not isinstance(value, str):
            yield Problem(field, got=value, accepted=accepted, fix=f"choose one of: {accepted}")

    return rule


def text(pattern: str, accepted: str, fix: str, *, maximum: int) -> Rule:
    """A string of at most ``maximum`` characters that matches the whole of ``pattern``, which knows ASCII alone."""
    expression = re.compile(pattern, re.ASCII)

    def rule(field: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, str) or not expression.fullmatch(value):
            yield Problem(field, got=value, accepted=accepted, fix=fix)
        elif len(value) > maximum:
            yield Problem(
                field, got=value, accepted=f"at most {maximum} characters", fix=f"shorten it by {len(value) - maximum}"
            )

    return rule


def optional(inner: Rule) -> Rule:
    """None, or what ``inner`` accepts."""

    def rule(field: str, value: object) -> Iterator[Problem]:
        if value is not None:
            yield from inner(field, value)

    return rule


def list_of(item: Rule, *, minimum: int = 0, maximum: int = MAX_PATTERNS) -> Rule:
    """A list of distinct values that each pass ``item``; a single string is refused, not split into characters."""

    def rule(field: str, value: object) -> Iterator[Problem]:
        if not isinstance(value, list | tuple):
            yield Problem(
                field, got=value, accepted="a list of strings", fix=f"write {field} as a list, also for one entry"
            )
            return
        values = cast("Sequence[object]", value)
        if len(values) < minimum:
            yield Problem(field, got=values, accepted=f"at least {minimum} in the list", fix="add one, or leave it out")
        if len(values) > maximum:
            yield Problem(
                field, found=f"{len(values)} entries", accepted=f"at most {maximum} entries", fix="use a pattern with *"
            )
            return
        for index, entry in enumerate(values):
            yield from item(f"{field}[{index}]", entry)
            if entry in values[:index]:
                yield Problem(f"{field}[{index}]", got=entry, accepted="each entry once", fix="remove the repetition")

    return rule


def record_of(fields: Mapping[str, Rule], further: Mapping[str, Rule] = MappingProxyType({})) -> Rule:
    """A mapping that has all of ``fields``, perhaps some of ``further``, and nothing else, each passing its rule."""
    perhaps = f", and optionally {', '.join(further)}" if further else ""

    def rule(field: str, value: object) -> Iterator[Problem]:
        accepted = f"an object with {', '.join(fields)}{perhaps}"
        if not isinstance(value, Mapping):
            yield Problem(field, got=value, accepted=accepted, fix=f"write {field} as {accepted}")
            return
        entries = cast("Mapping[object, object]", value)
        for key in entries:
            if key not in fields and key not in further:
                yield Problem(f"{field}.{key}", got=entries[key], accepted=accepted, fix="remove it")
        for name, inner in {**fields, **further}.items():
            if name in entries:
                yield from inner(f"{field}.{name}", entries[name])
            elif name in fields:
                yield Problem(f"{field}.{name}", found="missing", accepted="a value", fix=f"add {name} to {field}")

    return rule


_bucket_form = text(
    r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]",
    "an S3 bucket name: 3 to 63 of a-z, 0-9, '-' and '.' (of before 2018: to 255, with A-Z and '_')",
    "give the bucket's name alone, without s3://, arn:aws:s3::: or a path",
    maximum=255,
)
_ALIAS = "name the bucket behind it"
_GENERAL_PURPOSE = "let the training write to a general purpose bucket"
_NO_BUCKETS = (
    (r"\d+\.\d+\.\d+\.\d+", "an IP address", "give the bucket's name"),
    (r"xn--.*|sthree-.*", "reserved by S3", "give the name of a bucket that exists"),
    (r"amzn-s3-demo-.*", "an example of the AWS documentation", "give the name of your own bucket"),
    (r".*-s3alias", "the alias of an access point", _ALIAS),
    (r".*--ol-s3", "the alias of an Object Lambda access point", _ALIAS),
    (r".*\.mrap", "the alias of a multi-Region access point", _ALIAS),
    (r".*--x-s3", "a directory bucket, with permissions and listings of its own kind", _GENERAL_PURPOSE),
    (r".*--table-s3", "a table bucket", _GENERAL_PURPOSE),
)
"""What looks like a bucket's name and is none, or that of another kind of bucket."""


def bucket_name(field: str, value: object) -> Iterator[Problem]:
    """The name of a general purpose bucket, those of an account's regional namespace (``...-an``) among them.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    problems = [*_bucket_form(field, value)]
    yield from problems
    for expression, what, fix in () if problems else _NO_BUCKETS:
        if re.fullmatch(expression, str(value)):
            accepted = f"the name of a general purpose bucket; this is {what}"
            yield Problem(field, got=value, accepted=accepted, fix=fix)


key_prefix = text(
    r"(?:(?!\.{1,2}/| +/)[\w .:=+@-]+/)*",
    "folders of ASCII letters, digits and ' _.:=+@-', one '/' after each and none before the first, no '.' and no '..',"
    " or empty for the whole bucket",
    "write it like runs/llama-ft/",
    maximum=190,
)
"""The prefix is part of a tag value of the instance: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html"""

run_name = text(
    r"[A-Za-z0-9][A-Za-z0-9_-]*",
    "letters, digits, '-' and '_', the first a letter or digit",
    "rename it: schedules and roles are named after it",
    maximum=53,
)
"""With the longest suffix of its schedules, ``.follow-up``, it must fit in EventBridge Scheduler's 64 characters."""
metric_name = text(
    r"(?:[\w./#-]+/)?[\w.#-]+",
    "a metric name of AWS/EC2, or Namespace/MetricName",
    "write for example CPUUtilization or CWAgent/nvidia_smi_utilization_gpu",
    maximum=255,
)
