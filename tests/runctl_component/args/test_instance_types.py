"""Names of instance types: whatever EC2 has is accepted, and a slip of the pen is not."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader

from runctl_component.args.instance_types import instance_type


def _types_of_ec2() -> list[str]:
    """As the installed botocore knows them."""
    model: dict[str, Any] = Loader().load_service_model("ec2", "service-2")
    return model["shapes"]["InstanceType"]["enum"]


def test_every_type_that_ec2_has_is_accepted() -> None:
    known = _types_of_ec2()
    assert [name for name in known if [*instance_type("instance_type", name)]] == []
    assert len(known) > 800


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("g5.xlagre", "g5.xlarge"),
        ("g5.12xlrage", "g5.12xlarge"),
        ("p5.48xl", "p5.48xlarge"),
        ("p6-b200.48xlage", "p6-b200.48xlarge"),
        ("c7i.metal24xl", "c7i.metal-24xl"),
        ("t3.mediun", "t3.medium"),
        ("g5.1xlarge", "g5.xlarge"),
        ("G5.XLarge", "g5.xlarge"),
        (" g5.xlarge", "g5.xlarge"),
    ],
)
def test_a_misspelled_size_is_refused_with_the_nearest(misspelled: str, meant: str) -> None:
    (problem,) = instance_type("instance_type", misspelled)
    assert problem.fix == f"did you mean {meant}?"
    assert str(problem).startswith(f"instance_type: got {misspelled!r}; accepted: a family, a dot and a size")


@pytest.mark.parametrize("unlike", ["g5", "g5.", "tpu-v5e", "g5.####", 5])
def test_what_is_like_no_type_gets_an_example(unlike: object) -> None:
    (problem,) = instance_type("instance_type", unlike)
    assert problem.fix == "write for example g5.xlarge"
