"""Which names and which keys there may be."""

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
            near = get_close_matches(str(key), list(known), n=1, cutoff=0.5)
            accepted = "a documented argument" if near else ", ".join(sorted(known))
            fix = f"did you mean {near[0]}?" if near else "remove it"
            yield Problem(str(key), found="an unknown argument", accepted=accepted, fix=fix)
