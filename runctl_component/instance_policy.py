"""The policy of the instance's role: what a training and its runner do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitor_runtime.contract.metrics import GPU_METRIC
from runctl_component.agent_actions import AGENT_ACTIONS
from runctl_component.policy_documents import (
    ANY_RESOURCE,
    PolicyDocument,
    allow,
    document,
    list_statement,
    objects_arn,
)


def instance_policy(
    *,
    partition: str,
    bucket: str,
    prefix: str,
    kms_key_arns: Sequence[str] = (),
    secrets: Sequence[str] = (),
    measures_gpu: bool = False,
) -> PolicyDocument:
    """Write its outputs, and read them back when it is started again; under its prefix alone.

    The SSM agent is let work beside it, by which the training is signalled and a person gets a shell. ``secrets``: the
    references that it may follow. ``measures_gpu``: whether it publishes how busy its GPUs are.
    """
    statements = [
        allow(
            "OwnOutputs",
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            [objects_arn(partition, bucket, prefix)],
        ),
        list_statement("ListOwnOutputs", partition, [bucket], [prefix]),
        allow("Agent", AGENT_ACTIONS, [ANY_RESOURCE]),
        *_secret_statements(secrets),
    ]
    if kms_key_arns:
        # A multipart upload decrypts the data key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
        statements.append(allow("UseKeys", ["kms:Decrypt", "kms:GenerateDataKey"], kms_key_arns))
    if measures_gpu:
        # PutMetricData knows no resource type.
        namespace = {"StringEquals": {"cloudwatch:namespace": GPU_METRIC.rpartition("/")[0]}}
        statements.append(allow("MeasureGpus", ["cloudwatch:PutMetricData"], [ANY_RESOURCE], namespace))
    return document(*statements)


def _secret_statements(references: Sequence[str]) -> Iterator[PolicyDocument]:
    """Read these secrets and parameters, and decrypt them, with whichever key, through their service alone.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
    """
    kinds = (
        ("Secrets", "secretsmanager", "secretsmanager:GetSecretValue", "SecretARN"),
        ("Parameters", "ssm", "ssm:GetParameter", "PARAMETER_ARN"),
    )
    for sid, service, action, context in kinds:
        arns = sorted({_arn(reference) for reference in references if reference.split(":")[2] == service})
        if arns:
            places = sorted(
                {(partition, region, account) for _, partition, _, region, account, *_ in map(_parts, arns)}
            )
            hosts = sorted({_host(partition, service, region) for partition, region, _ in places})
            of_these = {"kms:ViaService": hosts, f"kms:EncryptionContext:{context}": arns}
            keys = [f"arn:{partition}:kms:{region}:{account}:key/*" for partition, region, account in places]
            yield allow(f"Read{sid}", [action], arns)
            yield allow(f"Decrypt{sid}", ["kms:Decrypt"], keys, {"StringEquals": of_these})


def _parts(arn: str) -> list[str]:
    return arn.split(":")


def _arn(reference: str) -> str:
    """Without what follows on the ARN of a secret: which key of it, and which version."""
    return ":".join(_parts(reference)[:7])


def _host(partition: str, service: str, region: str) -> str:
    return f"{service}.{region}.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"
