"""The default image by instance type."""

from __future__ import annotations

import pytest

from runctl_component.box.image import image_parameter

DEEP_LEARNING = "/aws/service/deeplearning/ami/{}/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id"
AMAZON_LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{}"


@pytest.mark.parametrize(
    ("instance_type", "processor"),
    [
        *((f"{family}.xlarge", "x86_64") for family in ("g4dn", "g5", "g6", "gr6", "g6e", "g7e")),
        *((f"{family}.48xlarge", "x86_64") for family in ("p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300")),
        *((name, "arm64") for name in ("g5g.xlarge", "p6e-gb200.36xlarge")),
    ],
)
def test_an_instance_type_with_nvidia_gpus_gets_an_image_with_their_driver(instance_type: str, processor: str) -> None:
    assert image_parameter(instance_type) == DEEP_LEARNING.format(processor)


@pytest.mark.parametrize(
    ("instance_type", "processor"),
    [
        ("c7i.large", "x86_64"),
        ("m5.metal", "x86_64"),
        ("trn1.32xlarge", "x86_64"),
        ("g4ad.xlarge", "x86_64"),  # a GPU of AMD
        ("p3.2xlarge", "x86_64"),  # older than the open driver knows
        ("c7g.large", "arm64"),
        ("t4g.nano", "arm64"),
        ("im4gn.large", "arm64"),
        ("a1.large", "arm64"),
    ],
)
def test_any_other_gets_amazon_linux_for_its_processor(instance_type: str, processor: str) -> None:
    assert image_parameter(instance_type) == AMAZON_LINUX.format(processor)
