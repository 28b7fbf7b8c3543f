"""A command that would not be waited for, or ends the instance itself, is pointed out to whoever reviews it."""

from __future__ import annotations

import pytest

from runctl_component import TrainingRun, TrainingRunArgs
from runctl_component.plan.command_warnings import command_warnings

from ..forms import BASE
from ..recording import record


def said(command: str) -> str:
    return "\n".join(command_warnings(command))


@pytest.mark.parametrize(
    "command",
    [
        "docker run -d --gpus all image train.py",
        "docker run --gpus all --detach image",
        "docker run -itd image",
        'docker run --rm -v "$PWD:/work dir" --name=llama -e A=1 -d image',
        "docker run --gpus all \\\n  -d image",
        "docker compose -f x.yaml up -d",
        "sbatch train.slurm",
        "systemctl start training",
        "systemd-run --unit=x python train.py",
        "kubectl apply -f job.yaml",
    ],
)
def test_work_that_is_handed_to_a_service_is_pointed_out(command: str) -> None:
    assert "which hands work to a service and returns" in said(command)


@pytest.mark.parametrize(
    "command",
    [
        "docker run --gpus all image train.py --delay 3",
        "docker run --rm --dns 1.1.1.1 image",
        "docker run image python train.py -d",
        "docker run --rm image -d",
        "docker run -it --gpus all -e A=1 image train.py --data x -d y",
        "id=$(docker run -d image)\ndocker wait $id",
        "sbatch --wait train.slurm",
        "sbatch -W train.slurm",
        "sbatch \\\n  --wait train.slurm",
        "systemd-run --wait --pipe python train.py",
        "# docker run -d image\npython train.py",
        "systemctl status docker",
    ],
)
def test_a_command_that_waits_for_it_is_not(command: str) -> None:
    assert said(command) == ""


@pytest.mark.parametrize(
    ("command", "how", "fix"),
    [
        ("nohup python train.py &", "&", "write wait $! at the end"),
        ("python train.py >log 2>&1 &\necho started", "&", "write wait $! at the end"),
        ("(python a.py &)", "&", "write wait $! at the end"),
        ("tmux new -d 'python train.py'", "tmux", "leave tmux out"),
        ("tmux new-session -s llama -d 'python train.py'", "tmux", "leave tmux out"),
        ("screen -dmS llama python train.py", "screen", "leave screen out"),
    ],
)
def test_what_is_left_in_the_background_is_pointed_out(command: str, how: str, fix: str) -> None:
    (warning,) = command_warnings(command)
    assert warning.startswith(f"the command leaves something in the background with {how}, and does not wait for it")
    assert "a failure is not noticed" in warning
    assert fix in warning


@pytest.mark.parametrize(
    "command",
    [
        "python a.py & wait $!",
        "a && b",
        "python a.py 2>&1 | tee log",
        "x &> log",
        "python a.py &\npython b.py\nwait",
        "tmux new -d 'python train.py; tmux wait -S over'\ntmux wait over",
        "tmux new 'python train.py'",
    ],
)
def test_what_is_waited_for_is_not(command: str) -> None:
    assert said(command) == ""


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("python train.py\nshutdown -h now", "shutdown -h"),
        ("python train.py; sudo poweroff", "poweroff"),
        ("python train.py\nsudo shutdown", "shutdown"),
        ("shutdown && echo bye", "shutdown"),
        ("/sbin/reboot", "reboot"),
        ("aws ec2  stop-instances --instance-ids $ID", "aws ec2 stop-instances"),
        ("aws --region eu-west-1 ec2 terminate-instances", "aws --region eu-west-1 ec2 terminate-instances"),
    ],
)
def test_a_command_that_ends_the_instance_itself_is_pointed_out(command: str, shown: str) -> None:
    assert f"the command has {shown}: the monitor ends the instance" in said(command)


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --shutdown_after 5",
        "python train.py --shutdown now",
        "shutdown -c",
        "python train.py --bias-init 0",
        "echo will not poweroffice",
        "python halting.py",
        "python reboot.py",
        "parallel --halt now,fail=1 python train.py --seed ::: 1 2",
    ],
)
def test_words_within_others_are_not(command: str) -> None:
    assert said(command) == ""


def test_the_plan_of_a_run_says_it() -> None:
    args: TrainingRunArgs = {**BASE, "command": "sbatch train.slurm"}
    recorded = record(lambda: {"plan": TrainingRun("llama-ft", args).plan})
    (warning,) = [each for each in recorded.outputs["plan"]["warnings"] if "sbatch" in each]
    assert warning.endswith("for example with sbatch --wait")
