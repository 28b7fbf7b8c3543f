"""What the dashboard asks the log of the function, in the language of CloudWatch Logs Insights.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from collections.abc import Mapping

ENDING_DECISIONS = ("end", "settle", "interrupt", "force-stop", "terminate-stopped", "refused")
"""Those that do something to an instance, or record how it ended."""
_ENDING_WORDS = ", ".join(f'"{word}"' for word in ENDING_DECISIONS)

QUERIES: Mapping[str, str] = {
    "Runs by the last known state of their instance": """\
filter ispresent(check.instance.state)
| stats latest(check.instance.state) as state by run
| stats count(*) as runs by state
| sort runs desc""",
    "Runs, as last seen": """\
filter message = "check"
| stats latest(check.instance.state) as state, latest(check.decision) as decision, latest(check.reason) as reason, \
latest(check.next_check_at) as next_check by run
| sort run asc""",
    "Endings": f"""\
filter check.decision in [{_ENDING_WORDS}]
| fields @timestamp, run, check.decision, check.outcome, check.action, check.reason
| sort @timestamp desc
| limit 100""",
    "Problems, by run": """\
filter level in ["WARNING", "ERROR"]
| fields coalesce(run, message) as about, coalesce(error, check.problems.0, audit.problems.0, problems.0) as problem
| stats count(*) as times, latest(problem) as newest, latest(@timestamp) as at by about
| sort times desc
| limit 100""",
    "Longest without a check": """\
filter message = "check"
| stats max(@timestamp) as last_check, latest(check.next_check_at) as next_check by run
| sort last_check asc
| limit 20""",
}
"""The queries by the titles of their widgets."""


def widget_query(title: str, log_group_name: str) -> str:
    """The query of a widget, with the log group that it is put to."""
    return f"SOURCE '{log_group_name}'\n| {QUERIES[title]}"
