"""Uploads that name their encryption, where a bucket demands it."""

from __future__ import annotations

import json

import pytest

from .box import PREFIX, Box

SUCCEEDED = f"{PREFIX}training_complete.txt"


@pytest.mark.parametrize("method", ["AES256", "aws:kms"])
def test_all_that_the_runner_uploads_names_the_method(box: Box, method: str) -> None:
    box.around.demands_encryption = method
    box.first_boot("echo trained", encryption=method, encryption_key="arn:aws:kms:us-east-1:123456789012:key/1234")
    box.run()
    assert len(box.around.stored()) == 3
    assert json.loads(box.around.read(SUCCEEDED))["exit_code"] == 0


def test_a_bucket_that_demands_it_of_a_run_that_does_not_name_it_is_told_before_the_command(box: Box) -> None:
    box.around.demands_encryption = "aws:kms"
    box.first_boot("touch began")
    box.run()
    assert "cannot write to the run's place in S3: call failed: An error occurred (AccessDenied)" in box.console
    assert not (box.root / "home/began").exists()
