"""The on-box runner in the run's bucket, from where the instance fetches it."""

from __future__ import annotations

from functools import cache

import pulumi
import pulumi_aws as aws

from runctl_component.args.checked_args import CheckedArgs
from runctl_component.box.runner_archive import runner_key, runner_path


@cache
def _asset(path: str) -> pulumi.FileAsset:
    """One for all runs of a program, which have the same."""
    return pulumi.FileAsset(path)


def upload_runner(name: str, checked: CheckedArgs, parent: pulumi.Resource) -> aws.s3.BucketObjectv2:
    """An object below the run's prefix: user data has no room for a program and a command."""
    return aws.s3.BucketObjectv2(
        f"{name}-runner",
        bucket=checked.gate(checked.read_one("bucket")),
        key=checked.gate(checked.read(("prefix",), lambda args: runner_key(args["prefix"]))),
        source=_asset(runner_path()),
        content_type="application/zip",
        # An object may have ten tags, and the provider's default tags may be more.
        override_provider={"default_tags": {"tags": {}}},
        opts=pulumi.ResourceOptions(parent=parent),
    )
