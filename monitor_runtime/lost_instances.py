"""What a check tells of instances that lost the tags by which it finds them: they run, and nothing can end them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor_runtime.act.check_context import CheckContext
from monitor_runtime.cloud.interface import CloudError
from monitor_runtime.cloud.values import ON, Instance
from monitor_runtime.contract import names
from monitor_runtime.contract.memory import Memory
from monitor_runtime.contract.metrics import Metric
from monitor_runtime.decide.audit import lost_tags, may_be_lost_of, placeholders, says_whose, wanted_tags
from monitor_runtime.observe.audit import instances_of_switches


def split_lost(found: Sequence[Instance], monitor: str) -> tuple[Sequence[Instance], Sequence[Instance]]:
    """The instances without the monitor's tag, which it may neither end nor tag, and the others."""
    lost = [each for each in found if names.lost_monitor(each.tags.get(names.TAG_MONITOR), monitor)]
    return lost, [each for each in found if each not in lost]


def look_for_lost(context: CheckContext) -> Sequence[Instance]:
    """Instances that switches name, or that write to the run's place, and whose tags name no other run.

    That a run has no instance is usual before its launch, and once EC2 has forgotten the one that was terminated.
    """
    settings, cloud = context.settings, context.cloud
    place = names.output_tag(settings.bucket, settings.prefix)
    found: dict[str, Instance] = {}
    for look in (
        lambda: instances_of_switches(cloud),
        lambda: cloud.find_by(f"tag:{names.TAG_OUTPUT}", [place]),
    ):
        try:
            found |= {each.instance_id: each for each in look() if may_be_lost_of(settings, each)}
        except CloudError as error:
            context.report.problem(f"not looked for instances that lost their tags: {error}")
    return list(found.values())


def tell_lost(context: CheckContext, lost: Sequence[Instance], now: datetime) -> None:
    """Tell of those that are on, and count each for the alarm, unless Pulumi is about to remove them."""
    settings = context.settings
    for instance in lost:
        if instance.state in ON and not Memory.of(instance, now).may_be_going(now):
            wanted = wanted_tags(settings) if says_whose(instance) else placeholders(settings.monitor)
            for finding in lost_tags(instance, wanted):
                context.report.problem(finding.sentence)
                context.report.count(Metric.AUDIT_FINDINGS)
