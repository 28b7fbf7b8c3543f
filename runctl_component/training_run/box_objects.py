"""What the instance fetches from the run's bucket: the on-box runner, and the code."""

from __future__ import annotations

from functools import cache

import pulumi
import pulumi_aws as aws

from runctl_component.args.checked_args import CheckedArgs
from runctl_component.box.code_folder import code_of
from runctl_component.box.runner_archive import runner_key, runner_path

_ENCRYPTION = {"server_side_encryption": "server_side_encryption", "kms_key_id": "kms_key_arn"}


@cache
def _asset(path: str) -> pulumi.FileAsset:
    """One for all runs of a program that have the same."""
    return pulumi.FileAsset(path)


def upload_files(name: str, checked: CheckedArgs, parent: pulumi.Resource) -> list[pulumi.Resource]:
    """Objects below the run's prefix: user data has no room for a program and a command."""
    runner = checked.read(("prefix",), lambda args: runner_key(args["prefix"]))
    objects: list[pulumi.Resource] = [_object(f"{name}-runner", checked, runner, runner_path(), parent)]
    if "code" in checked:
        code = code_of(checked.given["code"])
        key = checked.read(("prefix",), lambda args: str(args["prefix"]) + code.key)
        objects.append(_object(f"{name}-code", checked, key, code.file.path(), parent))
    return objects


def _object(
    name: str, checked: CheckedArgs, key: str | pulumi.Output[str], path: str, parent: pulumi.Resource
) -> aws.s3.BucketObjectv2:
    return aws.s3.BucketObjectv2(
        name,
        bucket=checked.gate(checked.read_one("bucket")),
        key=checked.gate(key),
        source=_asset(path),
        content_type="application/zip",
        # An object may have ten tags, and the provider's default tags may be more.
        override_provider={"default_tags": {"tags": {}}},
        opts=pulumi.ResourceOptions(parent=parent),
        **(checked.given_as(_ENCRYPTION) if "server_side_encryption" in checked else {}),
    )
