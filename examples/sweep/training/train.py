"""Fits a curve with one learning rate, and puts the model and its loss where the sweep can be compared."""

import argparse
import json
import subprocess
from pathlib import Path

import torch

RESULTS = Path("results")


def main(out: str, learning_rate: float) -> None:
    """Train, and put the results at ``out``, a place in S3."""
    model = torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    inputs = torch.linspace(-3, 3, 256).unsqueeze(1)
    for epoch in range(200):
        loss = (model(inputs) - inputs.sin()).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 20 == 0:
            print(f"epoch {epoch}: loss {loss.item():.4f}")
    RESULTS.mkdir(exist_ok=True)
    torch.save(model.state_dict(), RESULTS / "model.pt")
    (RESULTS / "metrics.json").write_text(json.dumps({"learning_rate": learning_rate, "loss": loss.item()}))
    subprocess.run(["aws", "s3", "cp", "--recursive", "--only-show-errors", RESULTS, out], check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    main(**vars(parser.parse_args()))
