"""Fine-tunes a model to tell good reviews from bad ones. It saves when it is asked to stop, and goes on from there."""

import argparse
import csv
import json
import os
import signal
import subprocess
from pathlib import Path
from types import FrameType

from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_utils import get_last_checkpoint

CHECKPOINTS = Path("checkpoints")
MODEL = Path("model")


class RunCallback(TrainerCallback):
    """Saves and stops after the step in which SIGTERM came, and takes every checkpoint to S3."""

    def __init__(self, out: str) -> None:
        self._out = out
        self.stopping = False
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def on_step_end(
        self, _arguments: TrainingArguments, _state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Ask the trainer for a checkpoint, and for no further step."""
        if self.stopping:
            control.should_save = control.should_training_stop = True

    def on_save(self, *_: object, **__: object) -> None:
        """Copy what S3 lacks."""
        sync = ["aws", "s3", "sync", "--only-show-errors", CHECKPOINTS, f"{self._out}/{CHECKPOINTS}"]
        subprocess.run(sync, check=True)


def upload_model(out: str) -> None:
    """Put the model at ``out``, and its files into the manifest, by which the monitor verifies that all are there."""
    subprocess.run(["aws", "s3", "cp", "--recursive", "--only-show-errors", MODEL, f"{out}/{MODEL}"], check=True)
    manifest = [{"key": str(file), "size": file.stat().st_size} for file in MODEL.iterdir()]
    Path(os.environ["RUNCTL_CHECKPOINT_MANIFEST"]).write_text(json.dumps(manifest))


def main(out: str, model: str, epochs: int) -> None:
    """Fine-tune ``model``, a name of the hub or a folder."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    with Path("reviews.csv").open(newline="") as file:
        examples = [
            {**tokenizer(row["text"], truncation=True), "labels": int(row["label"])} for row in csv.DictReader(file)
        ]
    callback = RunCallback(out)
    trainer = Trainer(
        model=AutoModelForSequenceClassification.from_pretrained(model, num_labels=2),
        args=TrainingArguments(
            output_dir=str(CHECKPOINTS), num_train_epochs=epochs, save_strategy="epoch", save_total_limit=2
        ),
        data_collator=DataCollatorWithPadding(tokenizer),
        train_dataset=examples,
        processing_class=tokenizer,
        callbacks=[callback],
    )
    CHECKPOINTS.mkdir(exist_ok=True)
    newest = get_last_checkpoint(str(CHECKPOINTS))
    print(f"going on from {newest}" if newest else "beginning anew")
    trainer.train(resume_from_checkpoint=newest)
    if callback.stopping:
        raise SystemExit("stopped: the next start goes on from the newest checkpoint")
    trainer.save_model(str(MODEL))
    upload_model(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--epochs", type=int, default=3)
    main(**vars(parser.parse_args()))
