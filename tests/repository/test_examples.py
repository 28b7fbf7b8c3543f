"""The examples, and what a team's own tests meet."""

from __future__ import annotations

import asyncio
import io
import json
import re
import runpy
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
import yaml
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

from runctl_component import TrainingRun

from ..examples import CONFIG, FOLDER, PLATFORM, RUNS, program_of
from ..runctl_component.recording import Recorded, record

WITH_RUNS = [example for example, runs in RUNS.items() if runs]
README = (FOLDER / "README.md").read_text(encoding="utf-8")
IMAGE = "/aws/service/deeplearning/ami/x86_64/oss-nvidia-driver-gpu-pytorch-2.11-amazon-linux-2023/latest/ami-id"
COPIES = ("team_stack", "shared_monitor/team", "notifications")


@pytest.fixture(scope="module")
def handle() -> str:
    """Of the platform's monitor."""
    return record(program_of("shared_monitor/platform")).outputs["monitor"]


@pytest.fixture(scope="module")
def evaluated(handle: str) -> Callable[[str], Recorded]:
    """What an example registers, evaluated once."""
    known: dict[str, Recorded] = {}

    def evaluate(example: str) -> Recorded:
        if example not in known:
            known[example] = record(program_of(example), stacks={PLATFORM: {"monitor": handle}})
        return known[example]

    return evaluate


def test_every_folder_is_an_example() -> None:
    programs = {path.parent.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("__main__.py")}
    assert programs == set(CONFIG) == set(RUNS)


@pytest.mark.parametrize("example", RUNS)
def test_an_example_makes_its_runs(evaluated: Callable[[str], Recorded], example: str) -> None:
    assert sorted(each.name for each in evaluated(example).of("Instance")) == sorted(RUNS[example])


@pytest.mark.parametrize("example", WITH_RUNS)
def test_a_run_brings_the_files_that_its_command_names(evaluated: Callable[[str], Recorded], example: str) -> None:
    recorded = evaluated(example)
    brought: set[str] = set()
    for uploaded in recorded.of("BucketObjectv2"):
        if uploaded.name.endswith("-code"):
            brought |= set(zipfile.ZipFile(io.BytesIO(Path(uploaded.inputs["source"]).read_bytes())).namelist())
    for instance in recorded.of("Instance"):
        command = instance.inputs["userData"].partition("/etc/runctl/command")[2]
        named = set(re.findall(r"(?:python|--requirement) ([\w.]+)", command))
        assert "train.py" in named <= brought


@pytest.mark.parametrize("example", WITH_RUNS)
def test_a_run_has_an_image_with_drivers_and_the_framework(example: str) -> None:
    assert f'"ami": "{IMAGE}",' in (FOLDER / example / "__main__.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("example", COPIES)
def test_a_plain_training_is_that_of_the_quickstart(example: str) -> None:
    trained = [FOLDER / each / "training" / "train.py" for each in ("quickstart", example)]
    assert trained[0].read_bytes() == trained[1].read_bytes()


@pytest.mark.parametrize("example", CONFIG)
def test_what_an_example_asks_for_is_in_its_project_and_in_the_commands(example: str) -> None:
    project = yaml.safe_load((FOLDER / example / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert {key for key in project["config"] if ":" not in key} == set(CONFIG[example])
    section = README.partition(f"\n## {example.partition('/')[0]}\n")[2].partition("\n## ")[0]
    assert set(CONFIG[example]) <= set(re.findall(r"pulumi config set (?:--secret )?(\w+) ", section))


@pytest.mark.parametrize("example", CONFIG)
def test_an_example_installs_the_package(example: str) -> None:
    required = (FOLDER / example / "requirements.txt").read_text(encoding="utf-8")
    assert required == "runctl-component @ git+https://github.com/your-organization/runctl-pulumi\n"


@pytest.mark.parametrize("run", RUNS["team_stack"])
def test_a_run_of_the_team_uses_what_is_there_already(evaluated: Callable[[str], Recorded], run: str) -> None:
    inputs = evaluated("team_stack").one("Instance", run).inputs
    own = CONFIG["team_stack"]
    assert [inputs[key] for key in ("subnetId", "keyName", "iamInstanceProfile")] == [
        own[key] for key in ("subnet_id", "key_name", "instance_profile")
    ]
    assert (inputs["vpcSecurityGroupIds"], inputs["tags"]["team"]) == ([own["security_group_id"]], "vision")


@pytest.mark.parametrize("example", ["team_stack", "sweep"])
def test_an_example_of_many_runs_has_one_monitor(evaluated: Callable[[str], Recorded], example: str) -> None:
    kinds = [kind for kind, _ in evaluated(example).names()]
    assert kinds.count("aws:lambda/function:Function") == 1


def test_the_team_makes_no_role_for_its_boxes(evaluated: Callable[[str], Recorded]) -> None:
    assert evaluated("team_stack").of("InstanceProfile") == []


def test_the_team_under_the_platforms_monitor_makes_none(evaluated: Callable[[str], Recorded]) -> None:
    assert evaluated("shared_monitor/team").of("Function") == []


def test_the_run_on_spot_is_stopped_when_it_is_interrupted(evaluated: Callable[[str], Recorded]) -> None:
    market = evaluated("spot_resume").one("Instance", "curve").inputs["instanceMarketOptions"]
    assert market["spotOptions"]["instanceInterruptionBehavior"] == "stop"


class _PlainMocks(mocks.Mocks):
    """As Pulumi's guide to unit tests has them; ``stacks`` are the outputs of others."""

    def __init__(self, **stacks: dict[str, Any]) -> None:
        self._stacks = stacks

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs: dict[str, Any] = vars(args)["inputs"]
        if args.typ == "pulumi:pulumi:StackReference":
            return f"{args.name}_id", {**inputs, "outputs": self._stacks["platform"]}
        return f"{args.name}_id", inputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        del args
        return {}, []


def _plainly(program: Callable[[], None], mocked: _PlainMocks) -> None:
    leftovers: Any = settings.SETTINGS
    leftovers.rpc_manager.clear()
    leftovers.outputs.clear()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(mocked, project="team", stack="dev")
    loop.run_until_complete(run_pulumi_func(program))
    loop.close()


def test_a_teams_own_tests_may_mock_everything_plainly() -> None:
    seen: dict[str, Any] = {}

    def program() -> None:
        group = aws.ec2.SecurityGroup("trainings")
        bucket = aws.s3.Bucket("outputs")
        run = TrainingRun("llama-ft", {"bucket": bucket.id, "command": "true", "security_group_ids": [group.id]})
        pulumi.Output.all(instance_id=run.instance_id, output_uri=run.output_uri).apply(seen.update)

    _plainly(program, _PlainMocks())
    assert seen == {"instance_id": "llama-ft_id", "output_uri": "s3://outputs_id/team/dev/llama-ft/"}


@pytest.mark.parametrize("example", CONFIG)
def test_an_example_evaluates_under_plain_mocks(handle: str, example: str) -> None:
    exported: dict[str, Any] = {}

    def program() -> None:
        outputs = program_of(example)()
        pulumi.Output.all(**outputs).apply(exported.update)

    _plainly(program, _PlainMocks(platform={"monitor": handle}))
    assert exported


@contextmanager
def _webhook() -> Generator[tuple[str, list[dict[str, str]]]]:
    """An address, and what is posted to it."""
    posted: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", posted
        server.shutdown()
        thread.join()


def test_the_function_posts_news_to_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = runpy.run_path(str(FOLDER / "notifications" / "slack" / "to_slack.py"))["handler"]
    with _webhook() as (address, posted):
        monkeypatch.setenv("SLACK_WEBHOOK_URL", address)
        handler({"Records": [{"Sns": {"Subject": "Training run line: failed", "Message": "loss > 3 & <nan>"}}]}, None)
    assert posted == [{"text": "*Training run line: failed*\n```loss &gt; 3 &amp; &lt;nan&gt;```"}]
