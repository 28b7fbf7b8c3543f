"""Writes provider/schema.json, the package as other languages see it, from the components: ``make docs``."""

from __future__ import annotations

import json
from pathlib import Path

from runctl_component.provider.plugin import Plugin

PATH = Path(__file__).resolve().parent.parent / "provider" / "schema.json"


def schema_text() -> str:
    """The schema, from the code as it is."""
    return json.dumps(Plugin().package, indent=2) + "\n"


if __name__ == "__main__":
    PATH.write_text(schema_text(), encoding="utf-8")
