"""List prices in US dollars, region us-east-1, free tiers left out."""

from __future__ import annotations

PRICE_DATE = "2026-06"
"""When these were last compared with https://aws.amazon.com/pricing/."""

S3_LIST = 0.005 / 1_000
S3_GET = 0.0004 / 1_000
LAMBDA_REQUEST = 0.20 / 1_000_000
LAMBDA_GB_SECOND = 0.000_013_333_4
"""On arm64."""
SCHEDULER_INVOCATION = 1.00 / 1_000_000
GET_METRIC_DATA = 0.01 / 1_000
"""A metric asked for."""
PUT_METRIC_DATA = 0.01 / 1_000
LOG_BYTE = 0.50 / 1_000_000_000
"""Taken in; keeping it for a month costs a twentieth of that."""

HOURS_PER_MONTH = 730
"""By which AWS divides what it lists by the month."""
METRIC_HOUR = 0.30 / HOURS_PER_MONTH
"""A custom metric, for each hour in which it is sent; each set of dimensions is a metric."""
ALARM_HOUR = 0.10 / HOURS_PER_MONTH
"""For each metric that an alarm reads."""
DASHBOARD_HOUR = 3.00 / HOURS_PER_MONTH
