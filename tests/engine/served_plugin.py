"""The plugin for other languages as a process, which an engine attaches to by ``PULUMI_DEBUG_PROVIDERS``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from sandbox.engine.cli import ROOT

_NO_ENGINE = "127.0.0.1:1"
"""The address of an engine, in place of that of the one that attaches."""


class PluginError(RuntimeError):
    """The plugin has not come up; the message is what it printed."""


@contextmanager
def served_plugin(working_directory: Path) -> Generator[str]:
    """Run ``provider/`` as Pulumi would, in the folder of a program; the value for ``PULUMI_DEBUG_PROVIDERS``."""
    with TemporaryFile("w+", encoding="utf-8") as printed:
        plugin = subprocess.Popen(
            [sys.executable, str(ROOT / "provider"), _NO_ENGINE],
            cwd=working_directory,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=printed,
            text=True,
        )
        try:
            port = plugin.stdout.readline().strip() if plugin.stdout else ""
            if not port:
                printed.seek(0)
                raise PluginError(printed.read())
            yield f"runctl:{port}"
        finally:
            plugin.kill()
            plugin.communicate()
