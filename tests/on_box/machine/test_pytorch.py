"""A training with PyTorch on a box."""

from __future__ import annotations

import pytest

from sandbox.box.machine import box_machine
from sandbox.box.root import NoBoxError, require_root

TRAINING = """
import torch
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(3):
    loss = model(torch.ones(8, 4)).square().mean()
    loss.backward()
    optimizer.step()
torch.save({"step": step, "model": model.state_dict()}, "/root/checkpoint.pt")
print(sorted(torch.load("/root/checkpoint.pt")))
"""


@pytest.fixture(autouse=True)
def has_pytorch() -> None:
    """Skip where no box has it."""
    try:
        require_root(torch=True)
    except NoBoxError as reason:
        pytest.skip(str(reason))


def test_a_training_writes_a_checkpoint_and_reads_it_back() -> None:
    with box_machine("#!/bin/bash", files={"/root/train.py": TRAINING}, torch=True) as box:
        box.boot()
        assert box.unit("python3 /root/train.py").stdout == "['model', 'step']\n"
