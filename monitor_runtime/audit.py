"""An audit of all runs: look, look again at what is odd, make good what can be made good, and tell of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.act.deadline_switch import Repair, put_right, remove
from monitor_runtime.act.ending import ENDING_SECONDS
from monitor_runtime.act.report import Report
from monitor_runtime.cloud.clock import Clock
from monitor_runtime.cloud.dry_run import denial
from monitor_runtime.cloud.interface import Cloud, CloudError, ErrorKind
from monitor_runtime.cloud.pages import Schedule
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.times import format_time
from monitor_runtime.decide.audit import (
    OF_HEARTBEAT,
    OF_SWITCH,
    UNATTENDED,
    Finding,
    Flaw,
    changed_heartbeat,
    findings,
    is_leftover,
    needs_heartbeat,
    recorded_switch,
    wrong_switch,
)
from monitor_runtime.observe.audit import Sight, look
from monitor_runtime.observe.locate import declared_settings

RESERVE_SECONDS = 2 * ENDING_SECONDS
"""Kept free for what follows the look: checks of runs whose heartbeat is disabled, and the reply."""
RECENT = timedelta(hours=3)
"""A schedule that was changed since is read, and not only listed: one audit of three sees it though two are lost."""
MAX_READ = 100
"""Switches, and heartbeats, that are read in one audit, those changed last first."""
MAX_DRY_RUN = 100
"""Instances that are named in one dry run."""
MAX_TOLD = 50


@dataclass(slots=True)
class Audit:
    """One audit, filled while it runs. ``report`` gets what to tell, ``troubles`` are what kept it from being whole."""

    monitor: str
    cloud: Cloud
    clock: Clock
    report: Report
    remaining_seconds: Callable[[], float]
    instances: int = 0
    schedules: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    troubles: list[str] = field(default_factory=list[str])
    unattended: dict[str, tuple[Settings, tuple[str, ...]]] = field(
        default_factory=dict[str, tuple[Settings, tuple[str, ...]]]
    )
    """The settings of runs whose heartbeat is disabled, by run: to be checked in its place."""

    def has_time(self) -> bool:
        """Whether there is time for more than what must follow."""
        return self.remaining_seconds() > RESERVE_SECONDS

    def run(self) -> None:
        """Look at everything, and make good what can be made good. Never raises CloudError."""
        sight = look(self.cloud, self.monitor, self.has_time)
        self.instances, self.schedules = len(sight.instances), len(sight.schedules or ())
        self.troubles += sight.problems
        self._remove_leftovers(sight)
        self._examine_all(sight)
        self._prove_rights([each.instance_id for each in sight.instances if each.state in ON])
        self._tell()

    def _examine_all(self, sight: Sight) -> None:
        untagged = [
            each for each in sight.others.values() if names.lost_monitor(each.tags.get(names.TAG_MONITOR), self.monitor)
        ]
        to_read, now = self._to_read(sight), self.clock.now()
        odd = [
            each
            for each in (*sight.instances, *untagged)
            if to_read & _schedules_of(each) or any(findings(self.monitor, each, sight.schedules, now))
        ]
        for number, instance in enumerate(odd):
            if not self.has_time():
                self.troubles.append(f"no time to look again at {len(odd) - number} instances")
                return
            try:
                confirmed = self._confirmed(instance, sight.schedules, to_read & _schedules_of(instance))
            except CloudError as error:
                self.troubles.append(f"{instance.instance_id} not looked at again: {error}")
                self.findings += findings(self.monitor, instance, sight.schedules, now)
                continue
            for finding, fresh in confirmed:
                self._make_good(finding, fresh)

    def _to_read(self, sight: Sight) -> set[str]:
        """The schedules for which a listing does not vouch: it says when they were changed, not to what.

        A switch is put right, and a heartbeat stays wrong until somebody does it.
        """
        now, since = self.clock.now(), self.clock.now() - RECENT
        listed = sorted((sight.schedules or {}).values(), key=lambda each: each.changed_at, reverse=True)
        watched = (each for each in sight.instances if needs_heartbeat(each, self.monitor, now))
        beating = {names.heartbeat_name(each.tags[names.TAG_RUN]) for each in watched}
        recent = {each.name for each in listed if each.changed_at >= since}
        switches = [each.name for each in listed if names.switched_instance(each.name) and each.name in recent]
        heartbeats = [
            each.name for each in listed if each.name in beating and (each.was_changed or each.name in recent)
        ]
        return {*switches[:MAX_READ], *heartbeats[:MAX_READ]}

    def _confirmed(
        self, instance: Instance, schedules: Mapping[str, Schedule] | None, to_read: set[str]
    ) -> Iterable[tuple[Finding, Instance]]:
        """A second look, its schedules first: what ended, or was made, since the first one is no finding."""
        now = self.clock.now()
        flaws = {each.flaw for each in findings(self.monitor, instance, schedules, now)}
        if schedules is not None and flaws & (OF_SWITCH | OF_HEARTBEAT):
            schedules = self._listed_anew(instance)
        recorded = None if flaws & OF_SWITCH else recorded_switch(instance, self.monitor, now)
        if recorded is not None and (recorded.name not in to_read or recorded.at <= now):
            recorded = None
        wrong = recorded is not None and not self.cloud.has_deadline_switch(recorded)
        run = instance.tags.get(names.TAG_RUN, "")
        beats = names.heartbeat_name(run) in to_read and not flaws & OF_HEARTBEAT
        changed = beats and self.cloud.heartbeat_was_changed(run, self.monitor)
        if not flaws and not wrong and not changed:
            return []
        fresh = self.cloud.describe_instance(instance.instance_id)
        found = list(findings(self.monitor, fresh, schedules, now))
        if wrong and fresh.state in ON and recorded == recorded_switch(fresh, self.monitor, now):
            found.append(wrong_switch(fresh))
        if changed:
            found += changed_heartbeat(fresh, self.monitor, now)
        return [(finding, fresh) for finding in found]

    def _listed_anew(self, instance: Instance) -> dict[str, Schedule]:
        wanted = [names.deadline_switch_name(instance.instance_id)]
        if run := instance.tags.get(names.TAG_RUN):
            wanted.append(names.heartbeat_name(run))
        return {name: schedule for name in wanted if (schedule := self.cloud.find_schedule(name))}

    def _make_good(self, finding: Finding, instance: Instance) -> None:
        repair = Repair.FAILED
        try:
            if finding.flaw in UNATTENDED and (declared := self._declared(finding.run)):
                self.unattended[finding.run] = declared
            if finding.flaw in OF_SWITCH:
                repair = self._put_switch_right(finding, instance)
        except CloudError as error:
            self.troubles.append(f"{finding.flaw} of {instance.instance_id} not made good: {error}")
        if finding.flaw not in OF_SWITCH:
            self.findings.append(finding)
            return
        if repair is Repair.NOT_NEEDED:
            return
        done = repair is Repair.DONE
        sentence = f"{finding.sentence}: {'armed again' if done else 'it could not be armed again'}"
        self.findings.append(replace(finding, sentence=sentence, made_good=done))

    def _put_switch_right(self, finding: Finding, instance: Instance) -> Repair:
        """As settings and hold say. Without a heartbeat there are no settings: then, or too late, as the tag tells."""
        now, declared = self.clock.now(), self._declared(finding.run) if finding.run else None
        if declared and instance.launched_at:
            report = Report(finding.run, self.report.trigger, now)
            context = CheckContext(declared[0], self.cloud, self.clock, report, self.remaining_seconds, notifies=False)
            repair = put_right(context, instance, Memory.of(instance, now), instance.launched_at, now)
            self.troubles += report.problems
            if repair is not Repair.TOO_LATE:
                return repair
        recorded = recorded_switch(instance, self.monitor, now)
        if recorded is None or recorded.at <= now:
            return Repair.NOT_NEEDED
        self.cloud.put_deadline_switch(recorded)
        return Repair.DONE

    def _declared(self, run: str) -> tuple[Settings, tuple[str, ...]] | None:
        """Without its heartbeat or its settings, that is a finding or a trouble of its own."""
        declared = declared_settings(self.cloud, run)
        if not isinstance(declared, str):
            settings = declared[0]
            return declared if (settings.run, settings.monitor) == (run, self.monitor) else None
        if declared not in self.troubles:
            self.troubles.append(declared)
        return None

    def _remove_leftovers(self, sight: Sight) -> None:
        now = self.clock.now()
        for switch in (sight.schedules or {}).values():
            instance_id = names.switched_instance(switch.name)
            if instance_id not in sight.asked_for or not self.has_time():
                continue
            if is_leftover(switch, sight.others.get(instance_id), self.monitor, now):
                try:
                    remove(self.cloud, instance_id)
                    self.report.note(f"leftover deadline switch of {instance_id} removed")
                except CloudError as error:
                    self.troubles.append(f"leftover deadline switch not removed: {error}")

    def _prove_rights(self, instance_ids: list[str]) -> None:
        """EC2 answers for all instances of a request at once; one that is gone meanwhile leaves it without answer."""
        for start in range(0, len(instance_ids), MAX_DRY_RUN):
            if not self.has_time():
                self.troubles.append(f"no time to prove the rights on {len(instance_ids) - start} instances")
                return
            some = instance_ids[start : start + MAX_DRY_RUN]
            for error in self.cloud.may_end(some):
                if error.kind is ErrorKind.REFUSED:
                    which = some[0] if len(some) == 1 else f"{some[0]} or others of {len(some)} instances"
                    sentence = f"the monitor may not end {which}: lift the denial ({denial(error)})"
                    self.findings.append(Finding(Flaw.DENIED, sentence, instance_id=some[0] if len(some) == 1 else ""))
                elif error.kind is not ErrorKind.NOT_FOUND:
                    self.troubles.append(f"rights not proven: {error}")

    def _tell(self) -> None:
        for sentence in [each.sentence for each in self.findings[:MAX_TOLD]] + self.troubles[:MAX_TOLD]:
            self.report.problem(sentence)
        self.report.metrics[Metric.AUDITS] = float(not self.troubles)
        self.report.metrics[Metric.AUDIT_FINDINGS] = float(len(self.findings))

    def to_document(self, calls: Mapping[str, int]) -> dict[str, Any]:
        """The reply: a small JSON object. Of many findings the first are told, and how many there are."""
        told = [
            {"flaw": each.flaw, "run": each.run, "instance_id": each.instance_id, "made_good": each.made_good}
            for each in self.findings[:MAX_TOLD]
        ]
        return {
            "trigger": self.report.trigger,
            "at": format_time(self.report.at),
            "decision": "audited",
            "instances": self.instances,
            "schedules": self.schedules,
            "findings_count": len(self.findings),
            "findings": told,
            "seen": self.report.notes[:MAX_TOLD],
            "problems": list(self.report.problems),
            "calls": dict(calls),
        }


def _schedules_of(instance: Instance) -> set[str]:
    """The names of those that may end the instance, or wake the monitor for it."""
    run = instance.tags.get(names.TAG_RUN)
    heartbeat = {names.heartbeat_name(run)} if run else set[str]()
    return {names.deadline_switch_name(instance.instance_id)} | heartbeat
