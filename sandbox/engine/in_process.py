"""An engine in this process: evaluates a Pulumi program, and makes its resources real in moto."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_pulumi_func

from sandbox.aws.functions import Functions
from sandbox.engine.lookups import look_up
from sandbox.engine.resources import CREATORS, NOT_IN_MOTO, Created, Inputs
from sandbox.engine.stack import DeploymentError

_INVOCATION = "aws:lambda/invocation:Invocation"


@dataclass(frozen=True)
class Registered:
    """A resource as the program declared it."""

    type: str
    name: str
    urn: str
    parent: str


@dataclass
class Deployment:
    """What came of evaluating a program."""

    resources: list[Registered] = field(default_factory=list[Registered])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    inputs: dict[str, Inputs] = field(default_factory=dict[str, Inputs])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])


class _Engine(mocks.MockMonitor):
    """Registers resources one at a time. In a preview nothing is created, and what only AWS knows is unknown."""

    def __init__(self, deployment: Deployment, region: str, functions: Functions | None) -> None:
        super().__init__(_Provider(region, functions, deployment))
        self._deployment = deployment
        self._lock = threading.RLock()

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        with self._lock:
            response: Any = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType]
            if request.type != "pulumi:pulumi:Stack":
                self._deployment.resources.append(Registered(request.type, request.name, response.urn, request.parent))
            return response


class _ReadInputs(dict[str, Any]):
    """Inputs that know which of them were read: what an adapter drops must not be dropped in silence."""

    def __init__(self, inputs: Inputs) -> None:
        super().__init__(inputs)
        self.keys_read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.keys_read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None, /) -> Any:
        self.keys_read.add(key)
        return super().get(key, default)

    def items(self) -> Any:
        self.keys_read.update(self)
        return super().items()


class _Provider(mocks.Mocks):
    """Creates in moto. Without functions it is a preview."""

    def __init__(self, region: str, functions: Functions | None, deployment: Deployment) -> None:
        self._region = region
        self._functions = functions
        self._deployment = deployment

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return look_up(args.token, vars(args)["args"], self._region), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs: Inputs = vars(args)["inputs"]
        self._deployment.inputs[args.name if args.custom else f"component {args.name}"] = inputs
        if not args.custom:
            return "", dict(inputs)
        if self._functions is None:
            return None, dict(inputs)
        if args.typ == _INVOCATION:
            return self._first_check(self._functions, args.name, inputs)
        if args.typ not in CREATORS:
            raise DeploymentError(f"the sandbox cannot create a {args.typ} ({args.name})")
        identity, state = self._create(args.typ, args.name, inputs)
        self._deployment.ids[f"{args.typ} {args.name}"] = identity
        return identity, {**inputs, **state}

    def _create(self, kind: str, name: str, inputs: Inputs) -> Created:
        read = _ReadInputs(inputs)
        created = CREATORS[kind](name, read)
        unread = sorted(set(inputs) - read.keys_read - NOT_IN_MOTO.get(kind, set()))
        if unread:
            raise DeploymentError(f"the sandbox does not know {', '.join(unread)} of a {kind} ({name})")
        return created

    def _first_check(self, functions: Functions, name: str, inputs: Inputs) -> tuple[str, dict[str, Any]]:
        """As the provider does for ``lifecycle_scope`` CRUD: the function's error is the resource's."""
        event = {**json.loads(inputs["input"]), "tf": {"action": "create", "prev_input": None}}
        invocation = functions.invoke(inputs["functionName"], event)
        if invocation.error is not None:
            raise DeploymentError(f"{name}: {invocation.error}") from invocation.error
        return name, {**inputs, "result": json.dumps(invocation.reply)}


def evaluate(
    program: Callable[[], object],
    *,
    config: Mapping[str, str],
    region: str,
    functions: Functions | None,
    stack: str = "demo",
) -> Deployment:
    """Run a program. With ``functions`` it is an `up` on moto, without it a preview.

    Raises:
        DeploymentError: when a resource could not be created.
    """
    deployment = Deployment()
    asyncio.set_event_loop(asyncio.new_event_loop())
    preview = functions is None
    monitor = _Engine(deployment, region, functions)
    # What a program has left behind would be waited for, and its stack would be the parent of this one's resources.
    leftovers: Any = settings.SETTINGS
    leftovers.rpc_manager.clear()
    leftovers.outputs.clear()
    settings.ROOT.set(None)
    mocks.set_mocks(monitor.mocks, project="runctl", stack=stack, preview=preview, monitor=monitor)
    pulumi.runtime.set_all_config(dict(config))
    loop = asyncio.get_event_loop()
    try:
        loop.run_until_complete(run_pulumi_func(lambda: _run(program, deployment)))
    finally:
        loop.close()
    return deployment


async def _run(program: Callable[[], object], deployment: Deployment) -> None:
    exported = program()
    if isinstance(exported, Mapping):
        for name, value in cast("Mapping[str, object]", exported).items():
            deployment.outputs[name] = await _resolved(value)


async def _resolved(value: object) -> Any:
    """Outputs as values, each by itself: in a preview some are unknown (None) beside others that are not."""
    if isinstance(value, Mapping):
        return {key: await _resolved(inner) for key, inner in cast("Mapping[str, object]", value).items()}
    return await pulumi.Output.from_input(value).future()
