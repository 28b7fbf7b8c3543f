"""Variables of a command: what Bash would not set as declared is refused with the reason."""

from __future__ import annotations

import subprocess

import pytest

from runctl_component.args.environment_rules import BASH_OWNS
from runctl_component.args.run_rules import RUN_RULES


def problems(environment: dict[str, str]) -> list[str]:
    """What is said of it."""
    return [str(problem) for problem in RUN_RULES["environment"]("environment", environment)]


@pytest.mark.parametrize("name", ["UID", "EUID", "PPID", "SECONDS", "RANDOM", "BASH_VERSINFO", "SHELLOPTS", "_"])
def test_a_variable_that_bash_sets_itself_is_refused_with_the_reason(name: str) -> None:
    (problem,) = problems({name: "1000"})
    assert problem.startswith(f"environment.{name}: got '{name}'")
    assert "Bash refuses a value for it, or has one of its own" in problem


def test_a_path_that_counts_on_another_one_is_refused_with_what_to_write() -> None:
    (problem,) = problems({"PATH": "/opt/conda/bin:$PATH"})
    assert problem.startswith("environment.PATH: a $, which stays as it is")
    assert 'export PATH="/opt/conda/bin:$PATH"' in problem


@pytest.mark.parametrize("environment", [{"PATH": "/opt/bin:/bin"}, {"PRICE": "$5"}, {"UID_": "1", "HOME": "/data"}])
def test_other_values_are_nobodys_business(environment: dict[str, str]) -> None:
    assert problems(environment) == []


def test_every_variable_that_this_bash_has_of_itself_is_refused_or_keeps_what_it_is_given() -> None:
    listed = subprocess.run(
        ["/bin/bash", "-c", "compgen -v"], env={}, capture_output=True, text=True, check=True, timeout=30
    )
    names = [name for name in listed.stdout.split() if name not in BASH_OWNS]
    assert len(names) > 5
    for name in names:
        script = f'export -- "$1" || exit 3; /usr/bin/env | /bin/grep -qx "$1" && [[ ${name} == "${{1#*=}}" ]]'
        done = subprocess.run(
            ["/bin/bash", "-c", script, "bash", f"{name}=/odd"], env={}, capture_output=True, check=False, timeout=30
        )
        assert (name, done.returncode) == (name, 0)
