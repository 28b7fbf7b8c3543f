"""What an answer of GetMetricData says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor_runtime.cloud.aws_metrics import read_maxima
from monitor_runtime.cloud.interface import CloudError, ErrorKind

MOMENT = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize("status", [{}, {"StatusCode": "Complete"}])
def test_each_period_has_its_maximum(status: dict[str, str]) -> None:
    found = {"Timestamps": [MOMENT], "Values": [0.5], **status}
    assert read_maxima({"MetricDataResults": [found]}) == {MOMENT: 0.5}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("InternalError", ErrorKind.TRANSIENT),
        ("PartialData", ErrorKind.TRANSIENT),
        ("Forbidden", ErrorKind.REFUSED),
    ],
)
def test_what_cloudwatch_could_not_look_up_is_an_error_and_no_missing_data(status: str, kind: ErrorKind) -> None:
    messages = [{"Code": status, "Value": "the query failed"}]
    found = {"Timestamps": [], "Values": [], "StatusCode": status, "Messages": messages}
    with pytest.raises(CloudError, match=f"cloudwatch:GetMetricData: {status}: the query failed") as raised:
        read_maxima({"MetricDataResults": [found]})
    assert raised.value.kind is kind
