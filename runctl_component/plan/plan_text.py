"""The plan as a text: Markdown for a pull request's comment, which reads well as it is too."""

from __future__ import annotations

from collections.abc import Iterator

from monitor_runtime.contract.deadline import REPORT_DELAY
from monitor_runtime.contract.outcomes import Outcome
from monitor_runtime.contract.settings import Settings
from runctl_component.plan import prices
from runctl_component.plan.day_of_watching import day_words, monitor_dollars, watch_for_a_day
from runctl_component.plan.durations import days_in_words, in_words
from runctl_component.plan.endings import Fate, endings, fates
from runctl_component.plan.longest_run import FAILURES, longest_runs
from runctl_component.plan.surroundings import Surroundings
from runctl_component.plan.warnings import warnings

NOT_SHOWN = "that this preview does not show"
_LONGEST_COMMAND = 100
_PURCHASES = {None: "on demand", "one-time": "one-time spot", "persistent": "persistent spot"}
_GONE = {Fate.TERMINATED, Fate.UNSTOPPABLE}


def plan_text(settings: Settings, around: Surroundings) -> str:
    """What a reviewer asks, in this order.

    What to look at; what runs; how it ends; how long it runs whatever fails; what becomes of disk and work; who is
    told; what watching costs.
    """
    return "\n".join(_lines(settings, around))


def unknown_text(run: str, fields: list[str]) -> str:
    """In place of a plan that follows from what a preview does not know."""
    named = ", ".join(f"`{field}`" for field in fields)
    unknown = "is not known" if len(fields) == 1 else "are not all known"
    return f"**{run}**: how it ends follows from {named}, which {unknown} in this preview; this text says it after `up`"


def _lines(settings: Settings, around: Surroundings) -> Iterator[str]:
    size = f"`{around.instance_type}`" if around.instance_type else f"instance of a type {NOT_SHOWN}"
    yield f"**{settings.run}**: a training on one {size}, {_PURCHASES[around.spot]}"
    yield ""
    if found := warnings(settings, around):
        yield "- **Look at this**"
        yield from (f"  - {warning}" for warning in found)
    yield f"- **Runs** {_what_runs(settings, around)}"
    yield "- **Ends**"
    yield from (f"  - {outcome}: {words}" for outcome, words in endings(settings, around.spot, _code))
    yield "- **Longest run** of the instance"
    bounds = longest_runs(settings, around)
    yield from (f"  - if {FAILURES[failure]}: {bound.words}" for failure, bound in bounds.items())
    yield f"- **Disk and work**: {_disk(settings, around)}; what is in S3 stays"
    yield f"- **Tells** {_told(settings, around)}"
    yield f"- **Watching costs** {_costs(settings, around)}"


def _code(text: str) -> str:
    """As Markdown shows what is meant literally: else the stars of two patterns would be emphasis."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def _what_runs(settings: Settings, around: Surroundings) -> str:
    place = f"writes to {_code(around.output_uri)}" if around.output_uri else f"writes to a place in S3 {NOT_SHOWN}"
    if not settings.box_reports:
        return f"`user_data` of your own, which {place} and writes the marker itself"
    return f"{_command(around.command)}, which {place}; the instance adds the marker"


def _command(command: str | None) -> str:
    if command is None:
        return f"a command {NOT_SHOWN}"
    first, *more = [line.strip() for line in command.strip().splitlines()] or [""]
    short = first if len(first) <= _LONGEST_COMMAND else f"{first[:_LONGEST_COMMAND]}..."
    if not more:
        return _code(short)
    return f"{_code(short)} and {len(more)} more line{'s' if len(more) > 1 else ''}"


def _disk(settings: Settings, around: Surroundings) -> str:
    """By the outcomes that leave it, and those that do not."""
    by_fate = fates(settings, around.spot)
    taken = Fate.TERMINATED if around.spot == "one-time" else Fate.STOPPED
    by_fate = {outcome: taken if fate is Fate.TAKEN else fate for outcome, fate in by_fate.items()}
    gone = [outcome for outcome, fate in by_fate.items() if fate in _GONE]
    stopped = [outcome for outcome, fate in by_fate.items() if fate is Fate.STOPPED]
    if not stopped and not gone:
        return "nothing ends the instance, so its disk stays"
    days = settings.terminate_after_days
    later = f", and is deleted {days_in_words(days)} after a success" if days and Outcome.SUCCEEDED in stopped else ""
    kept = "the root volume stays with the stopped instance, billed, until the run is removed or replaced" + later
    deleted = "the root volume is deleted with the instance"
    if not gone:
        return kept
    if not stopped:
        return deleted
    return f"{kept} ({', '.join(stopped)}), or is deleted with the instance ({', '.join(gone)})"


def _told(settings: Settings, around: Surroundings) -> str:
    if around.notifies is False:
        return "nobody: there is no notify_topic_arn"
    whom = (
        "its topic"
        if around.notifies
        else "the topic of its monitor, if that has one, which this preview does not show"
    )
    silent = f", that it has not begun within {in_words(REPORT_DELAY.total_seconds())}" if settings.box_reports else ""
    return f"{whom}: that it is watched{silent}, how it ended, and every alarm"


def _costs(settings: Settings, around: Surroundings) -> str:
    run = watch_for_a_day(settings).dollars()["total"]
    monitor = monitor_dollars(settings, has_dashboard=around.has_dashboard)["total"]
    return (
        f"${run:.4f} {day_words(settings)}, and ${monitor:.2f} a day for its monitor, once for all its runs"
        f" (prices of {prices.PRICE_DATE}); the instance comes on top"
    )
