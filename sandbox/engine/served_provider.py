"""The stand-in AWS provider as a gRPC server, which an engine attaches to by ``PULUMI_DEBUG_PROVIDERS``."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any
from unittest.mock import patch

import grpc
import time_machine
from botocore.exceptions import ClientError
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.engine.adapters.invocation import FunctionError
from sandbox.engine.differences import Difference, Kind
from sandbox.engine.operations import OrderedFailureError
from sandbox.engine.stand_in_provider import ProviderError, StandInProvider
from sandbox.engine.values import to_plain, to_struct

VERSION = version("pulumi-aws")
"""The SDK asks for a provider as new as itself."""
_LARGEST_MESSAGE = 400 * 1024 * 1024
_KINDS = {
    (Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


class _ErrorsTold(grpc.ServerInterceptor):
    """The engine shows an error's message and nothing else of it, as it does with the real provider's."""

    def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """Around every method."""
        handler: Any = continuation(handler_call_details)
        method: Callable[[Any, grpc.ServicerContext], Any] = handler.unary_unary

        def answer(request: Any, context: Any) -> Any:
            try:
                return method(request, context)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong here is the resource's error
                if context.code() == grpc.StatusCode.UNIMPLEMENTED:
                    context.abort(grpc.StatusCode.UNIMPLEMENTED, "not implemented")
                told = isinstance(error, (ProviderError, OrderedFailureError, FunctionError, ClientError))
                if not told:
                    traceback.print_exc()
                context.abort(grpc.StatusCode.UNKNOWN, str(error) if told else f"{type(error).__name__}: {error}")

        return grpc.unary_unary_rpc_method_handler(answer, handler.request_deserializer, handler.response_serializer)


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Pulumi's provider protocol over a `StandInProvider`. What it does not implement is answered as unimplemented.

    It asks the engine for no secrets, as the real provider does not: the engine takes their wrapping off, and puts it
    on again wherever an input was secret.
    """

    def __init__(self, provider: StandInProvider) -> None:
        self._provider = provider

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """An engine has come."""
        del request, context
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Nothing here can be interrupted."""
        del request, context
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """The version."""
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """The provider's config as it is."""
        del context
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """No change of the provider's config replaces what it made."""
        del context
        same = to_plain(request.olds) == to_plain(request.news)
        found = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=found)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Take the config over."""
        del context
        self._provider.configure(to_plain(request.args))
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Inputs, checked and completed."""
        del context
        checked = self._provider.check(
            request.urn, to_plain(request.olds), to_plain(request.news), bytes(request.randomSeed)
        )
        failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in checked.failures]
        return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=failures)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """What would change, path by path."""
        del context
        return _diff_response(
            self._provider.diff(
                request.urn,
                to_plain(request.olds),
                to_plain(request.old_inputs),
                to_plain(request.news),
                list(request.ignoreChanges),
            )
        )

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Make it."""
        del context
        identity, outputs = self._provider.create(request.urn, to_plain(request.properties), preview=request.preview)
        return provider_pb2.CreateResponse(id=identity, properties=to_struct(outputs))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Look at it; without an id, it is gone."""
        del context
        found = self._provider.read(request.urn, request.id, to_plain(request.properties), to_plain(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        outputs, inputs = found
        return provider_pb2.ReadResponse(id=request.id, properties=to_struct(outputs), inputs=to_struct(inputs))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Change it."""
        del context
        outputs = self._provider.update(
            request.urn,
            request.id,
            to_plain(request.olds),
            to_plain(request.news),
            list(request.ignoreChanges),
            preview=request.preview,
        )
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Take it away."""
        del context
        self._provider.delete(request.urn, request.id, to_plain(request.properties))
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        """Answer a function."""
        del context
        answer = self._provider.invoke(request.tok, to_plain(request.args))
        response = provider_pb2.InvokeResponse()
        # The field's name is a keyword.
        getattr(response, "return").CopyFrom(to_struct(answer))
        return response


def _diff_response(difference: Difference) -> Any:
    detailed = {
        change.path: provider_pb2.PropertyDiff(kind=_KINDS[change.kind, change.path in difference.replaced])
        for change in difference.changes
    }
    top_level = {path: path.partition(".")[0].partition("[")[0] for path in detailed}
    found = provider_pb2.DiffResponse.DIFF_SOME if detailed else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=found,
        diffs=sorted(set(top_level.values())),
        replaces=sorted({top_level[path] for path in difference.replaced}),
        detailedDiff=detailed,
        hasDetailedDiff=True,
        deleteBeforeReplace=difference.delete_before_replace,
    )


@contextmanager
def served(provider: StandInProvider) -> Generator[str]:
    """Serve a provider on this machine; the value for ``PULUMI_DEBUG_PROVIDERS``.

    Requests are answered one at a time, in a thread of their own, since moto and the virtual clock know no other way.
    """
    options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE)]
    # The server waits until a moment: in virtual time, which may stand still in the past, it would never rest.
    with patch("grpc._server.time", time_machine.escape_hatch.time):
        yield from _served(provider, options)


def _served(provider: StandInProvider, options: list[tuple[str, int]]) -> Generator[str]:
    threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aws-provider")
    server = grpc.server(threads, interceptors=[_ErrorsTold()], options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(provider), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"aws:{port}"
    finally:
        server.stop(grace=None).wait()
