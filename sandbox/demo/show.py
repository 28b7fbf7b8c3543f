"""The demo as a person sees it: the tree, the timeline, the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from monitor_runtime.contract.outcomes import Outcome
from runctl_component.monitor.archive import archive_size
from sandbox.aws.functions import Invocation
from sandbox.aws.instances import Change
from sandbox.demo.picture.sentences import outcome, reason, saving
from sandbox.demo.polling import watched_keys, ways
from sandbox.demo.since_launch import offset, with_offsets
from sandbox.demo.story import RUN, Story
from sandbox.engine.in_process import Deployment, Registered

_EVENTS = {"Object Created": "s3-event", "EC2 Spot Instance Interruption Warning": "spot-warning"}


def resource_tree(deployment: Deployment) -> Tree:
    """The resources of a preview, each below its parent."""
    tree = Tree(Text("runctl-demo", style="bold"), guide_style="dim")
    known = {resource.urn for resource in deployment.resources}
    _grow(tree, deployment, lambda resource: resource.parent not in known)
    return tree


def _grow(branch: Tree, deployment: Deployment, belongs: Callable[[Registered], bool]) -> None:
    below = sorted(filter(belongs, deployment.resources), key=lambda entry: (entry.name, entry.type))
    for resource in below:
        label = Text.assemble(("+ ", "green"), (_short(resource.type), "cyan"), f"  {resource.name}")
        _grow(branch.add(label), deployment, lambda entry, urn=resource.urn: entry.parent == urn)


def _short(kind: str) -> str:
    """As programs name it: lambda.Function is ``aws:lambda/function:Function``."""
    module, name = kind.split(":")[1:]
    return name if module == "index" else f"{module.partition('/')[0]}.{name}"


def plan_lines(deployment: Deployment) -> Iterator[str]:
    """The plan that the preview states."""
    plan = deployment.outputs[RUN]["plan"]
    checks = ", ".join(f"{due:g}" for due in plan["first_checks_seconds"])
    yield f"checks {checks} s after the launch, then every {plan['then_every_seconds']} s"
    wait = plan["longest_wait_seconds"]
    by_event = f"{wait['by_event']} s where an event tells of it, else " if "by_event" in wait else ""
    yield f"once the training is through, its instance runs on for at most {by_event}{wait['by_poll']} s"
    for each in Outcome:
        if each in plan["endings"]:
            yield f"{each}: {plan['endings'][each]}"
    for layer in plan["deadline_layers"]:
        yield f"deadline {layer['after_launch']} after the launch: {layer['who']}"
    dollars = f"${plan['dollars_per_day']['total']:.4f}"
    yield f"watching the run costs {dollars} {plan['per_day_words']} (prices of {plan['price_date']})"
    standing = plan["monitor_dollars_per_day"]
    items = ", ".join(f"{item} ${standing[item]:.3f}" for item in ("dashboard", "metrics", "alarms"))
    yield f"its monitor costs ${standing['total']:.2f} a day, once for all the runs that share it ({items})"
    yield f"the function's archive has {archive_size() / 1e6:.2f} MB"


@dataclass(frozen=True)
class Saying:
    """What an invocation of the monitor says, apart from its time."""

    trigger: str
    decision: str
    reason: str
    troubled: bool


def saying(entry: Invocation) -> Saying | None:
    """None where there was nothing to do."""
    reply = entry.reply or {}
    nothing = reply.get("reason") == "training" or reply.get("decision") in {"over", "audited"}
    if nothing and not reply.get("problems") and entry.error is None:
        return None
    kind = str(entry.event.get("trigger") or entry.event.get("detail-type"))
    decision, reason = (
        str(reply.get("decision") or "error"),
        str(reply.get("reason") or entry.error or "; ".join(reply.get("problems", []))),
    )
    return Saying(_EVENTS.get(kind, kind), decision, reason, bool(reply.get("problems")))


def checks_line(entries: Sequence[Invocation], launched_at: datetime) -> Text:
    """Invocations one after another that say the same, each at its end: it may have waited for its decision."""
    said, count = saying(entries[0]), len(entries)
    if said is None:
        return Text(f"         {count} {'check finds' if count == 1 else 'checks find'} nothing to do", style="dim")
    reason = with_offsets(said.reason, launched_at)
    style = {"end": "bold green", "error": "bold red", "over": "dim", "settle": "green"}.get(said.decision, "")
    return Text.assemble(
        (offset(entries[0].ended_at, launched_at), "dim"),
        "  ",
        (f"{said.trigger:<14}", "cyan"),
        (f"{said.decision.partition('-')[0]:<11}", "yellow" if said.troubled else style),
        reason,
        (f" ({count} times, until {offset(entries[-1].ended_at, launched_at)})" if count > 1 else "", "dim"),
    )


def switch_line(change: Change, launched_at: datetime) -> Text:
    """The deadline switch, by what became of the instance."""
    action = {"stopping": "stop", "shutting-down": "terminate"}[change.state]
    return Text.assemble(
        (offset(change.at, launched_at), "dim"),
        "  ",
        ("switch        ", "cyan"),
        (f"{action:<11}", "bold green"),
        "EventBridge Scheduler calls EC2",
    )


def happening_line(moment: datetime, who: str, what: str, launched_at: datetime) -> Text:
    """Something that is no check."""
    return Text.assemble((offset(moment, launched_at), "dim"), "  ", (f"{who:<14}", "magenta"), what)


def outcome_table(story: Story) -> Table:
    """The important moments, since the launch."""
    table = Table(show_header=False, box=None, pad_edge=False)
    moments = (
        ("training finished", story.marker_at),
        ("training hung", max(story.hung, default=None)),
        ("seen by the monitor", story.seen_at),
        ("grace period over", story.grace_over_at),
        ("taken by EC2", story.taken_at),
        ("ending called", story.called_at),
    )
    for name, moment in moments:
        if moment:
            table.add_row(name, offset(moment, story.launched_at))
    table.add_row("instance", story.state)
    table.add_row("outcome", outcome(story))
    if reason(story):
        table.add_row("reason", reason(story))
    for sentence in saving(story):
        table.add_row("deadline", sentence)
    return table


def calls_table(story: Story) -> Table:
    """S3 calls and dollars beside fixed polling over the same time."""
    watched = (story.ended_at or story.launched_at) - story.launched_at
    interval = story.deployment.outputs[RUN]["plan"]["then_every_seconds"]
    keys = watched_keys(story.scenario.args)
    ours, *others = ways(story.calls()["s3"], watched, interval=interval, keys=keys)
    table = Table(
        title=f"S3 requests until {'EC2 took it' if story.taken_at else 'the end'}, beside those of fixed polling",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for heading in ("way of watching", "requests", "dollars", "fewer by"):
        table.add_column(heading, justify="left" if heading.startswith("way") else "right")
    table.add_row(ours.name, str(ours.calls), f"{ours.dollars:.6f}", "")
    for other in others:
        saving = f"{ours.saving_over(other):.0%}" if other.calls else "-"
        table.add_row(other.name, str(other.calls), f"{other.dollars:.6f}", saving)
    return table
