from __future__ import annotations

import pytest

from runctl_component.status.scope import Scope, ScopeError


@pytest.mark.parametrize(
    ("monitor", "stack", "included"),
    [
        ("", "", ["team/dev/runs", "team/dev/other", "team/dev2/runs", "other/dev/runs", ""]),
        ("team/dev/runs", "", ["team/dev/runs"]),
        ("", "team/dev", ["team/dev/runs", "team/dev/other"]),
        ("", "team", ["team/dev/runs", "team/dev/other", "team/dev2/runs"]),
    ],
)
def test_a_scope_holds_whole_parts_of_the_path(monitor: str, stack: str, included: list[str]) -> None:
    scope = Scope.of(monitor, stack)
    there = ["team/dev/runs", "team/dev/other", "team/dev2/runs", "other/dev/runs", ""]
    assert [each for each in there if scope.includes(each)] == included


@pytest.mark.parametrize(
    ("monitor", "stack", "option", "message"),
    [
        ("runs", "", "--monitor", "got 'runs'; accepted: PROJECT/STACK/NAME"),
        ("team/dev/", "", "--monitor", "got 'team/dev/'"),
        ("", "team/dev/runs", "--stack", "for one monitor, use --monitor"),
        ("", "team/", "--stack", "got 'team/'; accepted: PROJECT/STACK, or PROJECT for all its stacks"),
        ("team/dev/runs", "team/dev", "--monitor", "got --stack too; accepted: one of them"),
    ],
)
def test_what_can_be_no_path_is_refused_with_its_option(monitor: str, stack: str, option: str, message: str) -> None:
    with pytest.raises(ScopeError) as caught:
        Scope.of(monitor, stack)
    assert message in str(caught.value)
    assert caught.value.option == option
