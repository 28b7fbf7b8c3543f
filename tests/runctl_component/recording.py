"""Evaluates components and records what they register: types, names, parents, inputs, dependencies, options."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.output import UNKNOWN
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import run_pulumi_func

ACCOUNT_ID = "123456789012"
INSTANCE_ID = "i-0123456789abcdef0"
PATIENCE_SECONDS = 180
"""Resources that wait for each other would wait for ever; on a busy machine, 60 runs take a minute."""
IMAGE = "ami-0123456789abcdef0"


@dataclass(frozen=True)
class Resource:
    """One registration as the engine gets it."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    inputs: dict[str, Any]
    depends_on: tuple[str, ...]
    ignores: tuple[str, ...]
    replaces_on: tuple[str, ...]
    deletes_first: bool
    creates_first: bool
    """Whatever the provider would do: it deletes first what was given a name."""
    protected: bool
    aliases: tuple[str, ...]

    @property
    def title(self) -> str:
        """Type and name, as short as they are distinct."""
        return short(self.urn)


def short(urn: str) -> str:
    """The last type and the name in a URN."""
    *_, types, name = urn.split("::")
    return f"{types.rpartition(':')[2]} {name}"


@dataclass
class Recorded:
    """All of a program's registrations, and the values of its outputs (None where unknown)."""

    resources: list[Resource] = field(default_factory=list[Resource])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    component_outputs: list[str] = field(default_factory=list[str])
    calls: list[str] = field(default_factory=list[str])
    """The provider's functions that were asked, by name."""

    def one(self, kind: str, name: str) -> Resource:
        """The resource of a type, named by its last part, and a name."""
        (found,) = [entry for entry in self.resources if entry.type.endswith(f":{kind}") and entry.name == name]
        return found

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type, named by its last part."""
        return [entry for entry in self.resources if entry.type.endswith(f":{kind}")]

    def names(self) -> list[tuple[str, str]]:
        """Type and name of every resource, sorted."""
        return sorted((entry.type, entry.name) for entry in self.resources)


class _Provider(mocks.Mocks):
    def __init__(
        self, recorded: Recorded, region: str, partition: str, stacks: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self._calls = recorded.calls
        self._stacks = stacks
        self._answers: dict[str, dict[str, Any]] = {
            "getPartition": {"partition": partition},
            "getRegion": {"region": region, "id": region},
            "getCallerIdentity": {"accountId": ACCOUNT_ID},
            "getParameter": {"insecureValue": IMAGE},
        }
        self._arn = f"arn:{partition}:any:{region}:{ACCOUNT_ID}:"

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        name = args.token.rpartition(":")[2]
        self._calls.append(name)
        return self._answers[name], []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        inputs: dict[str, Any] = vars(args)["inputs"]
        made: dict[str, Any] = {
            "arn": self._arn + args.name,
            "name": args.name,
            "url": f"https://queues/{args.name}",
            "privateIp": "10.0.0.7",
            "spotInstanceRequestId": "sir-0aaaaaaa",
        }
        if args.typ.startswith("pulumi:providers"):
            return args.name, inputs
        if args.typ == "pulumi:pulumi:StackReference":
            return args.name, {**inputs, "outputs": dict(self._stacks[inputs["name"]]), "secretOutputNames": []}
        if args.resource_id:
            return args.resource_id, {"bucket": args.resource_id, "vpcId": "vpc-0aaaaaaa"}
        return INSTANCE_ID if args.typ.endswith(":Instance") else f"{args.name}-id", {**made, **inputs}


class _Monitor(mocks.MockMonitor):
    def __init__(self, recorded: Recorded, provider: _Provider, *, preview: bool) -> None:
        super().__init__(provider)
        self._recorded = recorded
        self._preview = preview

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        response: Any = super().RegisterResource(request)  # pyright: ignore[reportUnknownMemberType]
        if request.type == "pulumi:pulumi:Stack":
            return response
        given: dict[str, Any] = rpc.deserialize_properties(request.object, keep_unknowns=True)
        # Assets are never equal to each other.
        inputs = {name: value.path if isinstance(value, pulumi.FileAsset) else value for name, value in given.items()}
        self._recorded.resources.append(
            Resource(
                request.type,
                request.name,
                response.urn,
                request.parent,
                request.provider,
                inputs,
                tuple(sorted(request.dependencies)),
                tuple(request.ignoreChanges),
                tuple(request.replaceOnChanges),
                bool(request.deleteBeforeReplace),
                bool(request.deleteBeforeReplaceDefined) and not request.deleteBeforeReplace,
                bool(request.protect),
                tuple(alias.urn or alias.spec.name for alias in request.aliases),
            )
        )
        if self._preview and request.custom:
            del response.object.fields["arn"]
            response.id = ""
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self._recorded.component_outputs.append(request.urn)
        return super().RegisterResourceOutputs(request)  # pyright: ignore[reportUnknownMemberType]


def unknown() -> pulumi.Output[Any]:
    """What nobody knows before the cloud has said it."""
    return pulumi.Output.from_input(UNKNOWN)


def record(
    program: Callable[[], object],
    *,
    preview: bool = False,
    region: str = "us-east-1",
    partition: str = "aws",
    project: str = "team",
    stack: str = "dev",
    into: Recorded | None = None,
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
) -> Recorded:
    """Evaluate a program; what it returns, if a mapping of outputs, is resolved.

    ``into``: what is recorded of a program that fails is there. ``stacks``: the outputs of others, by their full names.
    """
    recorded = into or Recorded()
    monitor = _Monitor(recorded, _Provider(recorded, region, partition, stacks or {}), preview=preview)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    leftovers = _forgotten()
    named = leftovers.project, leftovers.stack
    mocks.set_mocks(monitor.mocks, project=project, stack=stack, preview=preview, monitor=monitor)

    async def run() -> None:
        returned: list[object] = []
        await run_pulumi_func(lambda: returned.append(program()))
        (outputs,) = returned
        if isinstance(outputs, dict):
            for name, value in outputs.items():  # pyright: ignore[reportUnknownVariableType]
                recorded.outputs[str(name)] = await pulumi.Output.from_input(value).future()  # pyright: ignore[reportUnknownArgumentType]

    try:
        loop.run_until_complete(asyncio.wait_for(run(), PATIENCE_SECONDS))
    finally:
        _close(loop)
        leftovers.project, leftovers.stack = named
    return recorded


def _forgotten() -> Any:
    """Pulumi's settings, without what a program has left behind.

    It would be waited for, and its stack would be the parent of this one's resources.
    """
    leftovers: Any = settings.SETTINGS
    leftovers.rpc_manager.clear()
    leftovers.outputs.clear()
    settings.ROOT.set(None)
    return leftovers


def _ignore(_loop: asyncio.AbstractEventLoop, _context: dict[str, Any]) -> None:
    pass


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """What a program that failed has left behind would be noticed later, in somebody else's test."""
    # The error itself came out; each output that waited for it would be told when the garbage collector finds it.
    loop.set_exception_handler(_ignore)
    left_behind = asyncio.all_tasks(loop)
    for task in left_behind:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left_behind, return_exceptions=True))
    loop.close()
