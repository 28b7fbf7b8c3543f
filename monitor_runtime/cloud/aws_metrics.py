"""GetMetricData: how a metric of an instance is asked for, and what the answer says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor_runtime.cloud.interface import CloudError, ErrorKind, MetricWindow


def metric_query(instance_id: str, window: MetricWindow) -> dict[str, Any]:
    """The maximum of each period, of the metric that has InstanceId for its one dimension.

    An answer has up to 100,800 datapoints:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    namespace, _, name = window.metric.rpartition("/")
    metric = {
        "Namespace": namespace or "AWS/EC2",
        "MetricName": name,
        "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
    }
    statistic = {"Metric": metric, "Period": window.period_seconds, "Stat": "Maximum"}
    return {
        "MetricDataQueries": [{"Id": "maximum", "MetricStat": statistic}],
        "StartTime": window.start,
        "EndTime": window.end,
    }


def read_maxima(answer: Mapping[str, Any]) -> Mapping[datetime, float]:
    """Two lists, of which the first has the beginnings of the periods.

    What CloudWatch could not look up comes without datapoints, and not as an error of the call:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html
    """
    found = answer["MetricDataResults"][0]
    if (status := found.get("StatusCode", "Complete")) != "Complete":
        said = ", ".join(message["Value"] for message in found.get("Messages", []) if message.get("Value"))
        kind = ErrorKind.REFUSED if status == "Forbidden" else ErrorKind.TRANSIENT
        raise CloudError("cloudwatch:GetMetricData", status, said or "not all datapoints were returned", kind)
    pairs = zip(found["Timestamps"], found["Values"], strict=True)
    return {moment.astimezone(UTC): float(value) for moment, value in pairs}
