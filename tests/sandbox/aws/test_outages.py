"""Calls that fail for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.boto import client
from sandbox.aws.outages import failing
from sandbox.sandbox import sandbox


def test_a_call_that_fails_has_no_effect_and_one_after_the_outage_does() -> None:
    with sandbox() as cloud:
        now = cloud.clock.now()
        failing("s3", "CreateBucket", cloud.clock, now, now + timedelta(hours=1))
        with pytest.raises(ClientError, match="ServiceUnavailable"):
            client("s3").create_bucket(Bucket="outputs")
        assert client("s3").list_buckets()["Buckets"] == []
        cloud.run_for(timedelta(hours=1))
        client("s3").create_bucket(Bucket="outputs")
        assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == ["outputs"]
