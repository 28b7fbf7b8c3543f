"""The package as other languages see it."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from runctl_component import __version__
from runctl_component.args.defaults import complete, declared_defaults
from runctl_component.args.run_rules import RUN_RULES
from runctl_component.provider.names import camel_case
from runctl_component.provider.package import WORDS, Words

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "provider" / "schema.json").read_text(encoding="utf-8"))
RUN, MONITOR = (SCHEMA["resources"][f"runctl:index:{name}"] for name in ("TrainingRun", "Monitor"))
TYPES = SCHEMA["types"]


def _objects(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        yield path, entries
        for key, entry in entries.items():
            yield from _objects(entry, f"{path}/{key}")
    if isinstance(value, list):
        for index, entry in enumerate(cast("list[Any]", value)):
            yield from _objects(entry, f"{path}/{index}")


def _properties() -> dict[str, dict[str, Any]]:
    """All inputs, outputs and fields of types, by their paths."""
    owners = [(path, each) for path, each in _objects(SCHEMA) if "properties" in each]
    keys = ("inputProperties", "properties")
    return {
        f"{path}/{name}": definition
        for path, owner in owners
        for key in keys
        for name, definition in owner.get(key, {}).items()
    }


def test_the_schema_says_what_the_code_says() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate_schema.py"))
    assert generate["PATH"].read_text(encoding="utf-8") == generate["schema_text"](), "run make docs"


def test_every_type_and_property_is_described() -> None:
    described = {**_properties(), **SCHEMA["resources"], **TYPES}
    assert [path for path, each in described.items() if len(each.get("description", "")) < 5] == []
    assert len(described) > 90


def test_no_description_has_a_name_of_pythons() -> None:
    texts = [each["description"] for _, each in _objects(SCHEMA) if isinstance(each.get("description"), str)]
    allowed = {"training_complete", "training_failed", "nvidia_smi_utilization_gpu", "train_py"}
    found = {name for text in texts for name in re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", text)}
    assert found - allowed - {"_index"} == set()


@pytest.mark.parametrize("python_type", sorted(declared_defaults()))
def test_every_default_is_in_the_description(python_type: str) -> None:
    components = {"TrainingRunArgs": RUN["inputProperties"], "MonitorArgs": MONITOR["inputProperties"]}
    properties = components.get(python_type) or TYPES[f"runctl:index:{python_type.removesuffix('Args')}"]["properties"]
    shown = {camel_case(field): value for field, value in declared_defaults()[python_type].items()}
    values = {name: value for name, value in shown.items() if value not in (None, {}, (), [])}
    assert [name for name in values if "Default: `" not in properties[name]["description"]] == []


def test_a_default_is_a_value_where_it_is_the_same_whatever_else_is_declared() -> None:
    values = {name: each["default"] for name, each in RUN["inputProperties"].items() if "default" in each}
    assert values["graceSeconds"] == 300
    assert values["instanceType"] == "g5.xlarge"
    assert not {"onComplete", "onFailure", "onDeadline", "prefix", "logRetentionDays", "dashboard"} & set(values)
    declared = {camel_case(field): value for field, value in complete("", {"spot": "one-time"}).items()}
    assert values == {name: declared[name] for name in values}


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.name)
def test_the_words_of_an_argument_are_those_that_its_rule_accepts(words: Words) -> None:
    accepted = ", ".join(words.values)
    for argument in words.arguments:
        (problem,) = RUN_RULES[argument](argument, "anything else")
        assert problem.accepted == accepted


@pytest.mark.parametrize("words", WORDS, ids=lambda words: words.name)
def test_any_string_is_let_through_for_our_own_words_to_refuse(words: Words) -> None:
    for argument in map(camel_case, words.arguments):
        choices = RUN["inputProperties"][argument]["oneOf"]
        assert [choice.get("type") or choice["$ref"] for choice in choices] == [
            "string",
            f"#/types/runctl:index:{words.name}",
        ]


def test_every_reference_leads_to_a_type() -> None:
    references = {each["$ref"] for _, each in _objects(SCHEMA) if "$ref" in each}
    assert references == {f"#/types/{token}" for token in TYPES}


def test_no_type_is_named_as_if_languages_would_not_append_args_themselves() -> None:
    assert [token for token in TYPES if token.endswith("Args")] == []


def test_no_list_and_no_mapping_must_be_plain() -> None:
    containers = [(path, each) for path, each in _objects(SCHEMA) if each.get("type") in ("array", "object")]
    inner = ("items", "additionalProperties")
    entries = [(path, each) for path, each in _objects(SCHEMA) if path.endswith(inner)]
    assert [path for path, each in (*containers, *entries) if each.get("plain")] == []
    assert len(containers) > 20


def test_the_plan_is_typed_to_its_last_field() -> None:
    assert RUN["properties"]["plan"]["$ref"] == "#/types/runctl:index:Plan"
    assert [path for path, each in _objects(TYPES) if each.get("$ref") == "pulumi.json#/Any"] == []


def test_the_package_is_described_as_in_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (SCHEMA["version"], SCHEMA["license"]) == (__version__, project["license"])
    assert project["description"].startswith(SCHEMA["description"].rstrip("."))
    assert SCHEMA["repository"] in f"https://{SCHEMA['language']['go']['importBasePath']}"
    assert SCHEMA["repository"] in (ROOT / "README.md").read_text(encoding="utf-8")
