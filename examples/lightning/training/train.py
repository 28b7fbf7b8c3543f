"""Fits a curve with Lightning, which saves when it is asked to stop; the next start goes on from there."""

import argparse
import json
import os
import subprocess
from pathlib import Path

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, OnExceptionCheckpoint
from torch.utils.data import DataLoader, TensorDataset

CHECKPOINTS = Path("checkpoints")


class Curve(lightning.LightningModule):
    """A small network."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(1, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))

    def training_step(self, batch: list[torch.Tensor], _index: int) -> torch.Tensor:
        """How far it is from the curve."""
        inputs, targets = batch
        loss = (self.layers(inputs) - targets).square().mean()
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """As Lightning asks for it."""
        return torch.optim.Adam(self.parameters())


def upload(checkpoint: Path, out: str) -> None:
    """Put a checkpoint at ``out``, and into the manifest, by which the monitor verifies that it is there."""
    subprocess.run(["aws", "s3", "cp", "--only-show-errors", checkpoint, f"{out}/model.ckpt"], check=True)
    manifest = [{"key": "model.ckpt", "size": checkpoint.stat().st_size}]
    Path(os.environ["RUNCTL_CHECKPOINT_MANIFEST"]).write_text(json.dumps(manifest))


def main(out: str, epochs: int) -> None:
    """Train, and put the best checkpoint at ``out``, a place in S3."""
    inputs = torch.linspace(-3, 3, 4096).unsqueeze(1)
    data = DataLoader(TensorDataset(inputs, inputs.sin()), batch_size=64, shuffle=True)
    best = ModelCheckpoint(CHECKPOINTS, monitor="loss")
    # At SIGTERM Lightning raises an exception after the step that it is in.
    at_sigterm = OnExceptionCheckpoint(CHECKPOINTS)
    trainer = lightning.Trainer(
        max_epochs=epochs, callbacks=[best, at_sigterm], logger=False, enable_progress_bar=False
    )
    newest = max(CHECKPOINTS.glob("*.ckpt"), key=lambda file: file.stat().st_mtime, default=None)
    print(f"going on from {newest}" if newest else "beginning anew")
    trainer.fit(Curve(), data, ckpt_path=newest)
    upload(Path(best.best_model_path), out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--epochs", type=int, default=20)
    main(**vars(parser.parse_args()))
