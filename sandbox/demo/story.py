"""Plays a scenario, and says whether it ended as it must."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from monitor_runtime.contract import names
from monitor_runtime.contract.deadline import deadline
from monitor_runtime.contract.settings import Settings, parse
from monitor_runtime.contract.times import parse_time
from monitor_runtime.contract.triggers import TriggerKind
from sandbox.aws.functions import Invocation
from sandbox.aws.instances import Change
from sandbox.aws.moto_gaps import open_spot_requests
from sandbox.demo.engines import IN_PROCESS, Engine
from sandbox.demo.scenarios import Scenario
from sandbox.demo.training import Incident, Training
from sandbox.engine.in_process import Deployment
from sandbox.engine.stack import stack_config
from sandbox.sandbox import REGION, Sandbox, sandbox

RUN = "llama-ft"
LATEST_SECONDS = 65
_CALLED = re.compile(r"(?:stop|terminate) called (\S+)")


@dataclass
class Story:
    """What happened, for people to read and for `problems` to judge."""

    scenario: Scenario
    launched_at: datetime
    deployment: Deployment
    invocations: list[Invocation] = field(default_factory=list[Invocation])
    written: list[tuple[datetime, str]] = field(default_factory=list[tuple[datetime, str]])
    reported: list[datetime] = field(default_factory=list[datetime])
    hung: list[datetime] = field(default_factory=list[datetime])
    incidents: list[Incident] = field(default_factory=list[Incident])
    switch_fired_at: datetime | None = None
    changes: list[Change] = field(default_factory=list[Change])
    """What really became of the instance."""
    open_spot_requests: int = 0
    state: str = ""
    tags: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def marker_at(self) -> datetime | None:
        """When the training was through."""
        last = [moment for moment, name in self.written if not name.startswith("checkpoints/")]
        return max(last, default=None)

    @property
    def seen_at(self) -> datetime | None:
        """When the monitor first saw that."""
        marker_at = self.marker_at
        later = (entry for entry in self.invocations if marker_at and entry.ended_at >= marker_at)
        return next((entry.started_at for entry in later if _tells_of_completion(entry)), None)

    @property
    def called_at(self) -> datetime | None:
        """When the stop was called; the last time, if it was started again."""
        return max(self._calls(), default=self.switch_fired_at)

    @property
    def taken_at(self) -> datetime | None:
        """When EC2 took the instance back: it ended without a call."""
        endings = (change.at for change in self.changes if change.state in {"stopping", "shutting-down"})
        return None if self.called_at else next(endings, None)

    @property
    def settings(self) -> Settings:
        """What the first check was told of the run."""
        return parse(next(entry.event["settings"] for entry in self.invocations if "settings" in entry.event))[0]

    @property
    def deadline(self) -> datetime | None:
        """That of the last launch."""
        starts = [change.at for change in self.changes if change.state == "pending"]
        return deadline(self.settings, max(starts, default=self.launched_at))

    @property
    def ended_at(self) -> datetime | None:
        """When the instance began to end, whoever ended it."""
        return self.called_at or self.taken_at

    def _calls(self) -> Iterator[datetime]:
        for entry in self.invocations:
            for sentence in (entry.reply or {}).get("seen", []):
                found = _CALLED.fullmatch(sentence)
                moment = parse_time(found[1]) if found else None
                if moment:
                    yield moment

    @property
    def grace_over_at(self) -> datetime | None:
        """The end of the grace period."""
        grace = timedelta(seconds=self.scenario.args.get("grace_seconds", 300))
        return self.marker_at + grace if self.marker_at else None

    def calls(self) -> Counter[str]:
        """Requests of the run's checks by service, up to the ending; those of audits are the same for many runs."""
        total: Counter[str] = Counter()
        for entry in self.invocations:
            is_check = entry.event.get("trigger") != TriggerKind.AUDIT
            if is_check and (self.ended_at is None or entry.started_at <= self.ended_at):
                total.update((entry.reply or {}).get("calls", {}))
        return total

    def problems(self) -> Iterator[str]:
        """What is not as the scenario says; empty when all is well."""
        if self.state != self.scenario.state:
            yield f"the instance is {self.state}, and should be {self.scenario.state}"
        outcome = self.tags.get(names.TAG_OUTCOME)
        if outcome != self.scenario.outcome:
            yield f"the outcome is {outcome}, and should be {self.scenario.outcome}"
        due = self.launched_at + self.scenario.ends_after if self.scenario.ends_after else self.grace_over_at
        if due is None or self.ended_at is None:
            yield "the instance was not ended"
        elif self.ended_at < due:
            yield f"ended {(due - self.ended_at).total_seconds():.0f} s too early"
        elif self.ended_at > due + self._tolerance():
            yield f"ended {(self.ended_at - due).total_seconds():.0f} s after it was due"

    def _tolerance(self) -> timedelta:
        """65 s after a grace period; where a poll has to find out, a heartbeat and its lateness more."""
        polled = self.scenario.ends_after is not None
        return timedelta(seconds=LATEST_SECONDS + (360 if polled else 0))


def _tells_of_completion(entry: Invocation) -> bool:
    return bool(entry.reply) and str((entry.reply or {}).get("reason", "")).startswith(("marker", "expected outputs"))


def preview(scenario: Scenario, engine: Engine = IN_PROCESS) -> Deployment:
    """What `pulumi preview` would show: nothing is created."""
    with sandbox() as cloud:
        return engine.preview(cloud, _config(scenario))


def play(
    scenario: Scenario,
    *,
    seed: int = 1,
    follow: Callable[[Sandbox, Training], None] | None = None,
    engine: Engine = IN_PROCESS,
) -> Story:
    """Deploy the demo stack with the scenario's args and let its time pass."""
    with sandbox(seed) as cloud:
        runs = json.loads(_config(scenario)["runctl:runs"])
        bucket, prefix = runs[RUN]["bucket"], runs[RUN]["prefix"]
        cloud.create_bucket(bucket, events=True)
        deployment = engine.up(cloud, _config(scenario))
        instance_id = deployment.ids[f"aws:ec2/instance:Instance {RUN}"]
        training = Training(cloud, instance_id, bucket, prefix, scenario.finish, scenario.works_for)
        story = Story(
            scenario,
            cloud.clock.now(),
            deployment,
            cloud.functions.invocations,
            training.written,
            training.reported,
            training.hung,
            training.incidents,
            changes=cloud.instances.changes,
        )
        cloud.scheduler.listeners.append(lambda name: _note_switch(story, cloud, instance_id, name))
        training.start()
        if scenario.twist:
            scenario.twist(cloud, training)
        if follow:
            follow(cloud, training)
        cloud.run_for(scenario.lasts)
        story.state = cloud.instance(training.instance_id)["State"]["Name"]
        story.tags = cloud.tags(training.instance_id)
        story.open_spot_requests = len(open_spot_requests(REGION))
        return story


def _note_switch(story: Story, cloud: Sandbox, instance_id: str, name: str) -> None:
    if name == names.deadline_switch_name(instance_id):
        story.switch_fired_at = cloud.clock.now()


def _config(scenario: Scenario) -> dict[str, str]:
    config = stack_config("demo")
    runs: dict[str, Any] = json.loads(config["runctl:runs"])
    runs[RUN] = {**runs[RUN], **scenario.args}
    return {**config, "runctl:runs": json.dumps(runs)}
