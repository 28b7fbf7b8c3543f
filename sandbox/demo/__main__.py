"""``make demo``: a training run from its declaration to its end, in seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from monitor_runtime.contract import names
from sandbox.aws.functions import Invocation
from sandbox.aws.instances import Change
from sandbox.demo.engines import ENGINES
from sandbox.demo.picture.picture import timeline_svg
from sandbox.demo.scenarios import SCENARIOS
from sandbox.demo.show import (
    calls_table,
    checks_line,
    outcome_table,
    plan_lines,
    resource_tree,
    saying,
    switch_line,
    written_line,
)
from sandbox.demo.story import Story, play, preview
from sandbox.demo.training import Training
from sandbox.engine.cli import NoEngineError
from sandbox.engine.stack import ROOT
from sandbox.sandbox import Sandbox

MIN_SAVING = 0.5


class Narrator:
    """Prints the timeline as it happens, in the order of virtual time: each line when what it is about has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = 0
        self._alike: list[Invocation] = []
        """Those not printed yet, as one line, because the next may say the same."""

    def __call__(self, cloud: Sandbox, training: Training) -> None:
        """Begin to listen."""
        launched_at = cloud.clock.now()
        fired: list[datetime] = []

        def hear(entry: Invocation) -> None:
            self._tell_written(training.written, launched_at)
            if self._alike and saying(self._alike[0]) != saying(entry):
                self._tell_checks(launched_at)
            self._alike.append(entry)

        def note(schedule: str) -> None:
            if schedule == names.deadline_switch_name(training.instance_id):
                fired.append(cloud.clock.now())

        def see(change: Change) -> None:
            if change.at in fired:
                self._tell_written(training.written, launched_at)
                self._tell_checks(launched_at)
                self._console.print(switch_line(change, launched_at))

        cloud.functions.listeners.append(hear)
        cloud.scheduler.listeners.append(note)
        cloud.instances.listeners.append(see)

    def conclude(self, story: Story) -> None:
        """Tell what is left."""
        self._tell_written(story.written, story.launched_at)
        self._tell_checks(story.launched_at)

    def _tell_written(self, written: Sequence[tuple[datetime, str]], launched_at: datetime) -> None:
        for moment, key in written[self._told :]:
            self._tell_checks(launched_at)
            self._console.print(written_line(moment, key, launched_at))
        self._told = len(written)

    def _tell_checks(self, launched_at: datetime) -> None:
        if self._alike:
            self._console.print(checks_line(self._alike, launched_at))
        self._alike.clear()


def main(
    scenario: Annotated[str, typer.Option(help=f"One of {', '.join(SCENARIOS)}.")] = "default",
    seed: Annotated[int, typer.Option(help="How late EventBridge is, each time.")] = 1,
    engine: Annotated[str, typer.Option(help=f"One of {', '.join(ENGINES)}.")] = "in-process",
) -> None:
    """Declare, launch, watch and end a training run on a cloud in this process."""
    if engine not in ENGINES:
        raise typer.BadParameter(f"got {engine!r}; accepted: {', '.join(ENGINES)}", param_hint="engine")
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"got {scenario!r}; accepted: {', '.join(SCENARIOS)}", param_hint="scenario")
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
    console.print(resource_tree(previewed))
    for line in plan_lines(previewed):
        console.print(Text(f"  {line}", style="dim"))
    console.rule("timeline, since the launch", align="left")
    narrator = Narrator(console)
    story = play(chosen, seed=seed, follow=narrator, engine=ENGINES[engine])
    narrator.conclude(story)
    _conclude(console, story, scenario)
    console.print(Text(f"{time.perf_counter() - began:.1f} s; no AWS account was used", style="dim"))
    problems = list(_problems(story, scenario))
    for problem in problems:
        console.print(Text(f"not as declared: {problem}", style="bold red"))
    sys.exit(1 if problems else 0)


def _conclude(console: Console, story: Story, scenario: str) -> None:
    console.rule(align="left")
    console.print(outcome_table(story))
    console.print()
    console.print(calls_table(story))
    picture = ROOT / "build" / f"demo-{scenario}.svg"
    _write(picture, timeline_svg(story, scenario))
    console.print(Text(f"\npicture: {picture.relative_to(ROOT)}", style="dim"))


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
