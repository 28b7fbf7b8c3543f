"""Runs on the spot market: what EC2 does not offer there is not asked of it."""

from __future__ import annotations

from typing import Any

import pytest

from runctl_component.args.check_run import complete
from runctl_component.box.box_tags import TAG_POWER_OFF_UNMARKED
from runctl_component.training_run.instance import powers_off_unmarked, shutdown_behavior

from ..forms import BASE, instance_of, registered, settings_of


def test_a_one_time_spot_instance_is_terminated_by_default() -> None:
    recorded = registered({**BASE, "spot": "one-time", "spot_max_price": "1.25"})
    options = instance_of(recorded)["instanceMarketOptions"]
    assert options == {
        "marketType": "spot",
        "spotOptions": {
            "spotInstanceType": "one-time",
            "instanceInterruptionBehavior": "terminate",
            "maxPrice": "1.250000",
        },
    }
    assert {settings_of(recorded)[field] for field in ("on_complete", "on_failure", "on_deadline")} == {"terminate"}


def test_a_persistent_spot_instance_is_stopped_by_default() -> None:
    recorded = registered({**BASE, "spot": "persistent"})
    assert instance_of(recorded)["instanceMarketOptions"]["spotOptions"]["spotInstanceType"] == "persistent"
    assert settings_of(recorded)["on_complete"] == "stop"


def test_a_persistent_spot_instance_is_stopped_when_it_is_interrupted() -> None:
    options = instance_of(registered({**BASE, "spot": "persistent"}))["instanceMarketOptions"]["spotOptions"]
    assert options["instanceInterruptionBehavior"] == "stop"
    assert "maxPrice" not in options


@pytest.mark.parametrize(
    ("given", "sent"), [("1", "1.000000"), ("0.3702", "0.370200"), ("12345.123456", "12345.123456")]
)
def test_a_price_is_sent_as_ec2_answers_it(given: str, sent: str) -> None:
    options = instance_of(registered({**BASE, "spot": "one-time", "spot_max_price": given}))["instanceMarketOptions"]
    assert options["spotOptions"]["maxPrice"] == sent


@pytest.mark.parametrize(
    ("more", "behavior"),
    [
        ({}, "stop"),
        ({"on_deadline": "terminate"}, "terminate"),
        ({"on_complete": "terminate"}, "stop"),
        ({"spot": "persistent"}, "stop"),
        ({"spot": "persistent", "on_deadline": "report"}, "stop"),
        ({"spot": "one-time"}, "terminate"),
        ({"spot": "one-time", "on_deadline": "report"}, "terminate"),
    ],
)
def test_a_box_that_powers_itself_off_is_stopped_unless_its_deadline_or_market_says_otherwise(
    more: dict[str, Any], behavior: str
) -> None:
    assert shutdown_behavior(complete("llama-ft", {**BASE, **more})) == behavior
    assert instance_of(registered({**BASE, **more}))["instanceInitiatedShutdownBehavior"] == behavior


@pytest.mark.parametrize(
    ("more", "gives_up"),
    [
        ({}, True),
        ({"on_failure": "report"}, False),
        ({"on_deadline": "terminate"}, False),
        ({"on_deadline": "terminate", "on_failure": "terminate"}, True),
        ({"on_deadline": "terminate", "on_failure": "report"}, False),
        ({"spot": "persistent"}, True),
        ({"spot": "one-time"}, False),
        ({"spot": "one-time", "on_deadline": "terminate"}, False),
        ({"spot": "one-time", "on_failure": "terminate"}, False),
        ({"spot": "one-time", "on_failure": "terminate", "on_deadline": "report"}, False),
        ({"spot": "one-time", "on_failure": "terminate", "on_deadline": "terminate"}, True),
    ],
)
def test_a_box_gives_up_on_its_marker_only_where_its_disk_stays_or_may_go(more: dict[str, Any], gives_up: bool) -> None:
    given = {**BASE, **more}
    assert powers_off_unmarked(complete("llama-ft", given), given) is gives_up
    assert (TAG_POWER_OFF_UNMARKED in instance_of(registered(given))["tags"]) is gives_up
