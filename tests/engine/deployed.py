"""A stack on a real engine in a sandbox, and what is in its cloud."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import boto3
import yaml

from sandbox.aws.boto import client
from sandbox.engine.cli import ROOT
from sandbox.engine.operations import Operations
from sandbox.engine.real import RealEngine
from sandbox.engine.served_provider import served
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.engine.steps import EngineRun
from sandbox.sandbox import REGION, Sandbox, sandbox

RUN = "llama-ft"
BUCKET = "runctl-demo-outputs"
TEAM = Path(__file__).parent / "team"
_LIVE = ("pending", "running", "stopping", "stopped")


@dataclass
class Deployed:
    """One stack, which may be up or not. ``shown``: what a test keeps of what was shown."""

    engine: RealEngine
    operations: Operations
    cloud: Sandbox
    shown: list[str] = field(default_factory=list[str])

    def config(self, **changed: Any) -> dict[str, Any]:
        """The stack's config with changed args of its run; None takes an arg away."""
        return self.config_of({RUN: changed})

    def config_of(self, runs: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
        """The stack's config with changed args of its runs; a run that is None is taken away, a new one is added."""
        config: dict[str, Any] = json.loads(json.dumps(dict(self.engine.config)))
        known: dict[str, dict[str, Any]] = config["runctl:runs"]
        for name, args in runs.items():
            if args is None:
                del known[name]
            else:
                merged = {**known.get(name, {}), **args}
                known[name] = {field: value for field, value in merged.items() if value is not None}
        return config

    def instances(self) -> list[Any]:
        """Those that are not terminated."""
        found = client("ec2").describe_instances(Filters=[{"Name": "instance-state-name", "Values": list(_LIVE)}])
        return [instance for each in found["Reservations"] for instance in each["Instances"]]

    def instance(self) -> Any:
        """The only one."""
        (instance,) = self.instances()
        return instance

    def tags(self) -> dict[str, str]:
        """The tags of the only instance."""
        return {tag["Key"]: tag["Value"] for tag in self.instance()["Tags"]}

    def schedules(self) -> list[str]:
        """The names of all schedules, Pulumi's and the monitor's."""
        return sorted(schedule["Name"] for schedule in client("scheduler").list_schedules()["Schedules"])


def root_config() -> dict[str, Any]:
    """The config of the repository's own demo stack, with one run."""
    return yaml.safe_load((ROOT / "Pulumi.demo.yaml").read_text(encoding="utf-8"))["config"]


@contextmanager
def deployment(
    folder: Path, *, program: Path = ROOT, config: Mapping[str, Any] | None = None, **options: Any
) -> Generator[Deployed]:
    """A sandbox with a bucket, and a stack in it that was never brought up. One at a time: there is one moto."""
    assert boto3.DEFAULT_SESSION is None
    with sandbox() as cloud:
        cloud.create_bucket(BUCKET, events=True)
        provider = StandInProvider(cloud.functions, REGION)
        with served(provider) as address:
            stack_config = root_config() if config is None else config
            engine = RealEngine(folder, program, address, stack_config, import_path=(ROOT,), **options)
            yield Deployed(engine, provider.operations, cloud)


def copy_of_the_program(folder: Path) -> Path:
    """The repository's own program with what it imports, somewhere else."""
    folder.mkdir(parents=True)
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copyfile(ROOT / name, folder / name)
    for package in ("runctl_component", "monitor_runtime"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def left_in_the_cloud() -> dict[str, list[str]]:
    """What a stack may leave behind, by kind; the bucket was there before."""
    found: Mapping[str, Any] = {
        "schedules": client("scheduler").list_schedules()["Schedules"],
        "schedule groups": client("scheduler").list_schedule_groups()["ScheduleGroups"],
        "rules": client("events").list_rules()["Rules"],
        "functions": client("lambda").list_functions()["Functions"],
        "roles": client("iam").list_roles()["Roles"],
        "instance profiles": client("iam").list_instance_profiles()["InstanceProfiles"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "topics": client("sns").list_topics()["Topics"],
        "instances": [
            instance
            for each in client("ec2").describe_instances()["Reservations"]
            for instance in each["Instances"]
            if instance["State"]["Name"] != "terminated"
        ],
    }
    kept = {kind: [str(thing) for thing in cast("list[Any]", things)] for kind, things in found.items()}
    kept["schedule groups"] = [group for group in kept["schedule groups"] if "'Name': 'default'" not in group]
    return {kind: things for kind, things in kept.items() if things}


def said(run: EngineRun) -> list[str]:
    """All that a run says: steps, diagnostics, and what the program printed."""
    return [*map(str, run.steps), *(diagnostic.text for diagnostic in run.diagnostics), *run.printed.splitlines()]


def touched(run: EngineRun) -> set[tuple[str, str]]:
    """What a run does to which types, without the words for the parts of a replacement."""
    return {
        (step.operation, step.type.rpartition(":")[2])
        for step in run.steps
        if step.operation in {"create", "update", "delete", "replace"} and not step.type.startswith("runctl:")
    }
