"""The monitor: from an event to the check of the run it is about, and to the reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import Any

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import EndingFailedError
from monitor_runtime.act.release import reclaim, release
from monitor_runtime.act.report import Report
from monitor_runtime.check import check
from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import (
    CarriedTrigger,
    ForgetTrigger,
    S3EventTrigger,
    SpotWarningTrigger,
    TriggerKind,
    parse_trigger,
)
from monitor_runtime.decide.decide import is_over
from monitor_runtime.observe.first_check import prove
from monitor_runtime.observe.locate import Ignored, Located, current_settings, locate
from monitor_runtime.observe.misses import Misses

Reply = dict[str, Any]
Publish = Callable[[Report, Reply], None]


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """A monitor in one invocation: who it is, what it talks to, and how long it may still take."""

    name: str
    region: str
    cloud: Cloud
    clock: Clock
    remaining_seconds: Callable[[], float]
    notifies: bool
    publish: Publish
    misses: Misses = dataclass_field(default_factory=Misses)
    """What was found out about events before this one."""

    def handle(self, event: object) -> Reply:
        """Do what the event asks for; the reply is a JSON object.

        Raises:
            TriggerError: for an event that is no trigger.
            SettingsError: for settings that are wrong.
            FirstCheckError: when a fresh run cannot be watched.
            EndingFailedError: when a run could not be ended.
            CloudError: when an event's run could not be looked up.
        """
        match parse_trigger(event):
            case CarriedTrigger(kind=TriggerKind.FOLLOW_UP) as trigger:
                return self._followed_up(trigger)
            case CarriedTrigger(kind=TriggerKind.FIRST_CHECK) as trigger:
                return self._first_check(trigger)
            case CarriedTrigger() as trigger:
                return self._check(trigger.settings, self._triggered(trigger))
            case ForgetTrigger() as trigger:
                return self._forget(trigger)
            case S3EventTrigger() | SpotWarningTrigger() as trigger:
                return self._event(trigger)

    def _first_check(self, trigger: CarriedTrigger) -> Reply:
        report = self._triggered(trigger)
        for instance in prove(self.cloud, self.clock, trigger.settings, self.region):
            reclaim(self.cloud, self.clock, instance, report, self.remaining_seconds)
        return self._check(trigger.settings, report, may_wait=False)

    def _followed_up(self, trigger: CarriedTrigger) -> Reply:
        """A follow-up carries the settings of the check that made it: what was declared since then counts more."""
        problem = ""
        try:
            current = current_settings(self.cloud, trigger.settings.run)
        except CloudError as error:
            current, problem = (trigger.settings, trigger.unknown_fields), f"settings as of the last check: {error}"
        if isinstance(current, Ignored):
            ignored = Report(trigger.settings.run, trigger.kind, self.clock.now(), "ignored", current.reason)
            return ignored.to_document(dict(self.cloud.calls))
        report = self._triggered(replace(trigger, settings=current[0], unknown_fields=current[1]))
        if problem:
            report.problem(problem)
        return self._check(current[0], report)

    def _event(self, trigger: S3EventTrigger | SpotWarningTrigger) -> Reply:
        """Check each run that the event is about. One that cannot be ended keeps no other from being checked."""
        received_at = self.clock.now()
        located = locate(self.cloud, self.name, trigger, self.misses, received_at)
        ignored = [entry.reason for entry in located if isinstance(entry, Ignored)]
        replies: list[Reply] = []
        failures: list[EndingFailedError] = []
        for entry in located:
            if isinstance(entry, Located):
                try:
                    replies.append(self._located(trigger, entry, received_at))
                except EndingFailedError as error:
                    failures.append(error)
        if failures:
            raise failures[0]
        if len(replies) == 1 and not ignored:
            return replies[0]
        return {
            "trigger": _kind(trigger),
            "decision": "checked" if replies else "ignored",
            "reasons": ignored,
            "checks": replies,
            "calls": dict(self.cloud.calls),
        }

    def _located(self, trigger: S3EventTrigger | SpotWarningTrigger, located: Located, received_at: datetime) -> Reply:
        """A warning counts for what it says and when: copies of it may come after the interruption that it is about.

        Many events may come at once: none waits for what is due next.
        """
        report = self._report(located.settings, _kind(trigger), located.unknown_fields)
        warned = ""
        if isinstance(trigger, SpotWarningTrigger):
            warned_at = trigger.warned_at
            if warned_at and is_over(warned_at, located.instances[0].launched_at, received_at):
                report.note(f"the spot warning of {format_time(warned_at)} is over: EC2 did not take the instance")
            else:
                warned = trigger.instance_id
        return self._check(
            located.settings, report, instances=located.instances, warned_instance_id=warned, may_wait=False
        )

    def _forget(self, trigger: ForgetTrigger) -> Reply:
        """Let the instance go. Never fails: it must not keep a stack from being destroyed."""
        return {
            "run": trigger.run,
            "trigger": TriggerKind.FIRST_CHECK,
            "decision": "released",
            "problems": release(self.cloud, self.clock, trigger, self.remaining_seconds),
            "calls": dict(self.cloud.calls),
        }

    def _triggered(self, trigger: CarriedTrigger) -> Report:
        report = self._report(trigger.settings, trigger.kind, trigger.unknown_fields)
        if trigger.scheduled_at:
            report.metrics[Metric.TRIGGER_LATENESS] = max(0.0, (report.at - trigger.scheduled_at).total_seconds())
        return report

    def _report(self, settings: Settings, kind: TriggerKind, unknown_fields: tuple[str, ...]) -> Report:
        report = Report(settings.run, kind, self.clock.now())
        for field in unknown_fields:
            report.note(f"setting {field} is unknown to this monitor: ignored")
        return report

    def _check(
        self,
        settings: Settings,
        report: Report,
        *,
        instances: Sequence[Instance] | None = None,
        warned_instance_id: str = "",
        may_wait: bool = True,
    ) -> Reply:
        context = CheckContext(settings, self.cloud, self.clock, report, self.remaining_seconds, self.notifies)
        try:
            check(context, instances=instances, warned_instance_id=warned_instance_id, may_wait=may_wait)
        finally:
            reply = report.to_document(dict(self.cloud.calls))
            self.publish(report, reply)
        return reply


def _kind(trigger: S3EventTrigger | SpotWarningTrigger) -> TriggerKind:
    return TriggerKind.SPOT_WARNING if isinstance(trigger, SpotWarningTrigger) else TriggerKind.S3_EVENT
