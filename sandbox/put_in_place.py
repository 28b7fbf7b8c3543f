"""What is got once for each user: made beside its place in the cache, and then put there whole."""

from __future__ import annotations

from pathlib import Path


def put_in_place(content: Path, folder: Path) -> None:
    """Give a folder that is complete its lasting name, unless another process was as quick."""
    try:
        content.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
