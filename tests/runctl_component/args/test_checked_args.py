from __future__ import annotations

from typing import Any

import pulumi

from runctl_component import Monitor, TrainingRun
from runctl_component.args.check_run import checked_run
from runctl_component.args.defaults import default_prefix

from ..recording import Recorded, record

ARGS: dict[str, Any] = {"bucket": "outputs", "command": "python train.py"}


def test_plain_args_stay_plain() -> None:
    checked = checked_run("llama-ft", ARGS, monitor="team/dev/m")
    place = checked.read(("bucket", "prefix"), lambda args: (args["bucket"], args["prefix"]))
    assert place == ("outputs", default_prefix("llama-ft"))


def test_an_output_among_the_args_makes_them_known_when_it_resolves() -> None:
    def program() -> dict[str, Any]:
        checked = checked_run("llama-ft", {**ARGS, "bucket": pulumi.Output.from_input("outputs")}, monitor="team/dev/m")
        read = checked.read(("bucket",), lambda args: args["bucket"])
        assert isinstance(read, pulumi.Output)
        return {"read": read}

    assert record(program).outputs == {"read": "outputs"}


def test_what_is_given_as_none_is_not_given() -> None:
    assert "key_name" not in checked_run("llama-ft", {**ARGS, "key_name": None}, monitor="team/dev/m")


def _three_runs(*instance_types: str) -> Recorded:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        for number, instance_type in enumerate(instance_types):
            TrainingRun(f"run-{number}", {**ARGS, "instance_type": instance_type}, monitor=monitor)  # pyright: ignore[reportArgumentType]

    return record(program)


def test_runs_of_a_shared_monitor_ask_for_their_newest_image_once() -> None:
    assert _three_runs("g5.xlarge", "p5.48xlarge", "g5.xlarge").calls.count("getParameter") == 1


def test_runs_on_other_processors_ask_for_their_own_image() -> None:
    assert _three_runs("g5.xlarge", "g5g.xlarge", "g5.xlarge").calls.count("getParameter") == 2
