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

from sandbox.demo.engines import ENGINES
from sandbox.demo.narrator import tell
from sandbox.demo.picture.picture import timeline_svg
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.show import plan_lines, resource_tree
from sandbox.demo.story import Story, preview
from sandbox.engine.cli import NoEngineError
from sandbox.engine.stack import ROOT

MIN_SAVING = 0.5


def main(
    scenario: Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")] = "default",
    seed: Annotated[int, typer.Option(help="How late EventBridge is, each time.")] = 1,
    engine: Annotated[str, typer.Option(help=f"One of {', '.join(ENGINES)}.")] = "in-process",
) -> None:
    """Declare, launch, watch and end a training run on a cloud in this process."""
    if engine not in ENGINES:
        raise typer.BadParameter(f"got {engine!r}; accepted: {', '.join(ENGINES)}", param_hint="engine")
    if scenario not in SCENARIOS:
        accepted = "\n".join(f"  {name:<12}{each.summary}" for name, each in SCENARIOS.items())
        raise typer.BadParameter(f"got {scenario!r}; accepted:\n{accepted}", param_hint="scenario")
    # This very stream: what an invocation prints is captured, and others may come to an end while one waits.
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    began = time.perf_counter()
    chosen = SCENARIOS[scenario]
    console.rule(f"[bold]{scenario}[/]: {chosen.summary}", align="left")
    try:
        previewed = preview(chosen, ENGINES[engine])
    except NoEngineError as error:
        console.print(Text(str(error), style="bold red"))
        sys.exit(1)
    console.rule("preview: what pulumi up would make", align="left")
    console.print(resource_tree(previewed))
    console.rule("plan: how the run is watched, and how it ends", align="left")
    for line in plan_lines(previewed):
        console.print(Text(f"  {line}", style="dim"))
    story = tell(console, chosen, seed=seed, engine=ENGINES[engine])
    picture = ROOT / "build" / f"demo-{scenario}.svg"
    _write(picture, timeline_svg(story, scenario))
    console.print(Text(f"\nthe timeline as a picture: {picture.relative_to(ROOT)}", style="dim"))
    console.print(Text(f"{time.perf_counter() - began:.1f} s; no AWS account was used", style="dim"))
    problems = list(_problems(story, scenario))
    for problem in problems:
        console.print(Text(f"not as declared: {problem}", style="bold red"))
    sys.exit(1 if problems else 0)


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
