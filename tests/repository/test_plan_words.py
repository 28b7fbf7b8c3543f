"""What the documentation says of endings and layers is what the plan says, for every kind of run."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from runctl_component import TrainingRun

from ..runctl_component.recording import record

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
PAGE = (ROOT / "docs" / "plan.md").read_text(encoding="utf-8")
GENERATE: Mapping[str, Any] = runpy.run_path(str(ROOT / "docs" / "generate_plan.py"))

HOLDS_FOR_SOME: Mapping[str, tuple[str, str]] = {
    "the timer on the instance": (r"own timer|timer on the instance|last layer|\bguard`", r"user_data|`command`"),
    "a stop": (
        r"instance (?:is stopped(?!, terminated)[.,]|stops\b)|stopped and not|[Ss]top is .*default",
        r"one-time",
    ),
    "giving up on a marker": (r"for an hour|an hour of trying", r"report|cannot-write-its-marker|until the deadline"),
    "what calls EC2 after the deadline": (r"calls EC2 directly", r"on_deadline: report"),
}
"""What some runs have and others do not: words that speak of it, and words that say for whom it holds."""
IN_FULL = r"plan\.md#(?:who-ends-a-run|what-becomes-of-the-instance)"
"""What leads to the tables that say all of it."""


def _passages(text: str) -> Iterator[str]:
    """Paragraphs, and each item of a list and row of a table by itself; what is made from the plan is not asked."""
    for block in re.split(r"\n\s*\n", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        for passage in re.split(r"\n(?=\s*(?:\||[-*] |\d+\. ))", block):
            yield " ".join(passage.split())


def _speaking_of(subject: str) -> list[tuple[str, str]]:
    words = re.compile(HOLDS_FOR_SOME[subject][0])
    pages = [page for page in PAGES if page.name != "plan.md"]
    found = [(page.name, each) for page in pages for each in _passages(page.read_text(encoding="utf-8"))]
    return [(page, each) for page, each in found if words.search(each)]


@pytest.mark.parametrize("subject", HOLDS_FOR_SOME)
def test_a_sentence_that_holds_for_some_runs_says_for_which_or_leads_to_the_table(subject: str) -> None:
    said_for = re.compile(f"{HOLDS_FOR_SOME[subject][1]}|{IN_FULL}")
    assert [(page, each) for page, each in _speaking_of(subject) if not said_for.search(each)] == []


@pytest.mark.parametrize("subject", HOLDS_FOR_SOME)
def test_there_are_such_sentences(subject: str) -> None:
    assert _speaking_of(subject)


def test_the_page_of_the_plan_says_what_the_plan_says() -> None:
    assert GENERATE["plan_page"]() == PAGE, "run make docs"


def test_the_text_of_the_page_is_what_the_run_of_the_readme_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "quickstart")
    name, args = GENERATE["readme_run"]()
    told = record(lambda: {"text": TrainingRun(name, args).plan_text}, preview=True).outputs["text"]
    assert f"```markdown\n{told.replace('team/dev', GENERATE['PLACE'])}\n```" in PAGE
