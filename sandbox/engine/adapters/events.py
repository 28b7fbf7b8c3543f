"""EventBridge: rules and their targets, schedules and their groups."""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.aws.boto import client
from sandbox.engine.adapters.adapter import (
    Adapter,
    Created,
    Inputs,
    Outputs,
    camel,
    pascal,
    physical_name,
    picked,
    retag,
    same_json,
    tag_list,
    unless_missing,
)

_RULE = {
    "description": "Description",
    "eventPattern": "EventPattern",
    "scheduleExpression": "ScheduleExpression",
    "state": "State",
}


def _create_rule(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    tags = tag_list(inputs.get("tags"))
    rule = client("events").put_rule(Name=title, **picked(inputs, _RULE), **({"Tags": tags} if tags else {}))
    return title, {"name": title, "arn": rule["RuleArn"]}


def _read_rule(identity: str, known: Outputs) -> Outputs | None:
    rule: Any = unless_missing(lambda: client("events").describe_rule(Name=identity))
    if rule is None:
        return None
    read = {"arn": rule["Arn"]}
    if rule.get("EventPattern"):
        read["eventPattern"] = same_json(known.get("eventPattern"), rule["EventPattern"])
    return {**read, **({"description": rule["Description"]} if "description" in known else {})}


def _update_rule(identity: str, old: Outputs, new: Inputs) -> Outputs:
    events = client("events")
    events.put_rule(Name=identity, **picked(new, _RULE))
    retag(
        old,
        new,
        lambda added: events.tag_resource(ResourceARN=old["arn"], Tags=tag_list(added)),
        lambda removed: events.untag_resource(ResourceARN=old["arn"], TagKeys=removed),
    )
    return {}


def _delete_rule(identity: str, known: Outputs) -> None:
    del known
    client("events").delete_rule(Name=identity)


def _put_target(title: str, inputs: Inputs) -> None:
    target: dict[str, Any] = {"Id": title, "Arn": inputs["arn"]}
    optional = ("deadLetterConfig", "retryPolicy", "input", "inputPath")
    target.update(picked(inputs, {name: name[0].upper() + name[1:] for name in optional}))
    transformer = inputs.get("inputTransformer")
    if transformer:
        target["InputTransformer"] = {
            "InputPathsMap": dict(transformer.get("inputPaths", {})),
            "InputTemplate": transformer["inputTemplate"],
        }
    client("events").put_targets(Rule=inputs["rule"], Targets=[target])


def _create_target(name: str, inputs: Inputs) -> Created:
    title = inputs.get("targetId") or f"{name}-{uuid.uuid4().hex[:7]}"
    _put_target(title, inputs)
    return f"{inputs['rule']}-{title}", {"targetId": title}


def _read_target(identity: str, known: Outputs) -> Outputs | None:
    del identity
    answer: Any = unless_missing(lambda: client("events").list_targets_by_rule(Rule=known["rule"]))
    targets: list[Any] = answer["Targets"] if answer else []
    found = [target for target in targets if target["Id"] == known["targetId"]]
    return {"arn": found[0]["Arn"]} if found else None


def _update_target(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del identity
    _put_target(old["targetId"], new)
    return {}


def _delete_target(identity: str, known: Outputs) -> None:
    del identity
    client("events").remove_targets(Rule=known["rule"], Ids=[known["targetId"]])


def _create_group(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    arn = client("scheduler").create_schedule_group(Name=title, Tags=tag_list(inputs.get("tags")))["ScheduleGroupArn"]
    return title, {"name": title, "arn": arn}


def _read_group(identity: str, known: Outputs) -> Outputs | None:
    del known
    group: Any = unless_missing(lambda: client("scheduler").get_schedule_group(Name=identity))
    return {"arn": group["Arn"]} if group else None


def _update_group(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del identity
    retag(
        old,
        new,
        lambda added: client("scheduler").tag_resource(ResourceArn=old["arn"], Tags=tag_list(added)),
        lambda removed: client("scheduler").untag_resource(ResourceArn=old["arn"], TagKeys=removed),
    )
    return {}


def _delete_group(identity: str, known: Outputs) -> None:
    """AWS deletes the schedules of a group with it."""
    del known
    client("scheduler").delete_schedule_group(Name=identity)


_SCHEDULE = {"description": "Description", "state": "State", "scheduleExpressionTimezone": "ScheduleExpressionTimezone"}


def _schedule(title: str, inputs: Inputs) -> dict[str, Any]:
    return {
        "Name": title,
        "GroupName": inputs.get("groupName") or "default",
        "ScheduleExpression": inputs["scheduleExpression"],
        "FlexibleTimeWindow": pascal(inputs["flexibleTimeWindow"]),
        "Target": pascal(inputs["target"]),
        **picked(inputs, _SCHEDULE),
    }


def _create_schedule(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    wanted = _schedule(title, inputs)
    arn = client("scheduler").create_schedule(**wanted)["ScheduleArn"]
    return f"{wanted['GroupName']}/{title}", {"name": title, "arn": arn, "groupName": wanted["GroupName"]}


def _read_schedule(identity: str, known: Outputs) -> Outputs | None:
    group, _, title = identity.partition("/")
    schedule: Any = unless_missing(lambda: client("scheduler").get_schedule(GroupName=group, Name=title))
    if schedule is None:
        return None
    read = {"scheduleExpression": schedule["ScheduleExpression"], "target": camel(schedule["Target"])}
    return {**read, **({"description": schedule["Description"]} if "description" in known else {})}


def _update_schedule(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    client("scheduler").update_schedule(**_schedule(identity.partition("/")[2], new))
    return {}


def _delete_schedule(identity: str, known: Outputs) -> None:
    del known
    group, _, title = identity.partition("/")
    unless_missing(lambda: client("scheduler").delete_schedule(GroupName=group, Name=title))


EVENTS = {
    "aws:cloudwatch/eventRule:EventRule": Adapter(_create_rule, _read_rule, _delete_rule, _update_rule),
    "aws:cloudwatch/eventTarget:EventTarget": Adapter(_create_target, _read_target, _delete_target, _update_target),
    "aws:scheduler/schedule:Schedule": Adapter(_create_schedule, _read_schedule, _delete_schedule, _update_schedule),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Adapter(_create_group, _read_group, _delete_group, _update_group),
}
