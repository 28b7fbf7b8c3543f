"""Where a Pulumi CLI is on this machine: on PATH, or in this user's cache."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GO_MODULES = ROOT / "tools" / "engine"
HOW_TO_GET_ONE = "no Pulumi CLI, neither on PATH nor in the cache of this user: `make engine` gets one"


class NoEngineError(RuntimeError):
    """There is no Pulumi CLI; the message says how to get one."""


def engine_version() -> str:
    """The version of the CLI that ``make engine`` gets.

    Raises:
        LookupError: when ``tools/engine/go.mod`` names none.
    """
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v(\S+)", (GO_MODULES / "go.mod").read_text(encoding="utf-8"))
    if found is None:
        raise LookupError(f"{GO_MODULES / 'go.mod'} requires no github.com/pulumi/pulumi/pkg/v3")
    return found[1]


def cache_folder() -> Path:
    """Where ``make engine`` puts the CLI: a folder of this user, outside the checkout, with the programs in ``bin``."""
    return user_cache() / f"engine-{engine_version()}"


def user_cache() -> Path:
    """What is got or made once for this user is in here."""
    caches = os.environ.get("XDG_CACHE_HOME") or str(home_folder() / ".cache")
    return Path(caches) / "runctl"


def find_engine() -> Path | None:
    """The CLI to use; None when there is none."""
    on_path = shutil.which("pulumi")
    if on_path:
        return Path(on_path).absolute()
    cached = cache_folder() / "bin" / "pulumi"
    return cached if os.access(cached, os.X_OK) else None


def require_engine() -> Path:
    """The CLI to use.

    Raises:
        NoEngineError: when there is none.
    """
    found = find_engine()
    if found is None:
        raise NoEngineError(HOW_TO_GET_ONE)
    return found


@cache
def cli_version(cli: Path) -> str:
    """The version of a CLI, as it says itself."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    answer = subprocess.run([cli, "version"], env=environment, check=True, capture_output=True, text=True, timeout=60)  # noqa: S603
    return answer.stdout.strip().removeprefix("v")


def find_python_host(engine: Path) -> Path | None:
    """Pulumi's Python language host, which the official CLI brings along: beside the CLI or on PATH."""
    beside = engine.resolve().parent / "pulumi-language-python"
    if os.access(beside, os.X_OK):
        return beside
    elsewhere = shutil.which("pulumi-language-python")
    return Path(elsewhere) if elsewhere else None


def home_folder() -> Path:
    """The home of this user; that of the account where HOME is unset or empty."""
    return Path(os.environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
