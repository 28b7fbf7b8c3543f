"""Serving the plugin to an engine, by Pulumi's provider protocol."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from typing import Any

import grpc.aio
from google.protobuf import empty_pb2
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from runctl_component.provider.plugin import Plugin
from runctl_component.provider.refusals import refused_by
from runctl_component.training_run.own_place import PROGRAM

_OPTIONS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.server_max_unrequested_time_in_server", 30 * 60),
]
"""As in Pulumi's own plugins: https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/_grpc_settings.py"""


class _Program:
    """Stands for one preview or update of one program."""


class Servicer(ProviderServicer):
    """Pulumi's own, whose errors have a traceback, and ours without: also those of Outputs, found when they resolve."""

    def __init__(self, plugin: Plugin, engine_address: str) -> None:
        super().__init__(plugin, [], engine_address)
        self._plugin = plugin
        self._programs: dict[str, _Program] = {}

    async def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        """An engine has found this plugin running, by ``PULUMI_DEBUG_PROVIDERS``."""
        del context
        self.engine_address = request.address
        return empty_pb2.Empty()

    async def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Make a component, or say what is wrong with its inputs."""
        PROGRAM.set(self._programs.setdefault(request.monitorEndpoint, _Program()))
        try:
            return await super().Construct(request, context)
        except Exception as error:
            ours = refused_by(error)
            if ours is None:
                raise
            told = self._plugin.refusal(request.type, ours)
            await context.abort_with_status(self.create_grpc_invalid_properties_status(told.message, told.properties))


def main() -> None:
    """Serve until the engine ends this process; prints the port first, as the engine expects."""
    arguments = argparse.ArgumentParser(description="Pulumi plugin of the package runctl; Pulumi starts it by itself.")
    arguments.add_argument("engine", help="address of the engine")
    known, _ = arguments.parse_known_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Servicer(Plugin(), known.engine)))


async def _serve(servicer: Servicer) -> None:
    server = grpc.aio.server(options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)  # noqa: T201 - the engine reads it
    await server.wait_for_termination()
