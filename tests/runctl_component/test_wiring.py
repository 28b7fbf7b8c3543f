"""Options, previews and Outputs reach where they belong."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pytest

from runctl_component import TrainingRun

from .forms import BASE
from .recording import record


def test_an_explicit_provider_of_another_region_and_partition_reaches_every_child() -> None:
    def program() -> None:
        provider = aws.Provider("ningxia", region="cn-northwest-1")
        TrainingRun("llama-ft", BASE, pulumi.ResourceOptions(provider=provider))

    recorded = record(program, region="cn-northwest-1", partition="aws-cn")
    children = [each for each in recorded.resources if each.type.startswith("aws:")]
    assert len(children) > 20
    assert {each.provider.split("::")[-2] for each in children} == {"ningxia"}
    texts = " ".join(str(each.inputs) for each in children)
    assert "arn:aws:" not in texts
    assert "ec2.amazonaws.com.cn" in recorded.one("Role", "llama-ft-box").inputs["assumeRolePolicy"]


def test_protection_and_aliases_and_register_outputs_reach_where_they_belong() -> None:
    opts = pulumi.ResourceOptions(protect=True, aliases=[pulumi.Alias(name="old-name")])
    recorded = record(lambda: TrainingRun("llama-ft", BASE, opts))
    assert all(each.protected for each in recorded.resources)
    assert "old-name" in recorded.one("TrainingRun", "llama-ft").aliases
    components = [urn for urn in recorded.component_outputs if "runctl:" in urn]
    assert len(components) == len(set(components)) == 2


def test_the_plan_is_known_at_preview() -> None:
    recorded = record(lambda: {"plan": TrainingRun("llama-ft", BASE).plan}, preview=True)
    assert recorded.outputs["plan"]["first_checks_seconds"][:5] == [30, 90, 210, 450, 750]


def test_an_output_that_resolves_to_something_wrong_is_refused_by_field() -> None:
    def program() -> None:
        TrainingRun("llama-ft", {**BASE, "bucket": pulumi.Output.from_input("Not A Bucket")})

    with pytest.raises(ValueError, match=r"(?s)bucket: got 'Not A Bucket'"):
        record(program)
