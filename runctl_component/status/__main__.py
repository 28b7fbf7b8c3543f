"""``python -m runctl_component.status``."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

INSTALL = 'pip install "runctl-component[status] @ git+https://github.com/your-organization/runctl-pulumi"'


def main() -> None:
    """Run the command, or say which packages it lacks."""
    lacking = [package for package in ("rich", "typer") if find_spec(package) is None]
    if lacking:
        sys.exit(f"Not installed: {', '.join(lacking)}. Install what the command needs: {INSTALL}")
    import_module("runctl_component.status.command").app()


if __name__ == "__main__":
    main()
