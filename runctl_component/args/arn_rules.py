"""Keys, topics and profiles: which of the names that AWS has for each are taken, and where it must be."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from monitor_runtime.contract import rules
from monitor_runtime.contract.rules import Problem

_HEAD = r"arn:aws(?:-[a-z]+)*:{service}:[a-z]{{2,}}(?:-[a-z]+)+-\d{{1,2}}:\d{{12}}:"
_KEY = re.compile(
    _HEAD.format(service="kms")
    + r"key/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
"""https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN"""
_SECRET = re.compile(
    _HEAD.format(service="secretsmanager") + r"secret:[\w/+=.@-]+-[A-Za-z0-9]{6}(?::[^:\x00-\x1f\x7f]*){0,3}", re.ASCII
)
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"""
_PARAMETER = re.compile(_HEAD.format(service="ssm") + r"parameter/[\w./-]+", re.ASCII)
_PROFILE = re.compile(r"[\w+=,.@-]+", re.ASCII)
_MAX_PROFILE_CHARACTERS = 128

topic_arn = rules.text(
    _HEAD.format(service="sns") + r"[\w-]{1,256}",
    "the ARN of an SNS topic, not of a FIFO one",
    "write for example arn:aws:sns:us-east-1:123456789012:trainings",
    maximum=512,
)


def key_arn(field: str, value: object) -> Iterator[Problem]:
    """The ARN of a key. IAM grants keys: an alias grants nothing, and may be another key's tomorrow."""
    if isinstance(value, str) and _KEY.fullmatch(value):
        return
    name = value.rpartition(":")[2] if isinstance(value, str) else ""
    if name.startswith("alias/"):
        fix = f"write what this prints: aws kms describe-key --key-id {name} --query KeyMetadata.Arn"
    else:
        fix = "write for example arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    yield Problem(field, got=value, accepted="the ARN of a KMS key: no alias, and no key id alone", fix=fix)


def secret_arn(field: str, value: object) -> Iterator[Problem]:
    """The ARN of a secret or a parameter, without a word of the value: it may be the secret itself."""
    text = str(value)
    if _SECRET.fullmatch(text) or _PARAMETER.fullmatch(text):
        return
    if ":secret:" in text:
        found, fix = "no whole ARN of a secret", "write all of it: it ends with a - and six characters that AWS chose"
    else:
        found = f"a string of {len(text)} characters"
        fix = "put the value into Secrets Manager or Parameter Store, and write the ARN that it gets there"
    yield Problem(
        field,
        found=found,
        accepted="the ARN of a Secrets Manager secret, with or without :json-key:version-stage:version-id, or of an SSM"
        " parameter",
        fix=fix,
    )


policy_arn = rules.text(
    r"arn:aws(?:-[a-z]+)*:iam::(?:\d{12}|aws):policy/[\w+=,.@/-]{1,512}",
    "the ARN of a managed policy",
    "write for example arn:aws:iam::123456789012:policy/training",
    maximum=640,
)
role_path = rules.text(
    r"/(?:[!-~]+/)?",
    "a path of IAM, which begins and ends with a /",
    "write for example /training/",
    maximum=512,
)
"""https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html"""


def profile_name(field: str, value: object) -> Iterator[Problem]:
    """The name of an instance profile, without the path that an ARN shows.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_InstanceProfile.html
    """
    if isinstance(value, str) and _PROFILE.fullmatch(value) and len(value) <= _MAX_PROFILE_CHARACTERS:
        return
    name = value.rpartition("/")[2] if isinstance(value, str) and ":instance-profile/" in value else ""
    yield Problem(
        field,
        got=value,
        accepted="the name of an instance profile, not its ARN, nor a role: 1 to 128 letters, digits and +=,.@_-",
        fix=f"write {name}" if _PROFILE.fullmatch(name) else "write for example my-training-profile",
    )


class Place(NamedTuple):
    """Where a stack is: in which AWS partition, and in which region of it."""

    partition: str
    region: str

    def head(self, service: str) -> str:
        """How the ARNs of a service begin there."""
        return f"arn:{self.partition}:{service}:{self.region}:"


def key_place_problems(field: str, arn: str, place: Place, *, of: str = "the bucket") -> Iterator[Problem]:
    """Whether a key can be that of a bucket or a topic of the region: neither S3 nor SNS takes one of another.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    if _is_elsewhere(arn, "kms", place):
        replica = f"name its replica in {place.region}"
        fix = replica if ":key/mrk-" in arn else f"name the key with which {of} is encrypted"
        accepted = f"a key in {place.region}, the region of the stack: {place.head('kms')}..."
        yield Problem(field, got=arn, accepted=accepted, fix=fix)


def topic_place_problems(field: str, arn: str, place: Place) -> Iterator[Problem]:
    """Whether a monitor can publish to a topic: SNS and CloudWatch take none of another region."""
    if _is_elsewhere(arn, "sns", place):
        accepted = f"a topic in {place.region}, the region of the monitor: {place.head('sns')}..."
        yield Problem(field, got=arn, accepted=accepted, fix="create a topic there, and let it pass on what it gets")


def _is_elsewhere(arn: str, service: str, place: Place) -> bool:
    """An ARN of another service is what a team's own mocks make up."""
    return arn.split(":")[2:3] == [service] and not arn.startswith(place.head(service))
