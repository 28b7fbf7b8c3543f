"""Which names and which keys there may be."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from monitor_runtime.contract import rules
from monitor_runtime.contract.rules import Problem, Rule


def name_problems(name: object, maximum: int) -> Iterator[Problem]:
    """Whether everything that is named after a component can be."""
    yield from rules.run_name("name", name)
    if isinstance(name, str) and len(name) > maximum:
        accepted = f"at most {maximum} characters, since roles and event rules are named after it"
        yield Problem("name", got=name, accepted=accepted, fix=f"shorten it by {len(name) - maximum}")


def unknown_keys(values: Mapping[str, object], known: Mapping[str, Rule] | tuple[str, ...]) -> Iterator[Problem]:
    """Arguments that do not exist, most often misspelled ones. Their values may be secrets, so none is shown."""
    for key in values:
        if key not in known:
            meant = _meant(str(key), known)
            accepted = "a documented argument" if meant else ", ".join(sorted(known))
            fix = f"did you mean {meant}?" if meant else "remove it"
            yield Problem(str(key), found="an unknown argument", accepted=accepted, fix=fix)


_ALIKE = 0.75
"""How much of a misspelled name is right. Less, and the suggestion may be another argument's opposite."""
_SYNONYMS = {
    "bucket_name": "bucket",
    "grace_period": "grace_seconds",
    "image": "ami",
    "on_error": "on_failure",
    "on_success": "on_complete",
}


def _meant(key: str, known: Mapping[str, Rule] | tuple[str, ...]) -> str | None:
    """The argument that a name stands for, which may be written as in other languages; None when it is none's."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    synonym = _SYNONYMS.get(name)
    return synonym if synonym in known else next(iter(get_close_matches(name, list(known), n=1, cutoff=_ALIKE)), None)
