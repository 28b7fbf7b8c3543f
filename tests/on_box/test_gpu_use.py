"""How busy the GPUs are, as a metric of the instance, for a run that is watched by it."""

from __future__ import annotations

from monitor_runtime.contract.metrics import GPU_METRIC, GPU_WORD
from runctl_component.box.box_tags import TAG_MEASURE
from runctl_component.box.runner.report import gpu_use

from .box import Box

MINUTE = "until [[ -e over ]]; do /bin/sleep 0.01; done"


def test_the_monitor_asks_for_the_metric_that_the_runner_publishes() -> None:
    assert f"{gpu_use.NAMESPACE}/{gpu_use.METRIC}" == GPU_METRIC


def measured(box: Box, nvidia_smi: str, tag: str = GPU_WORD) -> None:
    """Train for a minute on an image with that nvidia-smi."""
    box.first_boot(f"{MINUTE} >/dev/null")
    box.around.tags[TAG_MEASURE] = tag
    program = box.root / "home/nvidia-smi"
    program.write_text(f"#!/bin/bash\n{nvidia_smi}\n")
    program.chmod(0o755)
    box.path = f"{program.parent}:{box.path}"
    box.run(QUICK="uploads")


def test_the_busiest_gpu_of_the_minute_counts(box: Box) -> None:
    counted = "echo x >>seen; count=$(wc -l <seen); (( count == 3 )) && echo 93; (( count < 20 )) || touch over"
    measured(box, f"echo 7; {counted}")
    operation, options = box.around.calls[0]
    assert operation == "put-metric-data"
    assert options == {
        "namespace": "RunctlInstance",
        "metric-name": "GPUUtilization",
        "unit": "Percent",
        "value": "93",
        "dimensions": f"InstanceId={box.around.instance_id}",
    }


def test_gpus_that_do_not_answer_are_said_once(box: Box) -> None:
    measured(box, "echo x >>seen; (( $(wc -l <seen) < 9 )) || touch over; echo 'no devices were found'; exit 6")
    said = "the GPUs are not measured: nvidia-smi: no devices were found"
    assert (box.console.count(said), box.around.calls) == (1, [])


def test_an_image_without_the_program_says_so_once(box: Box) -> None:
    box.first_boot("/bin/sleep 1")
    box.around.tags[TAG_MEASURE] = GPU_WORD
    box.run(QUICK="uploads")
    assert box.console.count("the GPUs are not measured: [Errno 2] No such file or directory: 'nvidia-smi'") == 1


def test_nobody_asks_for_the_gpus_of_a_run_that_is_not_watched_by_them(box: Box) -> None:
    box.first_boot("/bin/sleep 1")
    box.run(QUICK="uploads")
    assert box.console == ""
