"""The command as it is typed."""

from __future__ import annotations

import json
import runpy
import sys
import time
from collections.abc import Generator
from datetime import timedelta
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from runctl_component.status.command import app
from sandbox.sandbox import sandbox

from .boundary import traffic
from .moto_account import MotoAccount
from .readings_builders import MONITOR, RUN


def _run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"COLUMNS": "120", **environment}).invoke(app, arguments)


@pytest.fixture
def account() -> Generator[MotoAccount]:
    with sandbox() as cloud:
        made = MotoAccount.create(cloud)
        made.heartbeat()
        made.instance()
        made.log("training")
        yield made


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration, no credentials, and nobody who could give any."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_it_shows_the_runs_of_the_account(account: MotoAccount) -> None:
    assert account
    result = _run()
    assert result.exit_code == 0
    assert [line.split()[:2] for line in result.stdout.splitlines()[3:5]] == [["run", "state"], [RUN, "running"]]


def test_json_is_one_document(account: MotoAccount) -> None:
    assert account
    result = _run("--json")
    (run,) = json.loads(result.stdout)["runs"]
    assert (run["monitor"], run["run"], run["state"], run["reason"]) == (MONITOR, RUN, "running", "training")


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["--monitor", MONITOR], 1),
        (["--stack", "team/dev"], 1),
        (["--stack", "team"], 1),
        (["--monitor", "team/dev/other"], 0),
        (["--stack", "team/prod"], 0),
    ],
)
def test_it_shows_what_is_asked_for(account: MotoAccount, arguments: list[str], count: int) -> None:
    assert account
    assert len(json.loads(_run("--json", *arguments).stdout)["runs"]) == count


def test_the_region_is_the_one_that_is_asked_for(account: MotoAccount) -> None:
    assert account
    assert _run("--region", "eu-west-1").stdout.split()[1:5] == ["eu-west-1", "no", "runs", "of"]


def test_watching_looks_again_after_each_pause(account: MotoAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt
        account.cloud.run_for(timedelta(seconds=seconds))

    monkeypatch.setattr(time, "sleep", pause)
    result = _run("--watch", "30")
    shown = [line.split()[0] for line in result.stdout.splitlines() if line.startswith("2026-")]
    assert shown == ["2026-03-02T09:00:00Z", "2026-03-02T09:00:30Z", "2026-03-02T09:01:00Z"]
    assert (pauses, result.exit_code) == ([30, 30, 30], 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--monitor", "runs"], "Invalid value for --monitor: got 'runs'; accepted: PROJECT/STACK/NAME"),
        (["--stack", "a/b/c"], "Invalid value for --stack: got 'a/b/c'; accepted: PROJECT/STACK, or PROJECT"),
        (["--json", "--watch", "30"], "Invalid value for --json: got --watch too; accepted: one of them"),
        (["--watch", "1"], "Invalid value for --watch: got 1; accepted: 10 seconds or more"),
    ],
)
def test_options_that_make_no_sense_are_refused(arguments: list[str], message: str) -> None:
    result = _run(*arguments, COLUMNS="200")
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "No AWS region is set. Pass --region, or set AWS_REGION or the region of the profile\n"),
        (["--region", "us-east-1"], "No AWS credentials were found. To have some, log in again (aws sso login,"),
        (["--profile", "nobody"], "The config profile (nobody) could not be found. Name one of the AWS configuration"),
        (["--region", "us east"], "Provided region_name 'us east' doesn't match a supported format."),
    ],
)
def test_what_keeps_it_from_aws_is_one_sentence_that_says_what_to_do(arguments: list[str], message: str) -> None:
    result = _run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


EXPIRED_SESSION = """
[profile expired]
sso_session = team
sso_account_id = 123456789012
sso_role_name = training
[sso-session team]
sso_start_url = https://team.awsapps.com/start
sso_region = us-east-1
"""
BROKEN_PROCESS = "[profile broken]\ncredential_process = /bin/false\n"
HALF = "[profile half]\naws_access_key_id = AKIA\n"


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("profile", "config"),
    [("expired", EXPIRED_SESSION), ("broken", BROKEN_PROCESS), ("half", HALF)],
    ids=["expired", "broken", "half"],
)
def test_a_profile_that_gives_no_credentials_is_told_once_with_what_to_do(
    profile: str, config: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(config)
    result = _run("--profile", profile, "--region", "us-east-1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("The AWS configuration gives no credentials (")
    assert result.stderr.endswith("or name another profile with --profile or AWS_PROFILE\n")
    assert result.stderr.count("\n") == 1


def test_a_right_that_is_lacking_is_a_line_of_the_report_and_no_failure(account: MotoAccount) -> None:
    assert account
    with traffic(FilterLogEvents="AccessDeniedException"):
        result = _run()
    assert result.exit_code == 0
    assert "allow logs:FilterLogEvents, see docs/status.md" in " ".join(result.stdout.split())


def test_without_its_packages_it_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec: Any = util.find_spec

    def find_others(name: str) -> Any:
        return None if name == "typer" else find_spec(name)

    monkeypatch.setattr(util, "find_spec", find_others)
    monkeypatch.delitem(sys.modules, "runctl_component.status.__main__", raising=False)
    with pytest.raises(SystemExit) as left:
        runpy.run_module("runctl_component.status", run_name="__main__")
    assert left.value.code == (
        "Not installed: typer. Install what the command needs: pip install"
        ' "runctl-component[status] @ git+https://github.com/your-organization/runctl-pulumi"'
    )
