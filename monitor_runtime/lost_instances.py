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
from monitor_runtime.decide.audit import lost_tags, wanted_tags
from monitor_runtime.observe.audit import instances_of_switches


def split_lost(found: Sequence[Instance]) -> tuple[Sequence[Instance], Sequence[Instance]]:
    """The instances without the monitor's tag, which it may neither end nor tag, and the others."""
    lost = [each for each in found if names.TAG_MONITOR not in each.tags]
    return lost, [each for each in found if each not in lost]


def look_for_lost(context: CheckContext) -> Sequence[Instance]:
    """Instances that switches name, of a run of which no instance is found, or of none that a tag names.

    That a run has no instance is usual before its launch, and once EC2 has forgotten the one that was terminated.
    """
    settings = context.settings
    try:
        switched = instances_of_switches(context.cloud)
    except CloudError as error:
        context.report.problem(f"not looked for instances that lost their tags: {error}")
        return []
    return [
        each
        for each in switched
        if each.tags.get(names.TAG_RUN, settings.run) == settings.run
        and each.tags.get(names.TAG_MONITOR, settings.monitor) == settings.monitor
    ]


def tell_lost(context: CheckContext, lost: Sequence[Instance], now: datetime) -> None:
    """Tell of those that are on, and count each for the alarm, unless Pulumi is about to remove them."""
    for instance in lost:
        if instance.state in ON and not Memory.of(instance, now).may_be_going(now):
            for finding in lost_tags(instance, wanted_tags(context.settings)):
                context.report.problem(finding.sentence)
                context.report.count(Metric.AUDIT_FINDINGS)
