"""An engine in this process: evaluates a Pulumi program, and makes its resources real in moto."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import grpc
import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2
from pulumi.runtime.stack import run_pulumi_func

from sandbox.aws.functions import Functions
from sandbox.engine.adapters.adapter import Created, Inputs, Outputs, ReadInputs
from sandbox.engine.adapters.invocation import FunctionError
from sandbox.engine.adapters.table import adapters
from sandbox.engine.lookups import look_up
from sandbox.engine.stack import DeploymentError
from sandbox.engine.values import revealed


@dataclass(frozen=True)
class Registered:
    """A resource as the program declared it."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: Inputs = field(default_factory=dict[str, Any])
    """After the transforms."""
    identity: str = ""
    state: Outputs = field(default_factory=dict[str, Any])
    """Inputs and outputs, as far as they are known."""


@dataclass
class Deployment:
    """What came of evaluating a program."""

    resources: list[Registered] = field(default_factory=list[Registered])
    ids: dict[str, str] = field(default_factory=dict[str, str])
    inputs: dict[str, Inputs] = field(default_factory=dict[str, Inputs])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])


class _Engine(mocks.MockMonitor):
    """Registers resources one at a time. In a preview nothing is created, and what only AWS knows is unknown."""

    def __init__(self, deployment: Deployment, provider: _Provider) -> None:
        super().__init__(provider)
        self._deployment = deployment
        self._lock = threading.RLock()
        self._transforms: dict[str, list[Any]] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's protocol
        with self._lock:
            transforms = [*request.transforms, *self._transforms.get(request.parent, [])]
            for transform in transforms:
                request.object.CopyFrom(_transformed(request, transform))
            response: Any = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType]
            self._transforms[response.urn] = transforms
            if request.type != "pulumi:pulumi:Stack":
                inputs: Any = rpc.deserialize_properties(request.object, keep_unknowns=True)
                registered: Any = self.resources[response.urn]
                self._deployment.resources.append(
                    Registered(
                        request.type, request.name, response.urn, request.parent, inputs, response.id, registered.state
                    )
                )
            return response


def _transformed(request: Any, transform: Any) -> Any:
    """A resource's inputs as one of the program's transforms wants them; its options stay as they are.

    The program is asked over the engine's protocol: of a resource's own transforms first, then of its parent's.
    https://www.pulumi.com/docs/iac/concepts/resources/options/transforms/
    """
    asked = resource_pb2.TransformRequest(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=request.object,
    )
    with grpc.insecure_channel(transform.target) as channel:
        program: Any = callback_pb2_grpc.CallbacksStub(channel)
        answer = program.Invoke(
            callback_pb2.CallbackInvokeRequest(token=transform.token, request=asked.SerializeToString())
        )
    return resource_pb2.TransformResponse.FromString(answer.response).properties


class _Provider(mocks.Mocks):
    """Creates in moto. Without functions it is a preview."""

    def __init__(
        self,
        region: str,
        functions: Functions | None,
        deployment: Deployment,
        stacks: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self._region = region
        self._stacks = stacks
        self._functions = functions
        self._deployment = deployment

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return look_up(args.token, vars(args)["args"], self._region), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        inputs: Inputs = revealed(vars(args)["inputs"])
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**inputs, "outputs": dict(self._stacks[inputs["name"]]), "secretOutputNames": []}
        self._deployment.inputs[args.name if args.custom else f"component {args.name}"] = inputs
        if not args.custom:
            return "", dict(inputs)
        if self._functions is None:
            return None, dict(inputs)
        identity, state = self._create(self._functions, args.typ, args.name, inputs)
        self._deployment.ids[f"{args.typ} {args.name}"] = identity
        return identity, {**inputs, **state}

    def _create(self, functions: Functions, kind: str, name: str, inputs: Inputs) -> Created:
        adapter = adapters(functions).get(kind)
        if adapter is None:
            raise DeploymentError(f"the sandbox cannot create a {kind} ({name})")
        # The provider makes tagsAll of the tags, whatever it is given.
        read = ReadInputs({key: value for key, value in inputs.items() if key != "tagsAll"})
        try:
            created = adapter.create(name, read)
        except FunctionError as error:
            raise DeploymentError(f"{name}: {error.__cause__}") from error.__cause__
        unread = list(read.unread(adapter.not_in_moto))
        if unread:
            raise DeploymentError(f"the sandbox does not know {', '.join(unread)} of a {kind} ({name})")
        return created


def evaluate(
    program: Callable[[], object],
    *,
    config: Mapping[str, str],
    region: str,
    functions: Functions | None,
    project: str = "runctl",
    stack: str = "demo",
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
) -> Deployment:
    """Run a program. With ``functions`` it is an `up` on moto, without it a preview.

    ``stacks``: the outputs of other stacks, by their full names.

    Raises:
        DeploymentError: when a resource could not be created.
    """
    deployment = Deployment()
    preview = functions is None
    monitor = _Engine(deployment, _Provider(region, functions, deployment, stacks or {}))
    # What a program has left behind would be waited for, and its stack would be the parent of this one's resources.
    leftovers: Any = settings.SETTINGS
    leftovers.rpc_manager.clear()
    leftovers.outputs.clear()
    settings.ROOT.set(None)
    # The end of a runner waits for the threads in which resources are registered; the end of a loop does not.
    with asyncio.Runner() as runner:
        runner.get_loop().set_exception_handler(_leave_untold)
        mocks.set_mocks(monitor.mocks, project=project, stack=stack, preview=preview, monitor=monitor)
        pulumi.runtime.set_all_config(dict(config))
        runner.run(_run(program, deployment), context=contextvars.copy_context())
    return deployment


def _leave_untold(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A failure is raised once, by `evaluate`; asyncio would tell of it again for each output that waited for it."""
    del loop, context


async def _run(program: Callable[[], object], deployment: Deployment) -> None:
    returned: list[object] = []
    await run_pulumi_func(lambda: returned.append(program()))
    (exported,) = returned
    if isinstance(exported, Mapping):
        for name, value in cast("Mapping[str, object]", exported).items():
            deployment.outputs[name] = await _resolved(value)


async def _resolved(value: object) -> Any:
    """Outputs as values, each by itself: in a preview some are unknown (None) beside others that are not."""
    if isinstance(value, Mapping):
        return {key: await _resolved(inner) for key, inner in cast("Mapping[str, object]", value).items()}
    return await pulumi.Output.from_input(value).future()
