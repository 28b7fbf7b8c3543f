"""The page of the policy pack against the pack, whose own packages are not in this environment."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policy" / "__main__.py"
PAGE = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8").partition("\n## The policy pack\n")[2]


def _policies() -> Iterator[tuple[str, str]]:
    """The name of each policy of the pack, and its level."""
    for node in ast.walk(ast.parse(PACK.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("ValidationPolicy"):
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            level = ast.unparse(given["enforcement_level"]) if "enforcement_level" in given else ".ADVISORY"
            yield ast.literal_eval(given["name"]), level.rpartition(".")[2].lower()


def test_the_page_has_every_policy_with_its_level() -> None:
    assert dict(re.findall(r"^\| `([\w-]+)` \| (\w+) \|", PAGE, re.MULTILINE)) == dict(_policies())
    assert len(dict(_policies())) == 5


def test_the_config_of_the_page_is_of_policies_of_the_pack() -> None:
    (config,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert set(json.loads(config)) <= set(dict(_policies()))
