"""Programs with PyTorch, for boxes that have it."""

from __future__ import annotations

FOLDER = "/opt/trainings"
TRAINING = """
import argparse, os, signal, sys, time
import torch
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("checkpoint")
parser.add_argument("--in-handler", action="store_true")
parser.add_argument("--steps", type=int, default=10**9)
parser.add_argument("--fails", action="store_true")
chosen = parser.parse_args()
rank = os.environ.get("RANK", "0")
stopped = False

class Numbers(Dataset):
    def __len__(self):
        return 10**9

    def __getitem__(self, index):
        return torch.full((4,), index / 10**9)

def save(step):
    content = {"step": step, "weights": model.state_dict()}
    for part in range(10):
        content[f"state {part}"] = torch.ones(100_000)
        torch.save(content, f"{chosen.checkpoint}-{rank}")
        if not chosen.in_handler:
            next(batches)
        time.sleep(0.1)
    torch.save({**content, "is complete": True}, f"{chosen.checkpoint}-{rank}")
    print("saved", flush=True)

def stop(*_):
    global stopped
    stopped = True
    if chosen.in_handler:
        save(step)
        sys.exit()

def somebody_was_stopped():
    votes = torch.tensor([float(stopped)])
    if "RANK" in os.environ:
        torch.distributed.all_reduce(votes)
    return votes.item() > 0

if "RANK" in os.environ:
    torch.distributed.init_process_group("gloo")
signal.signal(signal.SIGTERM, stop)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = iter(DataLoader(Numbers(), batch_size=8, num_workers=2))
for step in range(chosen.steps):
    loss = model(next(batches)).square().mean()
    loss.backward()
    optimizer.step()
    time.sleep(0.02)
    if step == 3:
        open(f"{chosen.checkpoint}-{rank}.started", "w").close()
    if somebody_was_stopped():
        break
if chosen.fails:
    raise ValueError("loss is not a number")
save(step)
"""
"""Trains with a DataLoader until it has done its steps or gets SIGTERM, and saves: for a second, with its DataLoader.

What it leaves is a checkpoint at every moment, but complete only in the end. Under torchrun, all ranks stop together.
"""
READING = """
import sys
import torch

for path in sys.argv[1:]:
    found = torch.load(path)
    states = [found[f"state {part}"].sum().item() for part in range(10)]
    print(found["is complete"] and found["step"] > 0 and states == [100_000] * 10)
"""
"""Prints for each checkpoint whether it can be loaded and is complete."""
PROGRAMS = {f"{FOLDER}/train.py": TRAINING, f"{FOLDER}/read.py": READING}
