"""Values that no arg of a run may have."""

from __future__ import annotations

from collections.abc import Mapping

from ..forms import KEY
from ..forms import WANDB_ARN as SECRET

POLICY = "arn:aws:iam::123456789012:policy/datasets"
NOT_TEXT: list[object] = [5, True, ["x"], {}]
NOT_LISTS: list[object] = ["done", 5, {"a": "b"}]
NOT_NUMBERS: list[object] = ["5", True, [], float("nan"), float("inf")]

BAD: Mapping[str, list[object]] = {
    "bucket": ["", "ab", "two words", "s3://outputs", "arn:aws:s3:::o", "a/b", "a..b", "-a-", "a" * 256, "192.168.5.4",
               "xn--outputs", "sthree-outputs", "sthree-configurator-x", "amzn-s3-demo-bucket", "o--use1-az4--x-s3",
               "outputs-1a4n8yjrb3kda96f67zwrwiiuse1a-s3alias", "outputs--ol-s3", "outputs.mrap", "outputs--table-s3",
               *NOT_TEXT],
    "prefix": ["a//b", "runs/ü*", "a?b", "a\nb", "x" * 200, *NOT_TEXT],
    "instance_type": ["", "g5", "G5.xlarge", "g5 xlarge", "g5.xlagre", "g5.1xlarge", "g5.02xlarge", "g5.xlarge2", "g5.",
                      "g.xlarge", "g5..xlarge", "p5.48xl", "m5.metal-xl", "g5.xlarge ", ".xlarge", *NOT_TEXT],
    "ami": ["", "latest", "ami-xyz", "ami-0123", "/", "/images//x", "/images/x y", *NOT_TEXT],
    "command": ["", "  ", "a\0b", "x" * 16_385, *NOT_TEXT],
    "subnet_id": ["", "subnet", "vpc-0123456789abcdef0", "subnet-0123456789", "subnet-0123456789ABCDEF0", *NOT_TEXT],
    "security_group_ids": [["sg-0123"], ["subnet-0123456789abcdef0"],
                           "sg-0123456789abcdef0", ["web"], [5], ["sg-0123456789abcdef0"] * 2, *NOT_LISTS[1:]],
    "key_name": ["", "   ", "schlüssel", "x" * 256, *NOT_TEXT],
    "iam_instance_profile": ["", "a b", "arn:aws:iam::123456789012:instance-profile/x", "a/b", "x" * 129,
                             *NOT_TEXT],
    "kms_key_arn": ["", "alias/key", "1234abcd-12ab-34cd-56ef-1234567890ab", KEY[:-1], f"{KEY}0",
                    KEY.replace("123456789012", "123"), KEY.replace("us-east-1", ""),
                    KEY.replace("us-east-1", "us-east-1a"), KEY.replace(":aws:", ":azure:"),
                    KEY.replace("key/", "key/mrk-"), KEY.replace("key/", "alias/"), *NOT_TEXT],
    "environment": [[], "A=b", {"1A": "b"}, {"A-B": "c"}, {"A": 5}, {"RUNCTL_RUN": "x"}, {"A": "x" * 5000}],
    "notify_key_arn": ["", "alias/key", KEY[:-1], KEY.replace("key/", "alias/"), *NOT_TEXT],
    "notify_topic_arn": ["", "alerts", "arn:aws:sns:us-east-1:123456789012:alerts.fifo",
                         "arn:aws:sns:us-east-1:123:alerts", "arn:aws:sns:us-east-1a:123456789012:alerts",
                         f"arn:aws:sns:us-east-1:123456789012:{'x' * 257}", *NOT_TEXT],
    "secrets": [[], "A=b", {"A": 5}, {"A": "hunter2"}, {"1A": f"{SECRET}"}, {"A": SECRET[:-1]}],
    "code": ["", "  ", "no-such-folder", *NOT_TEXT],
    "user_data": ["", "  ", "echo hello", "\n#!/bin/sh", "#!/bin/sh\n" + "x" * 16_384, *NOT_TEXT],
    "server_side_encryption": ["", "aws:kms:dsse", "AES-256", *NOT_TEXT],
    "policy_arns": [["ReadOnlyAccess"], ["arn:aws:iam::aws:role/x"], [5], [POLICY] * 2, *NOT_LISTS],
    "permissions_boundary_arn": ["", "boundary", "arn:aws:iam::123456789012:role/x", *NOT_TEXT],
    "role_path": ["", "training", "/training", "training/", "/a b/", *NOT_TEXT],
    "monitor": ["", "shared", "{}", "[]", *NOT_TEXT],
    "log_retention_days": [0, 2, 8, 30.5, -1, *NOT_NUMBERS],
    "silence_minutes": [0, 2, 1441, 15.5, *NOT_NUMBERS],
    "dashboard": ["false", 0, 1, "no"],
    "root_volume_gib": [0, 7, 16_385, 10.5, -1, *NOT_NUMBERS],
    "spot_max_price": ["", "0", "0.00", "$1", "1,5", "-1", 1.25, *NOT_TEXT],
    "spot": ["yes", "One-Time", "", True, 5],
    "tags": [[], "a=b", {"aws:x": "y"}, {"AWS:x": "y"}, {"runctl:run": "y"}, {"Runctl:Monitor": "y"},
             {"RUNCTL:x": "y"}, {"a b": "c"}, {"a/b": "c"}, {"a*b": "c"}, {" a": "c"}, {"": "x"}, {"a": 5},
             {"a": "x" * 257}, {f"k{n}": "v" for n in range(27)}, {".": "x"}, {"..": "x"}, {"_index": "x"}],
    "markers": [["a/b"], [""], ["*"], ["x" * 257], [5], ["done", "done"],
                ["<aws.scheduler.attempt-number>.ok"], [f"m{n}" for n in range(51)], *NOT_LISTS],
    "failure_markers": [["a/b"], [""], ["**"], [None], *NOT_LISTS],
    "expected_outputs": [["/a"], ["a//b"], ["a/"], [""], ["**/a"], ["a[0/1]/b"], [5], *NOT_LISTS],
    "checkpoint_patterns": [["/a"], ["a//b"], ["a/"], ["a/**/b"], *NOT_LISTS],
    "initial_interval_seconds": [0, 9, 3601, 30.5, -30, *NOT_NUMBERS],
    "max_interval_seconds": [0, 59, 90, 3660, 300.5, *NOT_NUMBERS],
    "backoff_multiplier": [0, 0.5, 11, -2, *NOT_NUMBERS],
    "grace_seconds": [-1, 86_401, 0.5, *NOT_NUMBERS],
    "verify_timeout_seconds": [-1, 86_401, 0.5, *NOT_NUMBERS],
    "shutdown_timeout_seconds": [0, 29, 601, *NOT_NUMBERS],
    "on_complete": ["", "Stop", "delete", *NOT_TEXT],
    "on_failure": ["hibernate", *NOT_TEXT],
    "on_deadline": ["never", *NOT_TEXT],
    "max_runtime_hours": [-1, 0.1, 8761, *NOT_NUMBERS],
    "idle": ["cpu", [], {}, {"metric": "CPUUtilization"}, {"metric": "a b", "threshold": 5, "minutes": 30},
             {"metric": "CPUUtilization", "threshold": -5, "minutes": 30},
             {"metric": "CPUUtilization", "threshold": 5, "minutes": 7},
             {"metric": "CPUUtilization", "threshold": 5, "minutes": 30, "hours": 1}],
    "stalled": ["*.pt", [], {}, {"patterns": ["*.pt"]}, {"minutes": 60}, {"patterns": [], "minutes": 60},
                {"patterns": "*.pt", "minutes": 60}, {"patterns": ["/a"], "minutes": 60},
                {"patterns": ["*.pt"], "minutes": 4}, {"patterns": ["*.pt"], "minutes": 10_081},
                {"patterns": ["*.pt"], "minutes": 60, "hours": 1}],
    "terminate_after_days": [0, 366, 1.5, *NOT_NUMBERS],
    "s3_events": ["true", 1, 0, "yes"],
    "share_last_words": ["true", 1, 0, "no"],
}  # fmt: skip
"""For each arg of a run, values that are refused."""
