"""The main line of the runner: check, run the command, tell how it ended."""

from __future__ import annotations

import json
import os
import signal
from typing import Any, NamedTuple

from .machine.aws_cli import AwsCli
from .machine.files import (
    COMMAND,
    ENVIRONMENT,
    LOGS,
    PASSING,
    SETTINGS,
    read_object,
    remove,
    say,
    say_on_console,
    write,
)
from .machine.metadata import is_of_this_instance
from .machine.power import held_seconds, power_off
from .machine.tags import Tags
from .machine.waiting import Interruption
from .preparing.code import unpack_code
from .preparing.preflight import count_launch, preflight
from .preparing.secrets import Secrets, fetch_secrets
from .report.bucket import Bucket
from .report.ending import PATH, Ending, put_marker
from .report.gpu_use import GpuUse
from .report.log import Log
from .report.log_upload import LogUpload
from .report.marker import MANIFEST, ended, exit_code_of, failed, now
from .training import run

NOT_BEGUN = 78
"""The exit status of the unit whose command never began, and that has said so: EX_CONFIG of sysexits.h."""
_LAUNCH = f"{PASSING}/launch.json"
_LOG_SECONDS = 600
_LOG_SECONDS_INTERRUPTED = 30


class _Run(NamedTuple):
    """What every step needs."""

    settings: dict[str, Any]
    aws: AwsCli
    bucket: Bucket
    tags: Tags
    interrupted: Interruption


def work(interrupted: Interruption) -> int:
    """Run the command unless it ended in an earlier boot; returns its exit code."""
    if not is_of_this_instance():
        say("set up on another instance: left alone")
        return 0
    ending, settings = Ending(), read_object(SETTINGS)
    if ending.told:
        say(f"finished in an earlier boot; remove {PATH} to train again")
        return 0
    aws = AwsCli(settings)
    of = _Run(settings, aws, Bucket(settings, aws), Tags(), interrupted)
    if ending.marker is None:
        launch = {"launch": count_launch(), "started_at": now(), "log": _log_name()}
        prepared = _prepare(of, launch)
        if interrupted():
            return 0
        if prepared.reason:
            return _refuse(prepared.reason, launch, of)
        _run_command(of, launch, prepared.values, ending)
    if ending.marker is None:
        return 0
    ending.tell(of.tags, of.bucket, interrupted)
    return int(ending.marker.get("exit_code", 1))


def _log_name() -> str:
    return f"runctl/training-{now().replace('-', '').replace(':', '')}"


def _prepare(of: _Run, launch: dict[str, Any]) -> Secrets:
    """All that the command needs, in the order in which it is needed: only who can write can tell what is missing."""
    reason = preflight(of.bucket, of.aws, launch, of.interrupted) or unpack_code(of.settings, of.bucket, of.interrupted)
    return Secrets({}, reason) if reason else fetch_secrets(of.settings.get("secrets", {}), of.aws, of.interrupted)


def _run_command(of: _Run, launch: dict[str, Any], secrets: dict[str, str], ending: Ending) -> None:
    """Run it; an end that counts is noted."""
    ending.reserve()
    log = Log(f"{LOGS}/{os.path.basename(launch['log'])}.log")
    write(_LAUNCH, json.dumps({**launch, "path": log.path}))
    remove(MANIFEST)
    upload = LogUpload(log, of.bucket, launch["log"])
    upload.begin()
    gpu_use = GpuUse(of.aws)
    gpu_use.begin()
    end = run(COMMAND, {**_environment(of.settings), **secrets}, log, of.tags, of.interrupted)
    gpu_use.finish()
    if not end.began:
        ending.note(failed("the login profile ended the shell before the command began"))
    elif end.status is not None:
        ending.note(ended(exit_code_of(end.status), log.last_words(), launch["started_at"]))
    else:
        say("interrupted: no marker, the next boot trains again")
    upload.finish(_LOG_SECONDS_INTERRUPTED if of.interrupted() else _LOG_SECONDS)


def _environment(settings: dict[str, Any]) -> dict[str, str]:
    return {
        "AWS_DEFAULT_REGION": settings["region"],
        "AWS_REGION": settings["region"],
        "PYTHONUNBUFFERED": "1",
        "RUNCTL_CHECKPOINT_MANIFEST": MANIFEST,
        "RUNCTL_OUTPUT_URI": f"s3://{settings['bucket']}/{settings['prefix']}".rstrip("/"),
        "RUNCTL_RUN": settings["run"],
        **read_object(ENVIRONMENT),
    }


def _refuse(reason: str, launch: dict[str, Any], of: _Run) -> int:
    """Tell why the command does not begin; the next boot tries again."""
    say_on_console(f"the command was not started: {reason}")
    told = not put_marker(failed(reason), of.tags, of.bucket, of.interrupted)
    if not told and not held_seconds(of.tags) and _may_power_off(launch, of.tags):
        power_off(reason)
    return NOT_BEGUN


def _may_power_off(launch: dict[str, Any], tags: Tags) -> bool:
    """Where nothing was ever told, only a disk on which nothing was ever done may be lost."""
    if tags.ever_told:
        return tags.seconds("power-off-unmarked-seconds") is not None
    return launch["launch"] == 1


def after_the_end(interrupted: Interruption) -> int:
    """Tell S3 of a runner that was killed or broke: systemd calls this, and has killed what that one left.

    A stop that was asked for is "success", or "timeout" when it took too long: after these the next boot trains again.
    Of all codes, only 1 can be that of a broken runner.
    """
    result, status = os.environ.get("SERVICE_RESULT", "success"), os.environ.get("EXIT_STATUS", "")
    asked_for = result in {"success", "timeout"}
    if asked_for or (result == "exit-code" and status != "1") or not is_of_this_instance():
        return 0
    ending = Ending()
    if ending.marker is not None:
        return 0
    launch, settings, tags = read_object(_LAUNCH), read_object(SETTINGS), Tags()
    bucket = Bucket(settings, AwsCli(settings))
    broke = result == "exit-code"
    last_words = f"runctl: the runner {'broke' if broke else 'was killed'}: {result} {status}"
    say_on_console(last_words)
    ending.note(ended(int(status) if broke else _exit_code(status), last_words, launch.get("started_at", "")))
    if launch:
        log = Log(launch["path"])
        log.write(f"\n{last_words}\n".encode())
        LogUpload(log, bucket, launch["log"]).finish(_LOG_SECONDS)
    ending.tell(tags, bucket, interrupted)
    return 0


def _exit_code(status: str) -> int:
    """Of a name of a signal, as systemd has it."""
    number = getattr(signal, f"SIG{status}", signal.SIGKILL)
    return exit_code_of(-number)
