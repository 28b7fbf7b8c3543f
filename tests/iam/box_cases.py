"""The policy of the instance, with the calls that it must let through and those that it must stop."""

from __future__ import annotations

from typing import cast

from monitor_runtime.contract.names import TAG_HOLD_UNTIL
from runctl_component.agent_actions import AGENT_ACTIONS
from runctl_component.instance_policy import instance_policy as whole_instance_policy
from runctl_component.policy_documents import PolicyDocument

from .calls import Account
from .cases import AWS, OTHERS, OURS, Call, names, tagging


def instance_policy(account: Account) -> PolicyDocument:
    secret, parameter = secret_arns(account)
    return whole_instance_policy(
        partition=account.partition,
        bucket="outputs",
        prefix="runs/llama/",
        kms_key_arns=[names(account).key],
        secrets=[secret, f"{secret}:user::", parameter],
        measures_gpu=True,
    )


def secret_arns(account: Account) -> tuple[str, str]:
    """A secret and a parameter that the box needs."""
    return account.arn("secretsmanager", "secret:team/wandb-AbCdEf"), account.arn("ssm", "parameter/team/token")


def box_calls(account: Account) -> list[Call]:
    """What the user data and a training do: upload, at once or in parts, and read back what an earlier boot wrote."""
    own = {"Bucket": "outputs", "Key": "runs/llama/checkpoints/last.pt"}
    uploads = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload")
    return [
        *(("s3", operation, own) for operation in (*uploads, "HeadObject", "GetObject")),
        ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/llama/checkpoints/"}),
        ("kms", "Decrypt", {"KeyId": names(account).key}),
        ("kms", "GenerateDataKey", {"KeyId": names(account).key}),
        *secret_calls(account, *secret_arns(account)),
        ("cloudwatch", "PutMetricData", {"Namespace": "RunctlInstance"}),
        *(cast("Call", (*action.split(":"), {})) for action in AGENT_ACTIONS),
    ]


def secret_calls(account: Account, secret: str, parameter: str) -> list[Call]:
    """Reading a secret and a parameter, which are encrypted with keys of the account."""

    def decrypt(service: str, context: dict[str, str]) -> Call:
        via = f"{service}.{account.region}.amazonaws.com{'.cn' if account.partition == 'aws-cn' else ''}"
        key = account.arn("kms", "key/of-the-secret")
        return "kms", "Decrypt", {"KeyId": key, "ViaService": via, "EncryptionContext": context}

    return [
        ("secretsmanager", "GetSecretValue", {"SecretId": secret}),
        decrypt("secretsmanager", {"SecretARN": secret}),
        ("ssm", "GetParameter", {"Name": parameter}),
        decrypt("ssm", {"PARAMETER_ARN": parameter}),
    ]


_ANOTHER_SECRET = AWS.arn("secretsmanager", "secret:team/another-AbCdEf")
_ANOTHER_PARAMETER = AWS.arn("ssm", "parameter/team/token/of-another")

FORBIDDEN_TO_THE_BOX: list[Call] = [
    *secret_calls(AWS, _ANOTHER_SECRET, _ANOTHER_PARAMETER),
    ("kms", "Decrypt", {"KeyId": AWS.arn("kms", "key/of-the-secret")}),
    ("cloudwatch", "PutMetricData", {"Namespace": "AWS/EC2"}),
    ("s3", "PutObject", {"Bucket": "outputs", "Key": "runs/other/done"}),
    ("s3", "PutObject", {"Bucket": "another", "Key": "runs/llama/done"}),
    ("s3", "GetObject", {"Bucket": "outputs", "Key": "runs/other/checkpoints/last.pt"}),
    ("s3", "ListObjectsV2", {"Bucket": "outputs", "Prefix": "runs/other/"}),
    ("s3", "ListObjectsV2", {"Bucket": "outputs"}),
    ("ec2", "StopInstances", {"InstanceIds": [OURS]}),
    ("ec2", "CreateTags", tagging(OURS, TAG_HOLD_UNTIL)),
    ("ssm", "GetParameter", {"Name": "/prod/database/password"}),
    ("ssm", "GetParameters", {"Names": ["/prod/database/password"]}),
    ("ssm", "SendCommand", {"InstanceIds": [OTHERS], "DocumentName": "AWS-RunShellScript"}),
]
