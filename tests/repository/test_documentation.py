"""The documentation against the code."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import botocore.session
import pulumi
import pytest
import yaml
from botocore import xform_name

from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from runctl_component.args.check_run import check_early
from runctl_component.args.declared import TrainingRunArgs
from runctl_component.plan import prices
from runctl_component.plan.plan import build_plan
from runctl_component.stack.program import NO_RUNS
from sandbox.demo.scenarios import SCENARIOS

from ..runctl_component.recording import record

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TWO_SCREENS = 110
OF_THE_CLI = {"query", "output", "region", "profile"}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_example_of_the_readme_evaluates_to_a_run(tmp_path: Path) -> None:
    (example,) = _blocks("python")
    (tmp_path / "__main__.py").write_text(example, encoding="utf-8")
    shutil.copytree(ROOT / "examples" / "quickstart" / "training", tmp_path / "training")
    exported: dict[str, Any] = {}

    def program() -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(pulumi, "export", exported.__setitem__)
            patched.chdir(tmp_path)
            runpy.run_path(str(tmp_path / "__main__.py"))
        return exported

    assert record(program).outputs["plan"]["then_every_seconds"] == 300


def test_the_config_of_the_readme_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT / "examples" / "quickstart")
    (config,) = _blocks("yaml")
    for name, args in yaml.safe_load(config)["config"]["runctl:runs"].items():
        check_early(name, args)


def test_the_example_of_the_readme_is_the_one_that_can_be_copied() -> None:
    assert _blocks("python") == [(ROOT / "examples" / "quickstart" / "__main__.py").read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    ("argument", "value"),
    [("code", "training"), ("command", "/opt/pytorch/bin/python train.py --out $RUNCTL_OUTPUT_URI")],
)
def test_every_example_of_a_run_trains_the_same(argument: str, value: str) -> None:
    texts = [*_blocks("python"), *_blocks("yaml"), NO_RUNS]
    found = [re.search(rf'{argument}"?: "?([^"\n]+)', text) for text in texts]
    assert [match[1] if match else None for match in found] == [value] * len(texts)


def test_the_page_of_arguments_names_every_program_that_the_runner_takes_from_the_image() -> None:
    files = [path for path in (ROOT / "runctl_component/box/runner").rglob("*.*") if path.suffix != ".pyc"]
    runner = "".join(path.read_text(encoding="utf-8") for path in files)
    page = (ROOT / "docs" / "arguments.md").read_text(encoding="utf-8")
    (described,) = [line for line in page.splitlines() if line.startswith("| `ami` | ")]
    needed = [name for name in ("bash", "curl", "pgrep", "python3", "aws", "systemctl") if name in runner]
    assert needed == ["bash", "python3", "aws", "systemctl"]
    assert [name for name in needed if name.replace("systemctl", "systemd") not in described] == []


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        target for page in PAGES for target in re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"))
    }
    assert named - {"is", "virtual"} <= targets


def test_every_scenario_is_named_in_the_readme() -> None:
    assert [
        name for name in SCENARIOS if f"`{name}`" not in README and f"={name}" not in README and name != "default"
    ] == []


def _anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_heading_leads_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    lost = [heading for file, heading in links if heading not in _anchors(page.parent / file if file else page)]
    assert lost == []


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_page_of_more_than_two_screens_begins_with_its_contents(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    beginning = text[: text.index("\n## ")] if "\n## " in text else text
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    listed = re.findall(r"^- \[(.+)\]\(#", beginning, re.MULTILINE)
    assert len(text.splitlines()) <= TWO_SCREENS or listed == headings


def _aws_commands() -> list[list[str]]:
    """Every command of the AWS CLI that a page shows, in its words."""
    shown: list[str] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        shown += re.findall(r"^(aws .+)$", text, re.MULTILINE) + re.findall(r"`(aws [^`]+)`", text)
    return [shlex.split(command) for command in shown]


def test_every_command_of_the_aws_cli_is_one_that_it_knows() -> None:
    session, checked = botocore.session.get_session(), list[str]()
    for _, service, operation, *words in _aws_commands():
        if service == "s3":  # the CLI's own, of which botocore has no model
            continue
        model = session.get_service_model(service)
        names = {xform_name(name, "-"): name for name in model.operation_names}
        shape = model.operation_model(names[operation]).input_shape
        known = {xform_name(member, "-") for member in shape.members} if shape else set[str]()
        given = [word.removeprefix("--") for word in words if word.startswith("--")]
        assert [option for option in given if option not in known | OF_THE_CLI] == []
        checked.append(operation)
    assert len(checked) > 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_page_of_arguments_says_what_the_code_says() -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate_arguments.py"))
    page = (ROOT / "docs" / "arguments.md").read_text(encoding="utf-8")
    assert page == generate["arguments_page"](), "run make docs"
    assert all(f"| `{arg}` | " in page for arg in TrainingRunArgs.__annotations__)


def test_every_tag_is_documented() -> None:
    page = (ROOT / "docs" / "how-a-run-ends.md").read_text(encoding="utf-8")
    assert [tag for tag in names.WRITTEN_AFTER_LAUNCH if f"`{tag}`" not in page] == []


def test_make_alone_prints_what_there_is() -> None:
    make = shutil.which("make")
    assert make
    shown = subprocess.run([make, "-C", str(ROOT)], capture_output=True, text=True, check=True, timeout=30).stdout
    assert {"make demo", "make test", "make check", "make clean"} <= set(re.findall(r"make \w+", shown))


def test_the_prices_of_the_documentation_are_those_of_the_plan() -> None:
    assert prices.PRICE_DATE in (ROOT / "docs" / "cost-of-watching.md").read_text(encoding="utf-8")


def test_the_bill_of_the_documentation_is_that_of_the_default_run_and_its_monitor() -> None:
    page = (ROOT / "docs" / "cost-of-watching.md").read_text(encoding="utf-8")
    plan = build_plan(Settings("llama", "project/stack/monitor", "outputs", "runs/llama/"))
    run, monitor = plan["dollars_per_day"], plan["monitor_dollars_per_day"]
    stated = [f"${run[item]:.4f}" for item in run] + [f"${monitor[item]:.3f}" for item in monitor if item != "words"]
    shown = [*stated[:-1], f"${monitor['total']:.2f}", f"${monitor['total'] * 730 / 24:.2f}"]
    assert [figure for figure in shown if f"| {figure} |" not in page.replace("**", "")] == []
    assert f"{monitor['total'] / run['total']:.0f} times" in page


def test_every_file_of_the_recipes_exists() -> None:
    recipes = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Recipes\n")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w/.-]+/[\w/.-]*)`", recipes)
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert len(re.findall(r"^\*\*.+\*\*$", recipes, re.MULTILINE)) == 5
    assert len(named) > 20


def test_the_map_names_every_room() -> None:
    rooms = {
        path.parent.relative_to(ROOT).as_posix()
        for package in ("runctl_component", "monitor_runtime", "sandbox")
        for path in (ROOT / package).rglob("*/__init__.py")
    }
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [room for room in sorted(rooms) if f"| `{room}" not in text] == []
