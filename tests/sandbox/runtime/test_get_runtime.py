"""Lambda's runtime where it cannot be had: one line that says what would help, and nothing half made."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from sandbox.runtime.get_runtime import NoRuntimeError, require_runtime


def test_without_pypi_there_is_one_line_and_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name, value in {"INDEX_URL": "http://127.0.0.1:9", "RETRIES": "0", "NO_CACHE_DIR": "1"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    with pytest.raises(NoRuntimeError, match=r"^no Lambda runtime .* where PyPI is reached: .*$"):
        require_runtime()
    assert list((tmp_path / "runctl").iterdir()) == []


def test_on_other_processors_than_lambdas_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(NoRuntimeError, match="x86_64 or aarch64"):
        require_runtime()
