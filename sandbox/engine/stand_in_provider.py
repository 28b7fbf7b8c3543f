"""A stand-in for the AWS provider: what the real one does for an engine, done in moto.

It follows pulumi-aws 7, which is the Terraform provider behind Pulumi's bridge: names as in
https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/info/autonaming.go, tags as in
https://github.com/pulumi/pulumi-aws/blob/master/provider/tags.go, replacements as `replaces` says. It keeps no state:
what is there is in moto, what was there is in the engine's own. What it does not know is an error that names it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sandbox.aws.functions import Functions
from sandbox.engine.adapters.adapter import Adapter, Inputs, Outputs, ReadInputs
from sandbox.engine.adapters.table import adapters
from sandbox.engine.differences import Difference, changes, with_ignored
from sandbox.engine.lookups import look_up
from sandbox.engine.operations import Operations
from sandbox.engine.replaces import REPLACES, forces_replacement
from sandbox.engine.sdk_types import ResourceType, resource_type
from sandbox.engine.values import UNKNOWN, is_file, is_unknown, to_file

_DEFAULTS = "__defaults"
_PROVIDERS_OWN = {"region", "tagsAll", _DEFAULTS}
_AUTONAMED = ("name", "statementId", "bucket")
_AUTONAMED_ELSEWHERE = {"statementId": "aws:lambda/permission:Permission", "bucket": "aws:s3/bucket:Bucket"}
_SUFFIX_LENGTH = 7


class ProviderError(RuntimeError):
    """What the engine is told when something cannot be done; the message is what `pulumi up` shows."""


@dataclass(frozen=True)
class Resource:
    """The resource that a request is about."""

    urn: str

    @property
    def token(self) -> str:
        """Its type, such as ``aws:ec2/instance:Instance``."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.urn.split("::", 3)[3]


@dataclass(frozen=True)
class Checked:
    """Inputs as the provider takes them, or what is wrong with them by property."""

    inputs: Inputs
    failures: Sequence[tuple[str, str]]


@dataclass
class StandInProvider:
    """The AWS provider of one sandbox, for as long as the process lives, over any number of engine runs."""

    functions: Functions
    region: str
    operations: Operations = field(default_factory=Operations)
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def configure(self, config: Mapping[str, Any]) -> None:
        """Take over the provider's own config; objects in it are JSON, as the protocol has it.

        Raises:
            ProviderError: for what is not known here.
        """
        unknown = sorted(set(config) - {"region", "defaultTags", "version", "skipCredentialsValidation"})
        if unknown:
            raise ProviderError(f"the stand-in AWS provider does not know the config {', '.join(unknown)}")
        if config.get("region", self.region) != self.region:
            raise ProviderError(f"region: got {config['region']!r}; the sandbox is in {self.region!r}")
        declared: dict[str, Any] = json.loads(config.get("defaultTags") or "{}")
        self.default_tags = dict(declared.get("tags") or {})

    def check(self, urn: str, old_inputs: Inputs, new_inputs: Inputs, seed: bytes) -> Checked:
        """Refuse what the SDK's type does not have; name what needs a name; merge the provider's tags in."""
        resource = Resource(urn)
        kind = self._type(resource)
        given = {name: value for name, value in new_inputs.items() if value is not None and name != _DEFAULTS}
        given.pop("tagsAll", None)
        failures = list(kind.problems(given))
        inputs = _named(resource, kind, old_inputs, given, seed)
        if kind.has_tags_of_all_levels:
            tags = inputs.get("tags")
            merged = (
                {**self._default_tags(inputs), **cast("Mapping[str, str]", tags or {})} if tags != UNKNOWN else UNKNOWN
            )
            inputs["tagsAll"] = UNKNOWN if is_unknown(merged) else merged
        return Checked(inputs, failures)

    def diff(
        self, urn: str, state: Outputs, old_inputs: Inputs, new_inputs: Inputs, ignored: Sequence[str]
    ) -> Difference:
        """Compare what is declared now with what is there."""
        resource = Resource(urn)
        kind = self._type(resource)
        wanted = with_ignored(state, new_inputs, ignored)
        found = changes(kind, state, old_inputs, wanted)
        replaced = frozenset(each.path for each in found if forces_replacement(kind.token, each.path, state, wanted))
        named = _autonamed(kind)
        own_name = named in wanted and named not in wanted.get(_DEFAULTS, [])
        # https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go
        return Difference(found, replaced, delete_before_replace=bool(replaced) and own_name)

    def create(self, urn: str, inputs: Inputs, *, preview: bool) -> tuple[str, Outputs]:
        """Make a resource; in a preview nothing is made, and what AWS fills in is unknown."""
        resource = Resource(urn)
        kind = self._type(resource)
        kept = {name: value for name, value in inputs.items() if name != _DEFAULTS}
        if preview:
            filled_in = {name: UNKNOWN for name in kind.outputs - set(kept) if kind.is_filled_in(name)}
            return "", {**filled_in, **kept, "region": self.region}
        adapter = self._adapter(resource)
        self.operations.begin("create", kind.token, resource.name)
        read = ReadInputs(_for_adapter(inputs))
        identity, filled_in = adapter.create(resource.name, read)
        _refuse_unread(resource, read, adapter.not_in_moto)
        return identity, {**kept, **filled_in, "region": self.region, "id": identity}

    def read(self, urn: str, identity: str, state: Outputs, old_inputs: Inputs) -> tuple[Outputs, Inputs] | None:
        """What is there now, and the inputs that would have made it; None when it is gone.

        Raises:
            ProviderError: when asked to import what the engine has no state of.
        """
        resource = Resource(urn)
        if not state:
            raise ProviderError(f"the stand-in AWS provider imports nothing: {resource.token} {identity}")
        self.operations.begin("read", resource.token, resource.name)
        now = self._adapter(resource).read(identity, state)
        if now is None:
            return None
        known = {**state, **now}
        if "tagsAll" in now:
            known["tags"] = self._own_tags(now["tagsAll"], old_inputs.get("tags") or {})
        return known, _as_they_are(old_inputs, known)

    def update(
        self, urn: str, identity: str, state: Outputs, inputs: Inputs, ignored: Sequence[str], *, preview: bool
    ) -> Outputs:
        """Change a resource in place."""
        resource = Resource(urn)
        kind = self._type(resource)
        wanted = with_ignored(state, inputs, ignored)
        kept = {name: value for name, value in wanted.items() if name != _DEFAULTS}
        if preview:
            return {**state, **kept}
        adapter = self._adapter(resource)
        self.operations.begin("update", kind.token, resource.name)
        read = ReadInputs(_for_adapter(wanted))
        filled_in = adapter.update(identity, state, read)
        _refuse_unread(resource, read, adapter.not_in_moto | REPLACES[kind.token])
        gone = {name for name in kind.inputs if name not in kept and not kind.is_filled_in(name)}
        return {**{name: value for name, value in state.items() if name not in gone}, **kept, **filled_in}

    def delete(self, urn: str, identity: str, state: Outputs) -> None:
        """Take a resource away."""
        resource = Resource(urn)
        adapter = self._adapter(resource)
        self.operations.begin("delete", resource.token, resource.name)
        adapter.delete(identity, state)

    def invoke(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer one of the provider's functions."""
        self.operations.begin("invoke", token, "")
        return look_up(token, args, self.region)

    def _type(self, resource: Resource) -> ResourceType:
        kind = resource_type(resource.token)
        if kind is None:
            raise ProviderError(f"the SDK has no resource type {resource.token} ({resource.name})")
        return kind

    def _adapter(self, resource: Resource) -> Adapter:
        adapter = adapters(self.functions).get(resource.token)
        if adapter is None:
            raise ProviderError(f"the sandbox has no {resource.token} ({resource.name})")
        return adapter

    def _default_tags(self, inputs: Inputs) -> Mapping[str, str]:
        """Those of the provider's config, unless the resource will have none of them."""
        return {} if "overrideProvider" in inputs else self.default_tags

    def _own_tags(self, tags: Mapping[str, str], declared: Mapping[str, str]) -> dict[str, str]:
        """All tags but those that come from the provider's config."""
        return {key: tag for key, tag in tags.items() if key in declared or self.default_tags.get(key) != tag}


def _autonamed(kind: ResourceType) -> str | None:
    """The property that gets a name of Pulumi's making when the program gives none."""
    for name in _AUTONAMED:
        if name in kind.inputs and _AUTONAMED_ELSEWHERE.get(name, kind.token) == kind.token:
            return name
    return None


def _named(resource: Resource, kind: ResourceType, old: Inputs, given: Inputs, seed: bytes) -> Inputs:
    """With a name: the old one as long as that was Pulumi's too, else the logical one and seven hex digits."""
    name = _autonamed(kind)
    if name is None or name in given or f"{name}Prefix" in given:
        return {**given, _DEFAULTS: []}
    kept = old.get(name) if name in old.get(_DEFAULTS, []) else None
    suffix = hashlib.sha256(seed or resource.urn.encode()).hexdigest()[:_SUFFIX_LENGTH]
    return {**given, name: kept or f"{resource.name}-{suffix}", _DEFAULTS: [name]}


def _for_adapter(inputs: Inputs) -> Inputs:
    """As adapters take them: all tags under one name, assets and archives as files."""
    taken = {
        name: to_file(value) if is_file(value) else value
        for name, value in inputs.items()
        if name not in _PROVIDERS_OWN
    }
    return {**taken, **({"tags": inputs["tagsAll"]} if inputs.get("tagsAll") else {})}


def _refuse_unread(resource: Resource, inputs: ReadInputs, but: frozenset[str]) -> None:
    unread = list(inputs.unread(but))
    if unread:
        raise ProviderError(f"the sandbox does not know {', '.join(unread)} of a {resource.token} ({resource.name})")


def _as_they_are(inputs: Inputs, known: Outputs) -> Inputs:
    """Inputs with the values of what is there: of what was declared, and of nothing else."""
    return {
        name: _as_it_is(value, known[name]) if name != _DEFAULTS else value
        for name, value in inputs.items()
        if name == _DEFAULTS or known.get(name) is not None
    }


def _as_it_is(declared: Any, known: Any) -> Any:
    if isinstance(declared, Mapping) and isinstance(known, Mapping) and not is_file(declared):
        there = cast("Mapping[str, Any]", known)
        entries = cast("Mapping[str, Any]", declared).items()
        return {key: _as_it_is(value, there[key]) for key, value in entries if key in there}
    return cast("Any", known)
