"""All adapters, by the resource type that they stand for."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.aws.functions import Functions
from sandbox.engine.adapters.adapter import Adapter
from sandbox.engine.adapters.buckets import BUCKETS
from sandbox.engine.adapters.cloudwatch import CLOUDWATCH
from sandbox.engine.adapters.compute import COMPUTE
from sandbox.engine.adapters.events import EVENTS
from sandbox.engine.adapters.functions import LAMBDA
from sandbox.engine.adapters.iam import IAM
from sandbox.engine.adapters.invocation import INVOCATION, Invocations
from sandbox.engine.adapters.messaging import MESSAGING
from sandbox.engine.adapters.systems_manager import SYSTEMS_MANAGER


def adapters(functions: Functions) -> Mapping[str, Adapter]:
    """Every type that a program may declare; those that call functions call the sandbox's."""
    return {
        **BUCKETS,
        **CLOUDWATCH,
        **COMPUTE,
        **EVENTS,
        **IAM,
        **LAMBDA,
        **MESSAGING,
        **SYSTEMS_MANAGER,
        INVOCATION: Invocations(functions).adapter(),
    }
