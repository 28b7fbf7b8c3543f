"""Which image fits an instance type: its processor, and the driver for its GPUs."""

from __future__ import annotations

import re

_ARM = re.compile(r"(?:[a-z]+\d+g|a1|.*-gb)")
_AMAZON_LINUX = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{processor}"
"""https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli"""
_DEEP_LEARNING = "/aws/service/deeplearning/ami/{processor}/base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id"
_NVIDIA = re.compile(r"g4dn|g5g?|g6e?|gr6|g7e|p4de?|p5|p5en?|p6-\w+|p6e-\w+")
"""Families that the Deep Learning Base AMI supports; its open driver knows no older GPUs.
https://docs.aws.amazon.com/dlami/latest/devguide/aws-deep-learning-base-gpu-ami-amazon-linux-2023.html"""
DEEP_LEARNING_GIB = 75
"""What the snapshot of that image needs of a root volume."""


def is_parameter(ami: object) -> bool:
    """Whether an image is given as the name of an SSM parameter."""
    return isinstance(ami, str) and ami.startswith("/")


def processor(instance_type: str) -> str:
    """``x86_64`` or ``arm64``, as the names of images have it."""
    return "arm64" if _ARM.match(instance_type) else "x86_64"


def has_nvidia_gpu(instance_type: str) -> bool:
    """Whether the instance has GPUs that the default image brings the driver for."""
    return _NVIDIA.fullmatch(instance_type.partition(".")[0]) is not None


def image_parameter(instance_type: str) -> str:
    """The public SSM parameter of the default image.

    The newest Amazon Linux 2023 for the type's processor; for NVIDIA GPUs the Deep Learning Base AMI, which is the same
    with a driver and CUDA.
    """
    name = _DEEP_LEARNING if has_nvidia_gpu(instance_type) else _AMAZON_LINUX
    return name.format(processor=processor(instance_type))
