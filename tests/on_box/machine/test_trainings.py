"""Trainings with PyTorch under a real systemd: they save when they are stopped, and end as they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor_runtime.observe.marker_body import parse_body
from sandbox.box.machine import Box
from sandbox.box.root import NoBoxError, require_root
from sandbox.box.waiting import wait_until

from ..stopping.cases import PROGRAMS as LAUNCHERS
from .product import FAILED, SUCCEEDED, await_marker, product_box, train_anew
from .pytorch_programs import FOLDER, PROGRAMS

CHECKPOINT = "/root/checkpoint"
TRAIN = f"python3 {FOLDER}/train.py {CHECKPOINT}"
READ = f"python3 {FOLDER}/read.py {CHECKPOINT}-?"
TORCHRUN = "python3 -m torch.distributed.run --standalone --nproc_per_node=2 --redirects=1 --tee=1"
"""With PyTorch 1.13 and Python 3.11, only these two options let it start."""
LAUNCHER = f"{FOLDER}/launcher.py"
ENVIRONMENT = "/opt/conda/envs/pytorch/bin"
CONDA = """
conda() {
  if [ "$1" = activate ]; then
    export PATH="/opt/conda/envs/$2/bin:$PATH"
  fi
}
"""
STOPPED = {
    "saving after the step": TRAIN,
    "saving in the handler": f"{TRAIN} --in-handler",
    "a launcher that forwards": f"python3 {LAUNCHER} forwarding {TRAIN}",
    "a launcher without a handler": f"python3 {LAUNCHER} plain {TRAIN}",
    "torchrun": f"{TORCHRUN} {TRAIN.removeprefix('python3 ')}",
    "tee": f"{TRAIN} | tee /root/log",
    "nohup &": f"nohup {TRAIN} &",
    "tmux": f"tmux new -d '{TRAIN}; tmux wait -S over'\ntmux wait over",
    "conda": f"conda activate pytorch\n{TRAIN.replace('python3', 'python-of-pytorch')}",
}
RANKS = {"torchrun": 2}


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """One with PyTorch, on which each test has the runner run its own command."""
    try:
        require_root(torch=True)
    except NoBoxError as reason:
        pytest.skip(str(reason))
    launcher = (LAUNCHERS / "launcher.py").read_text()
    files = {
        **PROGRAMS,
        LAUNCHER: launcher,
        "/etc/profile.d/conda.sh": CONDA,
        "/etc/hosts": "127.0.0.1 localhost box\n",
    }
    with product_box("true", files=files, torch=True) as machine:
        machine.boot()
        await_marker(machine)
        machine.run(f"mkdir -p {ENVIRONMENT}; ln -s /usr/bin/python3 {ENVIRONMENT}/python-of-pytorch")
        yield machine


def _begin(box: Box, command: str, ranks: int = 1) -> None:
    box.run(f"rm -f {CHECKPOINT}*")
    train_anew(box, command)
    wait_until(lambda: box.run(f"ls {CHECKPOINT}-*.started").stdout.count("\n") == ranks, 60, "first steps")


def _log(box: Box) -> str:
    return box.run("cat $(ls -t /var/log/runctl/*.log | head -n 1)").stdout


@pytest.mark.parametrize("name", STOPPED)
def test_a_stop_of_the_service_lets_the_training_save_a_whole_checkpoint(box: Box, name: str) -> None:
    ranks = RANKS.get(name, 1)
    _begin(box, STOPPED[name], ranks)
    box.run("systemctl stop runctl-training", seconds=150)
    assert box.run(READ).stdout == "True\n" * ranks, _log(box)
    assert "killed by signal" not in _log(box)
    assert not {SUCCEEDED, FAILED} & set(box.objects())


def test_a_stop_of_the_machine_lets_the_training_save_a_whole_checkpoint(box: Box) -> None:
    _begin(box, TRAIN)
    box.stop(150)
    assert box.run_on_disk(READ).stdout == "True\n"
    box.boot()
    assert not {SUCCEEDED, FAILED} & set(box.objects())


def test_a_stop_of_the_machine_waits_for_a_training_that_has_left_the_service(box: Box) -> None:
    _begin(box, f"systemd-run --scope {TRAIN}")
    order = "systemctl show --property=After runctl-training"
    wait_until(lambda: ".scope" in box.run(order).stdout, 30, "look of the runner")
    box.stop(150)
    assert box.run_on_disk(READ).stdout == "True\n"
    box.boot()


@pytest.mark.parametrize(("options", "marker", "code"), [("", SUCCEEDED, 0), ("--fails", FAILED, 1)])
def test_a_training_that_prints_through_tee_ends_as_it_says(box: Box, options: str, marker: str, code: int) -> None:
    _begin(box, f"{TRAIN} --steps 5 {options} | tee /root/log")
    await_marker(box, marker)
    assert parse_body(box.object(marker)).exit_code == code


def test_a_command_that_only_puts_its_training_into_the_background_lasts_as_long_as_that(box: Box) -> None:
    _begin(box, f"nohup {TRAIN} --steps 60 &")
    await_marker(box)
    assert (box.run(READ).stdout, "saved" in _log(box)) == ("True\n", True)
