"""Who deploys the demo stack: an engine in this process, or the real one, on the same cloud."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from sandbox.engine.in_process import Deployment, Registered, evaluate
from sandbox.engine.real import RealEngine
from sandbox.engine.served_provider import served
from sandbox.engine.stack import ROOT, stack_program
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.engine.steps import EngineRun
from sandbox.sandbox import REGION, Sandbox

Config = Mapping[str, str]


class Engine(Protocol):
    """What deploys the repository's own program with a config."""

    def preview(self, cloud: Sandbox, config: Config) -> Deployment:
        """What would be made; nothing is."""
        ...

    def up(self, cloud: Sandbox, config: Config) -> Deployment:
        """Make it."""
        ...


class InProcessEngine:
    """No CLI: the program is evaluated here."""

    def preview(self, cloud: Sandbox, config: Config) -> Deployment:
        """See `Engine.preview`."""
        del cloud
        return evaluate(stack_program, config=config, region=REGION, functions=None)

    def up(self, cloud: Sandbox, config: Config) -> Deployment:
        """See `Engine.up`."""
        return cloud.up(stack_program, config)


class PulumiEngine:
    """The Pulumi CLI, on the stand-in for the AWS provider. Raises NoEngineError where there is no CLI."""

    def preview(self, cloud: Sandbox, config: Config) -> Deployment:
        """See `Engine.preview`."""
        with _engine(cloud, config) as engine:
            return _deployment(engine.preview())

    def up(self, cloud: Sandbox, config: Config) -> Deployment:
        """See `Engine.up`."""
        with _engine(cloud, config) as engine:
            deployment = _deployment(engine.up())
            for resource in engine.state():
                deployment.ids[f"{resource['type']} {resource['urn'].split('::', 3)[3]}"] = resource.get("id", "")
            return deployment


@contextmanager
def _engine(cloud: Sandbox, config: Config) -> Generator[RealEngine]:
    with TemporaryDirectory() as folder, served(StandInProvider(cloud.functions, REGION)) as address:
        yield RealEngine(Path(folder), ROOT, address, config, import_path=(ROOT,))


def _deployment(run: EngineRun) -> Deployment:
    """Without the provider, which the engine in this process does not register."""
    made = [step for step in run.steps if not step.type.startswith("pulumi:providers:")]
    resources = [Registered(step.type, step.name, step.urn, step.parent) for step in made]
    return Deployment(resources=resources, outputs=dict(run.outputs))


IN_PROCESS = InProcessEngine()
ENGINES: Mapping[str, Engine] = {"in-process": IN_PROCESS, "pulumi": PulumiEngine()}
