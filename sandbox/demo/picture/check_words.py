"""A check in the picture: which trigger it had, how it went, and what is said of it in a few words."""

from __future__ import annotations

from monitor_runtime.contract.outcomes import Outcome
from sandbox.aws.functions import Invocation
from sandbox.demo.story import Story

HELD = "hold seen"
_EVENTS = {"Object Created": "s3-event", "EC2 Spot Instance Interruption Warning": "spot-warning"}
_DECISIONS = {
    "interrupt": "training asked to save",
    "settle": "outcome recorded",
    "terminate-stopped": "terminate called",
}
_CAUSES = {
    Outcome.SUCCEEDED: "",
    Outcome.FAILED: "",
    Outcome.DEADLINE: "deadline passed",
    Outcome.IDLE: "idle",
    Outcome.STALLED: "stalled",
    Outcome.UNVERIFIED: "still not verified",
}


def check_kind(entry: Invocation) -> str:
    """What caused it."""
    kind = str(entry.event.get("trigger") or entry.event.get("detail-type"))
    return _EVENTS.get(kind, kind)


def check_result(entry: Invocation) -> str:
    """How it went: as usual, with something that it could not see, failed, or with the end of the instance."""
    reply = entry.reply or {}
    if entry.error is not None:
        return "failed"
    if reply.get("decision") in {"end", "terminate-stopped"}:
        return "ended"
    return "blind" if reply.get("problems") else "usual"


def check_words(entry: Invocation, story: Story, before: str) -> str:
    """Empty where nothing happened that is worth a word. ``before``: what was said of the check before it."""
    reply = entry.reply or {}
    if entry.error is not None:
        return str(entry.error)
    words = _DECISIONS.get(str(reply.get("decision")), "")
    if reply.get("decision") == "end":
        words = _ending(entry, story, before)
    elif reply.get("decision") == "wait":
        words = "cannot see, so it waits" if reply["problems"] else _waiting(reply["reason"])
    return words


def _waiting(reason: str) -> str:
    if reason.startswith("on hold"):
        return HELD
    if reason.startswith(("marker", "expected outputs")):
        return "not verified, so it waits" if ", but " in reason else _completion(reason)
    return ""


def _completion(reason: str) -> str:
    return "marker seen" if reason.startswith("marker") else "outputs seen"


def _ending(entry: Invocation, story: Story, before: str) -> str:
    reply = entry.reply or {}
    words = [_CAUSES[Outcome(reply["outcome"])]]
    if before == HELD:
        words.append("hold over")
    elif not words[0] and before != _completion(reply["reason"]):
        words.append(_completion(reply["reason"]))
    if any(sentence.startswith("training signalled") for sentence in reply["seen"]):
        words.append("training asked to save")
    if story.scenario.args.get("spot") == "persistent":
        words.append("spot request cancelled")
    words.append(f"{reply['action']} called")
    return ", ".join(word for word in words if word)
