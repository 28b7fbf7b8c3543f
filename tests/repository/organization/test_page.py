"""The page as a whole: what it has is evaluated, and can be found."""

from __future__ import annotations

import re

import pytest

from runctl_component.policies import MAX_ROLE_POLICY_CHARACTERS
from sandbox.engine.in_process import Registered
from sandbox.engine.sdk_types import resource_type

from .page import INTRODUCTION, PAGE, ROOT, SECTIONS, blocks, of, previewed

WITH_PROGRAMS = [title for title, text in SECTIONS.items() if blocks(text, "python")]


def test_the_table_of_contents_names_every_section_in_order() -> None:
    anchors = re.findall(r"^- \[(.+)\]\(#(.+)\)$", INTRODUCTION, re.MULTILINE)
    assert [title for title, _ in anchors] == list(SECTIONS)
    assert [anchor for _, anchor in anchors] == [
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in SECTIONS
    ]


def test_the_readme_leads_to_the_page() -> None:
    assert "](docs/in-an-organization.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_snippet_is_in_a_language_that_is_tried() -> None:
    languages = re.findall(r"^```(\w*)\n.*?^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert set(languages) == {"json", "python", "yaml"}
    assert len(WITH_PROGRAMS) == 7


def _problems(resource: Registered) -> list[tuple[str, str, str]]:
    known = resource_type(resource.type)
    return [(resource.name, *problem) for problem in known.problems(resource.inputs)] if known else []


@pytest.mark.parametrize("title", WITH_PROGRAMS)
def test_what_a_snippet_declares_or_changes_is_known_to_the_sdk(title: str) -> None:
    resources = previewed(title).resources
    assert len(resources) > 10
    given = [Registered(each.type, each.name, each.urn, each.parent, _sdk_inputs(each)) for each in resources]
    assert [problem for each in given for problem in _problems(each)] == []


def _sdk_inputs(resource: Registered) -> dict[str, object]:
    """The provider's own ``tagsAll`` is no input of the SDK's."""
    return {name: value for name, value in resource.inputs.items() if name != "tagsAll"}


@pytest.mark.parametrize("title", WITH_PROGRAMS)
def test_the_policies_of_the_roles_still_fit_into_them(title: str) -> None:
    texts = [each.inputs["policy"] for each in of(previewed(title), "RolePolicy")]
    known = [text for text in texts if isinstance(text, str)]
    assert [text for text in known if len(text) > MAX_ROLE_POLICY_CHARACTERS] == []
