"""``make demo``: a training run from its declaration to its end, in seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from sandbox.cloud import Sandbox
from sandbox.engine import ROOT
from sandbox.functions import Invocation
from sandbox.picture import timeline_svg
from sandbox.scenarios import SCENARIOS
from sandbox.show import calls_table, invocation_line, outcome_table, plan_lines, resource_tree, written_line
from sandbox.story import Story, play, preview
from sandbox.training import Training

MIN_SAVING = 0.5
PICTURE = ROOT / "build" / "demo-timeline.svg"


class Narrator:
    """Tells the timeline as it happens, in the order of virtual time."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = 0
        self._quiet = 0

    def __call__(self, cloud: Sandbox, training: Training) -> None:
        """Begin to listen."""
        launched_at = cloud.clock.now()

        def listen(entry: Invocation) -> None:
            for moment, key in training.written[self._told :]:
                self._say(written_line(moment, key, launched_at))
            self._told = len(training.written)
            if _is_quiet(entry):
                self._quiet += 1
            else:
                self._say(invocation_line(entry, launched_at))

        cloud.functions.listeners.append(listen)

    def _say(self, line: Text) -> None:
        if self._quiet:
            again = "check finds" if self._quiet == 1 else "checks find"
            self._console.print(Text(f"         {self._quiet} {again} nothing to do", style="dim"))
            self._quiet = 0
        self._console.print(line)


def _is_quiet(entry: Invocation) -> bool:
    reply = entry.reply or {}
    nothing = reply.get("reason") == "training" or reply.get("decision") == "over"
    return nothing and not reply.get("problems") and entry.error is None


def main(
    scenario: Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")] = "default",
    seed: Annotated[int, typer.Option(help="How late EventBridge is, each time.")] = 1,
) -> None:
    """Declare, launch, watch and end a training run on a cloud in this process."""
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"got {scenario!r}; accepted: {', '.join(SCENARIOS)}", param_hint="scenario")
    console = Console(highlight=False, soft_wrap=True)
    began = time.perf_counter()
    chosen = SCENARIOS[scenario]
    console.rule(f"[bold]{scenario}[/]: {chosen.summary}", align="left")
    previewed = preview(chosen)
    console.print(resource_tree(previewed))
    for line in plan_lines(previewed):
        console.print(Text(f"  {line}", style="dim"))
    console.rule("timeline, since the launch", align="left")
    story = play(chosen, seed=seed, follow=Narrator(console))
    _conclude(console, story, scenario)
    console.print(Text(f"{time.perf_counter() - began:.1f} s; nothing here was AWS", style="dim"))
    problems = list(_problems(story, scenario))
    for problem in problems:
        console.print(Text(f"not as declared: {problem}", style="bold red"))
    sys.exit(1 if problems else 0)


def _conclude(console: Console, story: Story, scenario: str) -> None:
    console.rule(align="left")
    console.print(outcome_table(story))
    console.print()
    console.print(calls_table(story))
    _write(PICTURE, timeline_svg(story, scenario))
    console.print(Text(f"\npicture: {PICTURE.relative_to(ROOT)}", style="dim"))


def _problems(story: Story, scenario: str) -> Iterator[str]:
    yield from story.problems()
    if scenario == "default" and story.called_at:
        polled = (story.called_at - story.launched_at).total_seconds() // 30
        if story.calls()["s3"] > (1 - MIN_SAVING) * polled:
            yield f"{story.calls()['s3']} S3 requests, not half of {polled:.0f}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
