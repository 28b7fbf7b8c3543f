"""The invocation of a function as a resource: what happens when it is created, changed and removed is the function's.

https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/lambda/invocation.go
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sandbox.aws.functions import Functions
from sandbox.engine.adapters.adapter import Adapter, Created, Inputs, Outputs

INVOCATION = "aws:lambda/invocation:Invocation"
_ONLY_ONCE = "CREATE_ONLY"


class FunctionError(RuntimeError):
    """The function raised an error; the message is the provider's."""


@dataclass(frozen=True)
class Invocations:
    """Invokes the functions of a sandbox as the provider does."""

    functions: Functions

    def adapter(self) -> Adapter:
        """The adapter of the resource type."""
        return Adapter(self._create, _as_known, self._delete, self._update, not_in_moto=frozenset({"triggers"}))

    def _create(self, _: str, inputs: Inputs) -> Created:
        return self._invoke(inputs, "create", None)

    def _update(self, identity: str, old: Outputs, new: Inputs) -> Outputs:
        del identity
        return self._invoke(new, "update", old["input"])[1]

    def _delete(self, identity: str, known: Outputs) -> None:
        del identity
        if known.get("lifecycleScope", _ONLY_ONCE) != _ONLY_ONCE:
            self._invoke(known, "delete", known["input"])

    def _invoke(self, inputs: Inputs, action: str, previous: str | None) -> Created:
        event: dict[str, Any] = json.loads(inputs["input"])
        if inputs.get("lifecycleScope", _ONLY_ONCE) != _ONLY_ONCE:
            before = json.loads(previous) if previous else None
            event[inputs.get("terraformKey") or "tf"] = {"action": action, "prev_input": before}
        name = inputs["functionName"]
        invocation = self.functions.invoke(name, event)
        if invocation.error is not None:
            payload = {"errorMessage": str(invocation.error), "errorType": type(invocation.error).__name__}
            message = f"invoking Lambda Function ({name}): {json.dumps(payload)}"
            raise FunctionError(message) from invocation.error
        digest = hashlib.md5(json.dumps(event).encode(), usedforsecurity=False).hexdigest()
        return f"{name},$LATEST,{digest}", {"result": json.dumps(invocation.reply)}


def _as_known(identity: str, known: Outputs) -> Outputs:
    """There is nothing to read."""
    del identity, known
    return {}
