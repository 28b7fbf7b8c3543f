"""Tells a story on a console while it happens, and then how it ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.console import Console

from monitor_runtime.contract import names
from sandbox.aws.functions import Invocation
from sandbox.aws.instances import Change
from sandbox.demo.engines import IN_PROCESS, Engine
from sandbox.demo.scenarios import Scenario
from sandbox.demo.show import calls_table, checks_line, happening_line, outcome_table, saying, switch_line
from sandbox.demo.since_launch import offset
from sandbox.demo.story import Story, play
from sandbox.demo.training import Incident, IncidentKind, Training
from sandbox.sandbox import Sandbox

Happening = tuple[datetime, str, str]
"""When, who, and what."""
_INSTANCE = {"pending": "is started again", "stopped": "is stopped", "terminated": "is terminated"}


def tell(console: Console, scenario: Scenario, *, seed: int = 1, engine: Engine = IN_PROCESS) -> Story:
    """Play the scenario, telling its timeline, its outcome and what the watching took."""
    console.rule("timeline, h:mm:ss since the launch", align="left")
    narrator = Narrator(console)
    story = play(scenario, seed=seed, follow=narrator, engine=engine)
    narrator.conclude(story)
    console.rule("outcome", align="left")
    console.print(outcome_table(story))
    console.print()
    console.print(calls_table(story))
    return story


class Narrator:
    """Prints the timeline as it happens, in the order of virtual time: each line when what it is about has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[Happening] = set()
        self._changes: list[Change] = []
        self._alike: list[Invocation] = []
        """Those not printed yet, as one line, because the next may say the same."""

    def __call__(self, cloud: Sandbox, training: Training) -> None:
        """Begin to listen."""
        self._training = training
        self._launched_at = cloud.clock.now()
        fired: list[datetime] = []

        def hear(entry: Invocation) -> None:
            self._tell_happenings(entry.ended_at)
            if self._alike and saying(self._alike[0]) != saying(entry):
                self._tell_checks()
            self._alike.append(entry)

        def note(schedule: str) -> None:
            if schedule == names.deadline_switch_name(training.instance_id):
                fired.append(cloud.clock.now())

        def see(change: Change) -> None:
            self._changes.append(change)
            if change.at in fired:
                self._tell_happenings(change.at)
                self._tell_checks()
                self._console.print(switch_line(change, self._launched_at))

        cloud.functions.listeners.append(hear)
        cloud.scheduler.listeners.append(note)
        cloud.instances.listeners.append(see)

    def conclude(self, story: Story) -> None:
        """Tell what is left."""
        self._tell_happenings(story.launched_at + story.scenario.lasts)
        self._tell_checks()

    def _tell_happenings(self, until: datetime) -> None:
        happened = [each for each in self._happenings() if each[0] <= until and each not in self._told]
        for moment, who, what in sorted(happened, key=lambda each: each[0]):
            self._tell_checks()
            self._console.print(happening_line(moment, who, what, self._launched_at))
        self._told.update(happened)

    def _happenings(self) -> Iterator[Happening]:
        yield from ((moment, "training", "begins") for moment in self._training.reported)
        yield from ((moment, "training", f"wrote {key}") for moment, key in self._training.written)
        yield from ((moment, "training", "does nothing any more") for moment in self._training.hung)
        for change in self._changes:
            if change.state in _INSTANCE:
                yield change.at, "instance", _INSTANCE[change.state]
        for incident in self._training.incidents:
            yield from self._incident(incident)

    def _incident(self, incident: Incident) -> Iterator[Happening]:
        if incident.kind == IncidentKind.HOLD and incident.ended:
            until = offset(incident.ended, self._launched_at)
            yield incident.began, "a person", f"tags the instance {names.TAG_HOLD_UNTIL}, until {until}"
        elif incident.kind == IncidentKind.S3_OUTAGE and incident.ended:
            yield incident.began, "S3", "fails"
            yield incident.ended, "S3", "answers again"
        else:
            yield incident.began, "monitor", "breaks"

    def _tell_checks(self) -> None:
        if self._alike:
            self._console.print(checks_line(self._alike, self._launched_at))
        self._alike.clear()
