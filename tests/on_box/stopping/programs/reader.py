"""Imitates ``aws s3 cp -``: reads its input, and needs SECONDS after the end of it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

size = len(sys.stdin.buffer.read())
time.sleep(float(sys.argv[1]))
with Path("events").open("a") as events:
    events.write(f"reader uploaded {'something' if size else 'nothing'}\n")
