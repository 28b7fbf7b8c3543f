"""The monitor: from an event to the check of the run it is about, and to the reply."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.ending import ENDING_SECONDS, EndingFailedError
from monitor_runtime.act.report import Report
from monitor_runtime.act.unrecorded import Unrecorded
from monitor_runtime.check import check
from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.interface import Cloud, CloudError
from monitor_runtime.cloud.values import Instance
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.contract.triggers import (
    AuditTrigger,
    CarriedTrigger,
    ForgetTrigger,
    S3EventTrigger,
    SpotWarningTrigger,
    TriggerKind,
    parse_trigger,
)
from monitor_runtime.decide.decide import is_over
from monitor_runtime.observe.locate import Ignored, Located, Lost, current_settings, locate
from monitor_runtime.observe.misses import Misses

Reply = dict[str, Any]


class Journal(Protocol):
    """Where it is written down what became of an event."""

    def about(self, run: str) -> None:
        """What follows is about this run; empty for none."""
        ...

    def checked(self, report: Report, reply: Reply) -> None:
        """A run was checked."""
        ...

    def audited(self, report: Report, reply: Reply) -> None:
        """All runs of the monitor were audited."""
        ...

    def ignored(self, trigger: str, reason: str) -> None:
        """What came was about no run of this monitor."""
        ...

    def released(self, reply: Reply) -> None:
        """Instances that Pulumi is about to remove were released."""
        ...

    def failed(self, error: Exception) -> None:
        """Something went wrong, but it is another error that is raised."""
        ...


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """A monitor in one invocation: who it is, what it talks to, and how long it may still take."""

    name: str
    region: str
    cloud: Cloud
    clock: Clock
    remaining_seconds: Callable[[], float]
    notifies: bool
    journal: Journal
    misses: Misses = dataclass_field(default_factory=Misses)
    """What was found out about events before this one."""

    def handle(self, event: object) -> Reply:
        """Do what the event asks for; the reply is a JSON object.

        Raises:
            TriggerError: for an event that is no trigger.
            SettingsError: for settings that are wrong.
            FirstCheckError: when a fresh run cannot be watched.
            EndingFailedError: when a run could not be ended.
            UnwatchedError: when a live instance has lost its schedule.
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
            case AuditTrigger():
                return self._audit()

    def _first_check(self, trigger: CarriedTrigger) -> Reply:
        # Most checks are not a run's first, and a cold start has no time for what it does not use.
        from monitor_runtime.act.release import reclaim  # noqa: PLC0415
        from monitor_runtime.act.rights import steps  # noqa: PLC0415
        from monitor_runtime.act.telling import tell_unwatched, tell_watched  # noqa: PLC0415
        from monitor_runtime.observe.first_check import FirstCheckError, prove  # noqa: PLC0415

        report = self._triggered(trigger)
        context = self._context(trigger.settings, report)
        rights, tell = partial(steps, context), partial(tell_watched, context)
        try:
            instances = prove(self.cloud, self.clock, trigger.settings, self.region, rights=rights, tell=tell)
        except FirstCheckError as error:
            further = [each for each in tell_unwatched(context, error.obstacles) if each not in error.obstacles]
            raise (FirstCheckError(trigger.settings.run, [*error.obstacles, *further]) if further else error) from None
        for instance in instances:
            reclaim(self.cloud, self.clock, instance, report, self.remaining_seconds)
        return self._check(trigger.settings, report, may_wait=False)

    def _followed_up(self, trigger: CarriedTrigger) -> Reply:
        """A follow-up carries the settings of the check that made it: what was declared since then counts more."""
        problem = ""
        self.journal.about(trigger.settings.run)
        try:
            current = current_settings(self.cloud, trigger.settings, self.clock.now())
        except CloudError as error:
            current, problem = (trigger.settings, trigger.unknown_fields), f"settings as of the last check: {error}"
        if isinstance(current, Ignored):
            self.journal.ignored(trigger.kind, current.reason)
            ignored = Report(trigger.settings.run, trigger.kind, self.clock.now(), "ignored", current.reason)
            return ignored.to_document(dict(self.cloud.calls))
        report = self._triggered(replace(trigger, settings=current[0], unknown_fields=current[1]))
        if problem:
            report.problem(problem)
        return self._check(current[0], report, unrecorded=Unrecorded.carried_by(trigger.unrecorded))

    def _event(self, trigger: S3EventTrigger | SpotWarningTrigger) -> Reply:
        """Check each run that the event is about. One that cannot be checked or ended keeps no other from it."""
        received_at = self.clock.now()
        ignored: list[str] = []
        replies: list[Reply] = []
        failures: list[tuple[str, Exception]] = []
        for entry in locate(self.cloud, self.name, trigger, self.misses, received_at):
            match entry:
                case Ignored():
                    self.journal.about(entry.run)
                    self.journal.ignored(_kind(trigger), entry.reason)
                    ignored.append(entry.reason)
                case Lost():
                    failures.append((entry.run, entry.error))
                case Located():
                    try:
                        replies.append(self._located(trigger, entry, received_at))
                    except EndingFailedError as error:
                        failures.append((entry.settings.run, error))
        self._raise_first(failures)
        if len(replies) == 1 and not ignored:
            return replies[0]
        return {
            "trigger": _kind(trigger),
            "decision": "checked" if replies else "ignored",
            "reasons": ignored,
            "checks": replies,
            "calls": dict(self.cloud.calls),
        }

    def _raise_first(self, failures: Sequence[tuple[str, Exception]]) -> None:
        """Lambda takes one error: of the others, each with its run, the journal tells."""
        for run, error in failures[1:]:
            self.journal.about(run)
            self.journal.failed(error)
        for run, error in failures[:1]:
            self.journal.about(run)
            raise error

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
        from monitor_runtime.act.release import release  # noqa: PLC0415 - see `_first_check`

        self.journal.about(trigger.run)
        released = release(self.cloud, self.clock, trigger, self.remaining_seconds)
        reply: Reply = {
            "run": trigger.run,
            "trigger": TriggerKind.FIRST_CHECK,
            "decision": "released",
            "instances": released.instance_ids,
            "problems": released.problems,
            "calls": dict(self.cloud.calls),
        }
        self.journal.released(reply)
        return reply

    def _audit(self) -> Reply:
        """Compare what must agree; then check the runs whose heartbeat somebody disabled, in its place."""
        from monitor_runtime.audit import Audit  # noqa: PLC0415 - see `_first_check`

        audit = Audit(
            self.name,
            self.cloud,
            self.clock,
            Report("", TriggerKind.AUDIT, self.clock.now()),
            self.remaining_seconds,
        )
        audit.run()
        checks: list[Reply] = []
        for number, (settings, unknown_fields) in enumerate(audit.unattended.values()):
            if self.remaining_seconds() < ENDING_SECONDS:
                left = len(audit.unattended) - number
                audit.report.problem(f"no time to check {left} runs without a heartbeat")
                break
            report = self._report(settings, TriggerKind.AUDIT, unknown_fields)
            try:
                checks.append(self._check(settings, report, may_wait=False))
            except EndingFailedError as error:
                audit.report.problem(str(error))
        reply = audit.to_document(self.cloud.calls)
        self.journal.audited(audit.report, reply)
        return {**reply, "checks": checks}

    def _triggered(self, trigger: CarriedTrigger) -> Report:
        report = self._report(trigger.settings, trigger.kind, trigger.unknown_fields)
        if trigger.scheduled_at:
            report.metrics[Metric.TRIGGER_LATENESS] = max(0.0, (report.at - trigger.scheduled_at).total_seconds())
        return report

    def _report(self, settings: Settings, kind: TriggerKind, unknown_fields: tuple[str, ...]) -> Report:
        self.journal.about(settings.run)
        report = Report(settings.run, kind, self.clock.now())
        for field in unknown_fields:
            report.note(f"setting {field} is unknown to this monitor: ignored")
        return report

    def _context(self, settings: Settings, report: Report) -> CheckContext:
        return CheckContext(settings, self.cloud, self.clock, report, self.remaining_seconds, self.notifies)

    def _check(
        self,
        settings: Settings,
        report: Report,
        *,
        instances: Sequence[Instance] | None = None,
        warned_instance_id: str = "",
        may_wait: bool = True,
        unrecorded: Unrecorded | None = None,
    ) -> Reply:
        context = replace(self._context(settings, report), unrecorded=unrecorded or Unrecorded())
        try:
            check(context, instances=instances, warned_instance_id=warned_instance_id, may_wait=may_wait)
        finally:
            reply = report.to_document(dict(self.cloud.calls))
            self.journal.checked(report, reply)
        return reply


def _kind(trigger: S3EventTrigger | SpotWarningTrigger) -> TriggerKind:
    return TriggerKind.SPOT_WARNING if isinstance(trigger, SpotWarningTrigger) else TriggerKind.S3_EVENT
