"""The root volume on a real engine: it grows in place, and a smaller one is refused before anything is done."""

from __future__ import annotations

import pytest

from sandbox.engine.steps import EngineFailedError
from tests.engine.deployed import Deployed, touched


def test_a_larger_volume_is_a_change_in_place(up: Deployed) -> None:
    run = up.engine.preview(up.config(root_volume_gib=200))
    assert touched(run) == {("update", "Instance")}


def test_a_smaller_volume_fails_the_preview_with_what_is_accepted_and_what_to_do(up: Deployed) -> None:
    with pytest.raises(EngineFailedError) as failed:
        up.engine.preview(up.config(root_volume_gib=80))
    accepted = "root_volume_gib: got 80; accepted: at least 100, the size of the volume that is there"
    assert accepted in str(failed.value)
    assert "pulumi up --replace 'urn:pulumi:demo::runctl::runctl:index:TrainingRun$aws:ec2/" in str(failed.value)


def test_a_smaller_volume_of_an_instance_that_is_replaced_anyway_is_fine(up: Deployed) -> None:
    run = up.engine.preview(up.config(root_volume_gib=80, command="python other.py"))
    assert ("replace", "Instance") in touched(run)
