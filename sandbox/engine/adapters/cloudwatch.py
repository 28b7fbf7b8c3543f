"""CloudWatch: log groups, alarms and dashboards."""

from __future__ import annotations

from typing import Any

from sandbox.aws.boto import client
from sandbox.engine.adapters.adapter import (
    Adapter,
    Created,
    Inputs,
    Outputs,
    pascal,
    physical_name,
    picked,
    retag,
    same_json,
    tag_list,
    unless_missing,
)


def _create_log_group(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    logs = client("logs")
    key = picked(inputs, {"kmsKeyId": "kmsKeyId"})
    logs.create_log_group(logGroupName=title, tags=dict(inputs.get("tags") or {}), **key)
    logs.put_retention_policy(logGroupName=title, retentionInDays=int(inputs["retentionInDays"]))
    return title, {"name": title, "arn": _log_groups(title)[0]["arn"].removesuffix(":*")}


def _log_groups(title: str) -> list[Any]:
    found = client("logs").describe_log_groups(logGroupNamePrefix=title)["logGroups"]
    return [group for group in found if group["logGroupName"] == title]


def _read_log_group(identity: str, known: Outputs) -> Outputs | None:
    del known
    found = _log_groups(identity)
    if not found:
        return None
    return {"retentionInDays": found[0].get("retentionInDays", 0), **picked(found[0], {"kmsKeyId": "kmsKeyId"})}


def _update_log_group(identity: str, old: Outputs, new: Inputs) -> Outputs:
    logs = client("logs")
    if new.get("kmsKeyId") != old.get("kmsKeyId"):
        raise NotImplementedError(f"{identity}: moto has no AssociateKmsKey")
    logs.put_retention_policy(logGroupName=identity, retentionInDays=int(new["retentionInDays"]))
    retag(
        old,
        new,
        lambda added: logs.tag_resource(resourceArn=old["arn"], tags=added),
        lambda removed: logs.untag_resource(resourceArn=old["arn"], tagKeys=removed),
    )
    return {}


def _delete_log_group(identity: str, known: Outputs) -> None:
    del known
    client("logs").delete_log_group(logGroupName=identity)


def _put_alarm(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    apart = {"dimensions", "name", "okActions", "tags"}
    client("cloudwatch").put_metric_alarm(
        AlarmName=title,
        Dimensions=[{"Name": key, "Value": value} for key, value in inputs["dimensions"].items()],
        OKActions=list(inputs["okActions"]),
        Tags=tag_list(inputs.get("tags")),
        **pascal({key: value for key, value in inputs.items() if key not in apart}),
    )
    return title, {"name": title, "arn": _alarms(title)[0]["AlarmArn"]}


def _alarms(title: str) -> list[Any]:
    return client("cloudwatch").describe_alarms(AlarmNames=[title])["MetricAlarms"]


def _read_alarm(identity: str, known: Outputs) -> Outputs | None:
    del known
    found = _alarms(identity)
    if not found:
        return None
    return {"period": found[0]["Period"], "threshold": found[0]["Threshold"], "alarmActions": found[0]["AlarmActions"]}


def _update_alarm(identity: str, old: Outputs, new: Inputs) -> Outputs:
    _put_alarm(identity, new)
    retag(
        old,
        new,
        lambda added: client("cloudwatch").tag_resource(ResourceARN=old["arn"], Tags=tag_list(added)),
        lambda removed: client("cloudwatch").untag_resource(ResourceARN=old["arn"], TagKeys=removed),
    )
    return {}


def _delete_alarm(identity: str, known: Outputs) -> None:
    del known
    client("cloudwatch").delete_alarms(AlarmNames=[identity])


def _put_dashboard(_: str, inputs: Inputs) -> Created:
    client("cloudwatch").put_dashboard(DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"])
    return inputs["dashboardName"], {}


def _read_dashboard(identity: str, known: Outputs) -> Outputs | None:
    answer: Any = unless_missing(lambda: client("cloudwatch").get_dashboard(DashboardName=identity))
    return {"dashboardBody": same_json(known.get("dashboardBody"), answer["DashboardBody"])} if answer else None


def _update_dashboard(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_dashboard(identity, new)
    return {}


def _delete_dashboard(identity: str, known: Outputs) -> None:
    del known
    client("cloudwatch").delete_dashboards(DashboardNames=[identity])


CLOUDWATCH = {
    "aws:cloudwatch/dashboard:Dashboard": Adapter(
        _put_dashboard, _read_dashboard, _delete_dashboard, _update_dashboard
    ),
    "aws:cloudwatch/logGroup:LogGroup": Adapter(
        _create_log_group, _read_log_group, _delete_log_group, _update_log_group
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Adapter(_put_alarm, _read_alarm, _delete_alarm, _update_alarm),
}
