"""The plan of a run as outputs: from its args as far as a preview knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import pulumi

from monitor_runtime.contract.settings import Settings
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.defaults import PLACEHOLDER_PLACE, PLAN_FIELDS
from runctl_component.args.unknown_values import has_output, shown_text
from runctl_component.plan.plan import build_plan
from runctl_component.plan.plan_text import plan_text, unknown_text
from runctl_component.plan.plan_type import Plan
from runctl_component.plan.surroundings import Surroundings
from runctl_component.training_run.instance import powers_off_unmarked
from runctl_component.training_run.monitor_link import MonitorLink

Shown = TypeVar("Shown", Plan, str)
ToSettings = Callable[[Mapping[str, Any]], Settings]


def plan_outputs(
    name: str, checked: CheckedArgs, monitor: MonitorLink, output_uri: pulumi.Output[str], to_settings: ToSettings
) -> tuple[pulumi.Output[Plan], pulumi.Output[str]]:
    """The plan, and its text, which is known in every preview."""
    shown = pulumi.Output.all(
        output_uri=shown_text(output_uri),
        instance_type=shown_text(checked.read_one("instance_type")),
        command=shown_text(checked.read_one("command")),
    )

    def made(build: Callable[[Settings, Surroundings], Shown]) -> pulumi.Output[Shown]:
        def from_args(args: Mapping[str, Any], texts: Mapping[str, str | None]) -> Shown:
            settings = to_settings({**args, **PLACEHOLDER_PLACE})
            return build(settings, _surroundings(checked, monitor, args, texts))

        return pulumi.Output.from_input(checked.read_with(PLAN_FIELDS, shown, from_args))

    outputs = [field for field in PLAN_FIELDS if has_output(checked.given.get(field))]
    return made(build_plan), made(plan_text).apply(partial(_in_words, name, outputs), run_with_unknowns=True)


def _surroundings(
    checked: CheckedArgs, monitor: MonitorLink, args: Mapping[str, Any], texts: Mapping[str, str | None]
) -> Surroundings:
    spot = checked.given.get("spot")
    with_spot = args if spot is None else {**args, "spot": spot}
    return Surroundings(
        spot=spot,
        notifies=monitor.notifies,
        encrypted_topic=monitor.encrypted_topic,
        has_dashboard=monitor.has_dashboard,
        powers_off_unmarked=powers_off_unmarked(with_spot, declared=checked.given),
        **texts,
    )


def _in_words(name: str, outputs: list[str], text: object) -> str:
    return unknown_text(name, outputs) if pulumi.contains_unknowns(text) else str(text)
