"""The plugin: makes the components that programs in other languages declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider.experimental.component import ComponentProvider

from runctl_component import __version__
from runctl_component.errors import RunctlError
from runctl_component.provider.names import Shape, from_python, shape_of, to_python
from runctl_component.provider.package import COMPONENTS, NAME
from runctl_component.provider.refusals import Refusal, refusal
from runctl_component.provider.schema import Schema, finished


class Plugin(ComponentProvider):
    """The components, with inputs and outputs named as other languages write them.

    Inputs are handed over as they came, unknown names too: what is wrong with them is found by the components, whose
    errors list all of it.
    """

    inputs: Mapping[str, Shape]
    """The shape of each component's args."""
    package: Schema
    """The schema."""

    def __init__(self) -> None:
        super().__init__(list(COMPONENTS), NAME, version=__version__)
        components, types = self._component_defs, self._type_defs
        self.inputs = {name: shape_of(each.inputs, each.inputs_mapping, types) for name, each in components.items()}
        self._outputs: Mapping[str, Shape] = {
            name: shape_of(each.outputs, each.outputs_mapping, types) for name, each in components.items()
        }
        shapes = (*self.inputs.values(), *self._outputs.values())
        self._names = frozenset(name for shape in shapes for name in shape.names())
        self.package = finished(json.loads(self.schema or "{}"), self._names)
        self.schema = json.dumps(self.package)

    def construct(
        self, name: str, resource_type: str, inputs: pulumi.Inputs, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        """Make a component.

        Raises:
            RunctlError: whatever the component refuses.
        """
        self.validate_resource_type(NAME, resource_type)
        kind = _kind(resource_type)
        make: Any = self._components[kind]
        component: Any = make(name, to_python(inputs, self.inputs[kind]), options)
        outputs = {output: getattr(component, output) for output in self._outputs[kind].fields}
        return ConstructResult(component.urn, from_python(outputs, self._outputs[kind]))

    def refusal(self, resource_type: str, error: RunctlError) -> Refusal:
        """An error of a component of this type, for the engine."""
        return refusal(error, self.inputs[_kind(resource_type)], self._names)


def _kind(resource_type: str) -> str:
    return resource_type.rpartition(":")[2]
