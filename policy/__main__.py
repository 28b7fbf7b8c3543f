"""The policy pack: ``pulumi preview --policy-pack policy``. What it asks is in ``rules.py``."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from rules import (
    ALARM,
    FUNCTION,
    INSTANCE,
    MONITOR,
    SCHEDULE,
    missing_alarms,
    missing_deadline,
    missing_topic,
    settings_of,
    unended_accelerators,
    unverified_termination,
)


def _of_instances(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == INSTANCE:
        for violation in unended_accelerators(args.urn, args.props, args.get_config().get("exempt") or []):
            report(violation, None)


def _of_runs(rule: Callable[[Mapping[str, Any]], Iterator[str]]) -> ResourceValidation:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        settings = settings_of(args.props) if args.resource_type == SCHEDULE else None
        for violation in rule(settings) if settings else ():
            report(violation, None)

    return validate


def _of_functions(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == FUNCTION:
        for violation in missing_topic(args.urn, args.props):
            report(violation, None)


def _of_the_stack(args: StackValidationArgs, report: ReportViolation) -> None:
    monitors = [each.urn for each in args.resources if each.resource_type == MONITOR]
    alarms = [(each.parent.urn, each.props) for each in args.resources if each.resource_type == ALARM and each.parent]
    for urn, violation in missing_alarms(monitors, alarms):
        report(violation, urn)


PolicyPack(
    name="runctl",
    enforcement_level=EnforcementLevel.ADVISORY,
    policies=[
        ResourceValidationPolicy(
            name="accelerators-are-ended",
            description="Instances with GPUs or other accelerators are training runs, or meant to run on.",
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=PolicyConfigSchema(properties={"exempt": {"type": "array", "items": {"type": "string"}}}),
            validate=_of_instances,
        ),
        ResourceValidationPolicy(
            name="runs-have-a-deadline",
            description="Every run is ended by its deadline when nothing else has ended it.",
            enforcement_level=EnforcementLevel.MANDATORY,
            validate=_of_runs(missing_deadline),
        ),
        ResourceValidationPolicy(
            name="termination-is-verified",
            description="No disk is deleted before it is known that the work is in S3.",
            validate=_of_runs(unverified_termination),
        ),
        ResourceValidationPolicy(
            name="monitors-have-a-topic",
            description="Somebody is told how runs end.",
            validate=_of_functions,
        ),
        StackValidationPolicy(
            name="monitors-have-alarms",
            description="Somebody notices when a monitor fails.",
            validate=_of_the_stack,
        ),
    ],
)
