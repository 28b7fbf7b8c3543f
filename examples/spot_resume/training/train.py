"""A training that goes on from its newest checkpoint: the one on its disk or, on a new instance, the one in S3."""

import argparse
import signal
import subprocess
from pathlib import Path
from types import FrameType

import torch

CHECKPOINT = Path("checkpoints/latest.pt")
STEPS_BETWEEN_CHECKPOINTS = 100


def copy(source: str, target: str) -> None:
    """Copy a file to S3."""
    subprocess.run(["aws", "s3", "cp", "--only-show-errors", source, target], check=True)


def find_checkpoint(place: str) -> dict | None:
    """The newest checkpoint. A disk that has one is never behind S3; a new one gets what is in S3, if anything is."""
    if not CHECKPOINT.exists():
        subprocess.run(["aws", "s3", "sync", "--only-show-errors", place, CHECKPOINT.parent], check=True)
    return torch.load(CHECKPOINT) if CHECKPOINT.exists() else None


def save_checkpoint(state: dict, place: str) -> None:
    """Write it to the disk, whole or not at all, then to S3."""
    CHECKPOINT.parent.mkdir(exist_ok=True)
    unfinished = CHECKPOINT.with_suffix(".unfinished")
    torch.save(state, unfinished)
    unfinished.rename(CHECKPOINT)
    copy(str(CHECKPOINT), f"{place}/{CHECKPOINT.name}")


def main(out: str, steps: int) -> None:
    """Fit a curve, and put checkpoints and the model at ``out``, a place in S3."""
    interrupted = False

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True

    signal.signal(signal.SIGTERM, interrupt)
    model = torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters())
    first = 0
    if saved := find_checkpoint(f"{out}/checkpoints"):
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        first = saved["step"] + 1
        print(f"going on at step {first}")
    inputs = torch.linspace(-3, 3, 256).unsqueeze(1)
    for step in range(first, steps):
        loss = (model(inputs) - inputs.sin()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if interrupted or (step + 1) % STEPS_BETWEEN_CHECKPOINTS == 0:
            print(f"step {step}: loss {loss.item():.4f}")
            state = {"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
            save_checkpoint(state, f"{out}/checkpoints")
        if interrupted:
            raise SystemExit("interrupted: the next start goes on from here")
    torch.save(model.state_dict(), "model.pt")
    copy("model.pt", f"{out}/model.pt")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--steps", type=int, default=2000)
    main(**vars(parser.parse_args()))
