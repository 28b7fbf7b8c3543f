"""A training that saves when it is asked to stop, and goes on from there when it is started again."""

import argparse
import signal
import subprocess
from pathlib import Path
from types import FrameType

import torch

CHECKPOINT = Path("checkpoint.pt")


def main(out: str, epochs: int) -> None:
    """Fit a line, and put the result at ``out``, a place in S3."""
    stopping = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    first = 0
    if CHECKPOINT.exists():
        saved = torch.load(CHECKPOINT)
        model.load_state_dict(saved["model"])
        first = saved["epoch"] + 1
    inputs = torch.linspace(-1, 1, 64).unsqueeze(1)
    for epoch in range(first, epochs):
        loss = (model(inputs) - 3 * inputs).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.4f}")
        torch.save({"epoch": epoch, "model": model.state_dict()}, CHECKPOINT)
        if stopping:
            raise SystemExit("stopped: the next start goes on from here")
    subprocess.run(["aws", "s3", "cp", "--only-show-errors", CHECKPOINT, f"{out}/model.pt"], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=20)
    main(**vars(parser.parse_args()))
