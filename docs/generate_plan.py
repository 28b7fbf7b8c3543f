"""Writes docs/plan.md from the plan's own words: ``make docs``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from monitor_runtime.contract.outcomes import Action, Outcome
from monitor_runtime.contract.settings import Idle, Settings, Stalled
from runctl_component.args.defaults import PLACEHOLDER_MONITOR, complete, to_settings
from runctl_component.plan.endings import fates
from runctl_component.plan.longest_run import FAILURES
from runctl_component.plan.plan import deadline_layers
from runctl_component.plan.plan_text import plan_text
from runctl_component.plan.surroundings import Surroundings

ROOT = Path(__file__).resolve().parent.parent
PLACE = "<project>/<stack>"
"""Stands for the folder in which the runs of a stack write."""
STARTS = {"`command`": True, "`user_data`": False}
DEADLINES: Mapping[str, Mapping[str, Any]] = {
    "a deadline": {},
    "`on_deadline: report`": {"on_deadline": Action.REPORT},
    "`max_runtime_hours: 0`": {"max_runtime_hours": 0.0},
}
PURCHASES = {"on demand": None, "`spot: persistent`": "persistent", "`spot: one-time`": "one-time"}
DECLARED: Mapping[str, Mapping[str, Any]] = {
    "the defaults": {},
    "`on_complete: terminate`": {"on_complete": "terminate"},
    "`on_complete: report`": {"on_complete": "report"},
}
_ALL_OUTCOMES = {"idle": Idle("CPUUtilization", 5, 30), "stalled": Stalled(("*.pt",), 90)}

_PAGE = """\
# The plan

Made from the plan's own words by `make docs`.

Each run has two outputs that a preview shows already. `plan` has words and numbers for programs, such as a policy of
your team. `plan_text` says the same to people, in Markdown that fits a comment on a pull request. It changes only when
what will happen changes. Nothing in it is unknown in a preview: what only the deployment can tell, or what is a secret,
it says in words.

The run of the [README](../README.md), in a stack without `notify_topic_arn`:

```markdown
{example}
```

## How long an instance can run

`longest_run` and `longest_run_seconds` have a bound for each thing that may fail, or the reason why there is none:

{failures}

Bounds of the monitor count from the end of the training, as its marker or outputs tell it. Those of a deadline count
from the launch: they hold for a training that had ended at once. Each runs to the call that ends the instance; its
operating system then takes up to `shutdown_timeout_seconds`, and is forced after
[10 minutes or more](how-a-run-ends.md#what-is-decided). A hold can be set again and again, by whoever may tag the
instance.

## Who ends a run

Who ends a run that nothing else has ended, and when, counted from the launch:

{layers}

## What becomes of the instance

By outcome, with the arguments that differ from the defaults:

{fates}

What is terminated loses its disk. An instance whose root volume is an instance store cannot be stopped either: like
one-time spot, it is terminated, or kept while its work cannot be verified.
"""


def readme_run() -> tuple[str, dict[str, Any]]:
    """Name and args of the run that the README declares in the config of a stack."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    ((name, args),) = yaml.safe_load(block)["config"]["runctl:runs"].items()
    return name, args


def example_text() -> str:
    """The plan of that run as a text."""
    name, given = readme_run()
    args = complete(name, {**given, "prefix": f"{PLACE}/{name}"})
    around = Surroundings(
        instance_type=args["instance_type"],
        notifies=False,
        command=args["command"],
        output_uri=f"s3://{args['bucket']}/{args['prefix']}",
    )
    settings = to_settings(name, PLACEHOLDER_MONITOR, {**args, "prefix": ""}, box_reports=True)
    return plan_text(settings, around)


def _settings(declared: Mapping[str, Any], spot: str | None = None, *, box_reports: bool = True) -> Settings:
    given = {"bucket": "the-bucket", "prefix": "", **declared, **({"spot": spot} if spot else {})}
    return to_settings("llama-ft", PLACEHOLDER_MONITOR, complete("llama-ft", given), box_reports=box_reports)


def layers_table() -> str:
    """Who ends a run, by what starts its training and by its deadline."""
    rows: list[list[str]] = []
    for started, box_reports in STARTS.items():
        for deadline, declared in DEADLINES.items():
            layers = deadline_layers(_settings(declared, box_reports=box_reports))
            cells = [f"{layer['after_launch']}: {layer['who']}" for layer in layers]
            rows.append([f"{started}, {deadline}", *cells, *["nobody"] * (3 - len(cells))])
    return _table(["", "first", "then", "at last"], rows)


def fates_table() -> str:
    """What becomes of the instance, by how it is bought and what is declared."""
    rows: list[list[str]] = []
    for bought, spot in PURCHASES.items():
        for named, declared in DECLARED.items():
            found = fates(replace(_settings(declared, spot), **_ALL_OUTCOMES), spot)
            cells = [found[outcome].short if outcome in found else "" for outcome in Outcome]
            rows.append([f"{bought}, {named}", *cells])
    return _table(["", *(f"`{outcome}`" for outcome in Outcome)], rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"|{'|'.join(f' {cell} ' if cell != '---' else cell for cell in line)}|" for line in lines)


def plan_page() -> str:
    """The page, from the code as it is."""
    failures = "\n".join(f"- `{failure}`: {words}" for failure, words in FAILURES.items())
    return _PAGE.format(example=example_text(), failures=failures, layers=layers_table(), fates=fates_table())


if __name__ == "__main__":
    (ROOT / "docs" / "plan.md").write_text(plan_page(), encoding="utf-8")
