"""Which keys there may be."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from monitor_runtime.contract.rules import Problem, Rule


def unknown_keys(values: Mapping[str, object], known: Mapping[str, Rule] | tuple[str, ...]) -> Iterator[Problem]:
    """Arguments that do not exist, most often misspelled ones. Their values may be secrets, so none is shown."""
    for key in values:
        if key not in known:
            near = get_close_matches(str(key), list(known), n=1, cutoff=0.5)
            accepted = "a documented argument" if near else ", ".join(sorted(known))
            fix = f"did you mean {near[0]}?" if near else "remove it"
            yield Problem(str(key), found="an unknown argument", accepted=accepted, fix=fix)
