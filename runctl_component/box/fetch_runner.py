"""Fetches the on-box runner from the run's bucket and installs it: user data has this run at the first boot."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import zipfile
from http.client import HTTPConnection, HTTPException
from typing import Any, NoReturn
from urllib.parse import quote

ROOT = os.environ.get("RUNCTL_ROOT", "")
PROGRAM = f"{ROOT}/usr/local/lib/runctl/box"
INSTALLED = ("etc/", "usr/")
METADATA_SERVICE = os.environ.get("RUNCTL_METADATA_SERVICE", "http://169.254.169.254").partition("//")[2]
WHICH = "tags/instance/runctl:runner"
OK = 200
DELAYS_SECONDS = (2, 4, 8, 16, 30, 60, 60, 60, 60)
"""Five minutes: a fresh role has no credentials or rights at first, and S3 has bad minutes."""
OWN_CONFIGURATION = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


def main() -> None:
    """Put the runner in its place, or end with the reason on the console."""
    with open(f"{ROOT}/etc/runctl/settings.json", encoding="utf-8") as file:
        settings = json.load(file)
    os.umask(0o022)
    os.makedirs(os.path.dirname(PROGRAM), exist_ok=True)
    delays = iter(DELAYS_SECONDS)
    while reason := fetch(settings):
        delay = next(delays, None)
        if delay is None:
            give_up(reason)
        time.sleep(delay)
    with zipfile.ZipFile(PROGRAM) as archive:
        archive.extractall(ROOT or "/", [name for name in archive.namelist() if name.startswith(INSTALLED)])


def fetch(settings: dict[str, Any]) -> str:
    """Try once; returns what went wrong, else an empty text."""
    try:
        digest = wanted_digest()
    except (OSError, HTTPException) as error:
        return f"the metadata service does not tell {WHICH}: {error}"
    source = f"s3://{settings['bucket']}/{settings['prefix']}runctl/runner-{digest[:16]}.zip"
    environment = {**os.environ, **OWN_CONFIGURATION, "AWS_DEFAULT_REGION": settings["region"]}
    command = ["aws", "s3", "cp", "--only-show-errors", source, PROGRAM]
    try:
        copied = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError:
        give_up("no aws: the AWS CLI is not on this image")
    except subprocess.TimeoutExpired:
        return f"{source} did not come within 60 s"
    if copied.returncode:
        return f"{source} could not be fetched: {copied.stderr.strip()[-300:]}"
    with open(PROGRAM, "rb") as file:
        whole = hashlib.sha256(file.read()).hexdigest() == digest
    return "" if whole else f"{source} is not the runner that was uploaded for this run"


def wanted_digest() -> str:
    """The SHA-256 of the runner that was deployed with this instance."""
    token = ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    return ask("GET", quote(f"/latest/meta-data/{WHICH}"), {"X-aws-ec2-metadata-token": token}).strip()


def ask(method: str, path: str, headers: dict[str, str]) -> str:
    """What the metadata service, version 2, answers."""
    connection = HTTPConnection(METADATA_SERVICE, timeout=5)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status != OK:
            raise OSError(f"status {answer.status}")
        return text
    finally:
        connection.close()


def give_up(reason: str) -> NoReturn:
    """Tell who looks from outside, with ``aws ec2 get-console-output``."""
    with open(f"{ROOT}/dev/console", "a", encoding="utf-8") as console:
        console.write(f"runctl: {reason}\r\n")
    sys.exit(f"runctl: {reason}")


main()
