"""Turn the events of a preview into the comment for its pull request, in Markdown.

    PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true pulumi preview --json >events.jsonl 2>errors.txt
    python plan_comment.py events.jsonl errors.txt

It needs nothing but Python 3.11 or newer.
"""

import argparse
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_COMMENT = 65_000
"""GitHub takes 65,536 characters, some of which go to the mark by which the comment is found again."""
STACK, RUN, INSTANCE = "pulumi:pulumi:Stack", "runctl:index:TrainingRun", "aws:ec2/instance:Instance"
SIGNS = {"create": "+", "update": "!", "replace": "!", "delete": "-"}
"""What is done to resources, each with the sign by which GitHub colors its line in a diff."""
UNKNOWN = re.compile(r"(?:04da6b54|1c4a061d|3eeb2bf0|6a19a0b0|dd056dcd)(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What Pulumi has in place of a text, truth value, number, list or object that only the update will know:
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go"""
MAX_WIDTH, MAX_LINES = 160, 20
"""Of a value that differs, in characters and lines."""


@dataclass
class Preview:
    """What a preview has said. Without a summary it has not come to its end."""

    stack: str = ""
    steps: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    runs: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """By URN: the text of its plan as it is deployed, and the outputs that it would have."""
    messages: list[tuple[str, str]] = field(default_factory=list)
    policies: list[Mapping[str, Any]] = field(default_factory=list)
    succeeded: bool = False


def read(events: str) -> Preview:
    """Take in the events, one in a line."""
    preview = Preview()
    for line in filter(None, events.splitlines()):
        event: Mapping[str, Any] = json.loads(line)
        if step := event.get("resourcePreEvent"):
            _take_step(preview, step["metadata"])
        elif step := event.get("resOutputsEvent"):
            _take_outputs(preview, step["metadata"])
        elif message := event.get("diagnosticEvent"):
            preview.messages.append((message["severity"], message["message"]))
        elif violation := event.get("policyEvent"):
            preview.policies.append(violation)
        elif summary := event.get("summaryEvent"):
            preview.succeeded = summary["result"] == "succeeded"
    return preview


def _take_step(preview: Preview, step: Mapping[str, Any]) -> None:
    urn: str = step["urn"]
    preview.parents[urn] = (step.get("new") or step.get("old") or {}).get("parent", "")
    if step["type"] == STACK:
        _, stack, project, *_ = urn.replace("::", ":").split(":")[1:]
        preview.stack = f"{project}/{stack}"
    elif step["op"] in SIGNS:
        preview.steps[urn] = step


def _take_outputs(preview: Preview, step: Mapping[str, Any]) -> None:
    deployed, outputs = ((step.get(state) or {}).get("outputs") or {} for state in ("old", "new"))
    if step["type"] == RUN and "plan_text" in outputs:
        preview.runs[step["urn"]] = deployed.get("plan_text", ""), outputs


def comment(preview: Preview, errors: str) -> str:
    """The whole comment: what failed, or what becomes of each run, and what is done to which resource."""
    title = f"### Preview of `{preview.stack}`" if preview.stack else "### Preview"
    if not preview.succeeded:
        return _cut("\n\n".join([title, *_failure(preview, errors)]), "")
    changed = [urn for urn in preview.runs if _touched(preview, urn)]
    parts = [title, *_policies(preview), _counts(preview), *_fates(preview)]
    if len(changed) > 1:
        parts += _warnings(preview, changed)
    parts += [part for urn in changed for part in _plan(preview, urn, folded=len(changed) > 1)]
    if same := [urn for urn in preview.runs if urn not in changed]:
        texts = "\n\n".join(preview.runs[urn][1]["plan_text"] for urn in same)
        parts.append(_folded(f"As before: {', '.join(map(_name, same))}", texts))
    return _cut("\n\n".join(parts), _changes(preview))


def _cut(text: str, changes: str) -> str:
    """What fits; the list of changes is the first that is left out."""
    note = "_The rest does not fit into a comment: see the log of this workflow, or run `pulumi preview --diff`._"
    whole = "\n\n".join(filter(None, [text, changes]))
    if len(whole) <= MAX_COMMENT:
        return whole
    shorter = f"{text}\n\n{note}"
    if len(shorter) <= MAX_COMMENT:
        return shorter
    kept = text[: MAX_COMMENT - 100 - len(note)].rpartition("\n")[0]
    # What is still open would swallow the note.
    fence = "\n```" if kept.count("\n```") % 2 else ""
    ends = fence + "\n</details>" * (kept.count("<details>") - kept.count("</details>"))
    return f"{kept}{ends}\n\n{note}"


def _failure(preview: Preview, errors: str) -> Iterator[str]:
    yield "**The preview failed**, so nobody knows what this change would do."
    yield from _policies(preview)
    told = [text for severity, text in preview.messages if severity in {"error", "info#err"}]
    if text := ("".join(told) or errors).strip():
        yield _fenced(text)
    elif not preview.policies:
        yield "It has not begun: see the log of this workflow."


def _policies(preview: Preview) -> Iterator[str]:
    """What a policy pack has found, the mandatory first."""
    found = sorted(preview.policies, key=lambda each: each["enforcementLevel"] != "mandatory")
    if found:
        yield "\n".join(map(_violation, found))


def _violation(policy: Mapping[str, Any]) -> str:
    message = " ".join(policy["message"].split())
    return f"- **Policy** `{policy['policyName']}` ({policy['enforcementLevel']}): {message}"


def _counts(preview: Preview) -> str:
    if not preview.steps:
        return "Nothing changes."
    done = [step["op"] for step in preview.steps.values()]
    return ", ".join(f"{done.count(each)} to {each}" for each in SIGNS if each in done) + "."


def _fates(preview: Preview) -> Iterator[str]:
    """The trainings that end by this change."""
    for urn, step in preview.steps.items():
        if step["type"] == INSTANCE and step["op"] == "replace":
            cause = ", ".join(f"`{key}`" for key in step.get("keys") or step.get("diffs") or [])
            yield f"**{_name(urn)} begins anew**: its instance is replaced{f', because of {cause}' if cause else ''}."
        elif step["type"] == INSTANCE and step["op"] == "delete":
            yield f"**{_name(urn)} is removed**: its instance is terminated."


def _warnings(preview: Preview, runs: list[str]) -> Iterator[str]:
    lines = [f"- {_name(urn)}: {each}" for urn in runs for each in _plan_of(preview, urn).get("warnings") or []]
    if lines:
        yield "**Look at this**\n\n" + "\n".join(lines)


def _plan_of(preview: Preview, urn: str) -> Mapping[str, Any]:
    """Empty where it follows from what only the update will know."""
    plan = preview.runs[urn][1].get("plan")
    return plan if isinstance(plan, Mapping) else {}


def _plan(preview: Preview, urn: str, *, folded: bool) -> Iterator[str]:
    deployed, outputs = preview.runs[urn]
    text: str = outputs["plan_text"]
    if deployed and deployed != text:
        yield f"What changes for **{_name(urn)}**:\n\n" + _fenced("\n".join(_differences(deployed, text)), "diff")
    yield _folded(f"The plan of {_name(urn)}", text) if folded else text


def _changes(preview: Preview) -> str:
    if not preview.steps:
        return ""
    lines = [line for urn, step in preview.steps.items() for line in _change(urn, step)]
    return _folded(f"What is done to each resource ({len(preview.steps)})", _fenced("\n".join(lines), "diff"))


def _change(urn: str, step: Mapping[str, Any]) -> Iterator[str]:
    yield f"{SIGNS[step['op']]} {step['op']} {step['type']} {_name(urn)}"
    if step["op"] in {"create", "delete"}:
        return
    old, new = ((step.get(state) or {}).get("inputs") or {} for state in ("old", "new"))
    for key in step.get("diffs") or []:
        before, after = (dict(_leaves(key, inputs.get(key))) for inputs in (old, new))
        for path in [*before, *(path for path in after if path not in before)]:
            if UNKNOWN.search(after.get(path, "")):
                yield f"! {path}: known after the update"
            elif before.get(path) != after.get(path):
                yield from _differences(before.get(path, ""), after.get(path, ""), f"{path}: ")


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    """The single values in a value, by their paths; a text that is JSON is what it holds."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            value = json.loads(value)
        except ValueError:
            yield path, value
            return
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(f"{path}.{key}", each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _leaves(f"{path}[{index}]", each)
    elif value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value)


def _differences(old: str, new: str, label: str = "") -> list[str]:
    """The lines that differ, with their signs."""
    compared = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    lines = [f"{line[0]} {label}{line[1:]}" for line in compared if not line.startswith("@@")][2:]  # no file names
    shown = [line if len(line) <= MAX_WIDTH else f"{line[:MAX_WIDTH]}..." for line in lines[:MAX_LINES]]
    return shown if len(lines) <= MAX_LINES else [*shown, f"! {label}and {len(lines) - MAX_LINES} lines more"]


def _touched(preview: Preview, run: str) -> bool:
    deployed, outputs = preview.runs[run]
    return deployed != outputs["plan_text"] or any(run in _ancestry(preview, urn) for urn in preview.steps)


def _ancestry(preview: Preview, urn: str) -> Iterator[str]:
    while urn:
        yield urn
        urn = preview.parents.get(urn, "")


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _fenced(text: str, language: str = "") -> str:
    """Whatever the text holds, it does not end the block."""
    fence = "`" * max([3, *(len(each) + 1 for each in re.findall("`+", text))])
    return f"{fence}{language}\n{text}\n{fence}"


def main() -> None:
    """Print the comment; what is not there, since an earlier step failed, has said nothing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", type=Path, help="what the preview printed")
    parser.add_argument("errors", type=Path, help="its error output")
    given = parser.parse_args()
    events, errors = (
        path.read_text(encoding="utf-8") if path.exists() else "" for path in (given.events, given.errors)
    )
    print(comment(read(events), errors))


if __name__ == "__main__":
    main()
