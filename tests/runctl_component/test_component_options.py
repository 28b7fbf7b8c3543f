"""What a caller asks of a component through its options reaches all that the component makes, and asks."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import mocks

from runctl_component import Monitor, TrainingRun

from .forms import BASE
from .recording import Resource, record


def _with(opts: pulumi.ResourceOptions) -> list[Resource]:
    return record(lambda: TrainingRun("llama-ft", {**BASE, "s3_events": True}, opts)).resources


@pytest.mark.skipif(
    not hasattr(mocks.MockMonitor, "GetDeploymentInfo"),
    reason="the mocks of this Pulumi offer no transforms, without which it refuses them; those of a newer one do",
)
def test_the_engine_gets_transforms_and_aliases_of_the_component_below_which_every_resource_lies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transforms: dict[str, int] = {}
    register: Any = vars(mocks.MockMonitor)["RegisterResource"]

    def note(self: Any, request: Any) -> Any:
        transforms[request.type] = len(request.transforms)
        return register(self, request)

    monkeypatch.setattr(mocks.MockMonitor, "RegisterResource", note)
    opts = pulumi.ResourceOptions(transforms=[lambda _: None], aliases=[pulumi.Alias(name="mixtral-ft")])
    resources = _with(opts)
    by_urn = {each.urn: each for each in resources}
    (root,) = [each for each in resources if each.parent not in by_urn]
    assert len(resources) > 25
    assert (root.name, transforms[root.type], root.aliases) == ("llama-ft", 1, ("mixtral-ft",))


def test_transformations_of_the_component_reach_every_child() -> None:
    seen: set[str] = set()

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        seen.add(f"{args.type_} {args.name}")

    resources = _with(pulumi.ResourceOptions(transformations=[note]))
    assert {f"{each.type} {each.name}" for each in resources} <= seen


def test_the_provider_answers_every_question_of_the_components(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, str] = {}
    invoke: Any = vars(mocks.MockMonitor)["Invoke"]

    def note(self: Any, request: Any) -> Any:
        asked[request.tok.rpartition(":")[2]] = request.provider
        return invoke(self, request)

    monkeypatch.setattr(mocks.MockMonitor, "Invoke", note)

    def program() -> None:
        provider = aws.Provider("ningxia", region="cn-northwest-1")
        opts = pulumi.ResourceOptions(provider=provider)
        shared = Monitor("shared", {"watch": [{"bucket": "outputs"}]}, opts)
        TrainingRun("llama-ft", BASE, opts, monitor=shared)

    record(program, region="cn-northwest-1", partition="aws-cn")
    assert set(asked) == {"getPartition", "getRegion", "getCallerIdentity", "getParameter"}
    assert all("::ningxia::" in provider for provider in asked.values()), asked


def test_the_box_is_told_the_region_of_its_provider() -> None:
    recorded = record(lambda: TrainingRun("llama-ft", BASE), region="eu-central-1")
    assert '"region": "eu-central-1"' in recorded.one("Instance", "llama-ft").inputs["userData"]


def test_the_key_of_the_bucket_is_the_boxs_and_the_own_monitors_to_use() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    recorded = record(lambda: TrainingRun("llama-ft", {**BASE, "kms_key_arn": key}))
    for role in ("llama-ft-box", "llama-ft-monitor-function"):
        assert key in recorded.one("RolePolicy", role).inputs["policy"], role
