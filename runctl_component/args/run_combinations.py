"""Rules for args of a run together, beside those that the settings document has."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from monitor_runtime.contract.metrics import GPU_WORD
from monitor_runtime.contract.patterns import matches
from monitor_runtime.contract.rules import Problem
from monitor_runtime.contract.settings import Settings
from runctl_component.args.defaults import DEFAULT_INSTANCE_TYPE, silence_minutes
from runctl_component.args.environment_rules import declared_twice
from runctl_component.box.box_tags import written_failure, written_success
from runctl_component.box.image import DEEP_LEARNING_GIB, has_nvidia_gpu, is_parameter, processor


def combinations(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with args together that the settings document does not know."""
    if ("command" in values) == ("user_data" in values):
        both = "command" in values
        yield Problem(
            "command",
            found="given together with user_data" if both else "missing",
            accepted="either command or user_data",
            fix="remove one of the two" if both else "say with one of the two what starts the training",
        )
    yield from _user_data_problems(values)
    yield from _gpu_problems(values)
    yield from _tag_problems(values)
    yield from declared_twice(values)
    if "kms_key_arn" in values and values.get("server_side_encryption") == "AES256":
        yield Problem(
            "server_side_encryption",
            got="AES256",
            accepted="aws:kms with a kms_key_arn",
            fix="write aws:kms, or remove kms_key_arn: AES256 encrypts with a key of S3's own",
            touches=("kms_key_arn",),
        )
    if "spot_max_price" in values and "spot" not in values:
        yield Problem(
            "spot_max_price", got=values["spot_max_price"], accepted="only with spot", fix="set spot, or remove it"
        )
    if "policy_arns" in values and "iam_instance_profile" in values:
        yield Problem(
            "policy_arns",
            found="given together with iam_instance_profile",
            accepted="only for the profile that is made for the run",
            fix="attach them to the role of your profile",
        )
    yield from topic_key_problems(values)
    yield from _silence_problems(values)
    yield from _image_combinations(values)
    yield from _spot_combinations(values)


def written_marker_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Markers of which our runner writes none that means success. ``values`` are sound, and have their defaults."""
    markers, failures = values["markers"], values["failure_markers"]
    success, failure = written_success(markers), written_failure(failures)
    for field, names, written in (("markers", markers, success), ("failure_markers", failures, failure)):
        if names and not any(matches(name, written) for name in names):
            yield Problem(
                field,
                got=names,
                accepted="with command: at least one name that something matches, for the runner to write",
                fix="add one without wildcards",
            )
    for index, name in enumerate(failures):
        if success not in markers and matches(name, success):
            yield Problem(
                f"failure_markers[{index}]",
                got=name,
                accepted=f"a name that does not match {success}, which the runner writes for a success",
                fix="narrow it, or name in markers what the runner is to write: a failure outweighs a success",
                touches=("markers",),
            )


_SHOWN_BY_METADATA = re.compile(r"[A-Za-z0-9+=.,_:@-]+")
_RESERVED_BY_METADATA = (".", "..", "_index")
_DONE_BY_THE_RUNNER = {
    "environment": "export the variables in user_data",
    "secrets": "fetch them in user_data",
    "code": "fetch it in user_data",
    "server_side_encryption": "name it where user_data uploads",
}


def _user_data_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What our runner does, and somebody else's script does not."""
    if "user_data" not in values:
        return
    for field, fix in _DONE_BY_THE_RUNNER.items():
        if field in values:
            yield Problem(field, found="given together with user_data", accepted="only with command", fix=fix)


def _gpu_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """A measure of GPUs that nobody would publish: the run would never be found idle."""
    idle = values.get("idle")
    metric = cast("Mapping[str, object]", idle).get("metric") if isinstance(idle, Mapping) else None
    instance_type = values.get("instance_type", DEFAULT_INSTANCE_TYPE)
    if not isinstance(metric, str) or "gpu" not in metric.lower() or "/" in metric:
        return
    if metric != GPU_WORD:
        yield Problem(
            "idle.metric",
            got=metric,
            accepted=f"{GPU_WORD}, or Namespace/MetricName: EC2 itself publishes no GPU metric",
            fix=f"write {GPU_WORD} with command, or CWAgent/nvidia_smi_utilization_gpu where the CloudWatch agent runs",
        )
    elif "user_data" in values:
        yield Problem(
            "idle.metric",
            got=metric,
            accepted="the name of a metric, with user_data: only with command there is a runner that measures the GPUs",
            fix="let the CloudWatch agent publish it, and write CWAgent/nvidia_smi_utilization_gpu",
        )
    elif "ami" not in values and isinstance(instance_type, str) and not has_nvidia_gpu(instance_type):
        yield Problem(
            "idle.metric",
            got=metric,
            accepted=f"a metric that {instance_type} has: its default image drives no GPU",
            fix="write CPUUtilization, choose an instance_type with NVIDIA GPUs, or an ami with their driver",
            touches=("instance_type", "ami"),
        )


def _tag_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Our runner reads the instance's tags through the metadata service, which does not show all keys.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/work-with-tags-in-IMDS.html
    """
    tags = values.get("tags")
    if "command" not in values or not isinstance(tags, Mapping):
        return
    for key in map(str, cast("Mapping[object, object]", tags)):
        if key in _RESERVED_BY_METADATA or not _SHOWN_BY_METADATA.fullmatch(key):
            yield Problem(
                f"tags.{key}",
                got=key,
                accepted="with command: letters a to z and A to Z, digits and +-=.,_:@, not ., .. or _index",
                fix="rename the tag: the instance reads its tags through the metadata service",
            )


def topic_key_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """A key for a topic that is not named, of a run or of a monitor."""
    if "notify_key_arn" in values and "notify_topic_arn" not in values:
        yield Problem(
            "notify_key_arn",
            got=values["notify_key_arn"],
            accepted="only with notify_topic_arn",
            fix="name the topic that this key encrypts, or remove it",
        )


def _silence_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """An alarm of the run's own monitor that would go off between two heartbeats."""
    minutes = values.get("silence_minutes")
    interval = values.get("max_interval_seconds", Settings.__dataclass_fields__["max_interval_seconds"].default)
    if not isinstance(minutes, int | float) or not isinstance(interval, int | float):
        return
    needed = silence_minutes(interval)
    if minutes < needed:
        yield Problem(
            "silence_minutes",
            got=minutes,
            accepted=f"at least {needed} minutes, three times max_interval_seconds",
            fix="raise it, leave it out, or lower max_interval_seconds",
            touches=("max_interval_seconds",),
        )


def _image_combinations(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Images that would not boot on their instance type, or not fit its disk, as far as their names say it."""
    instance_type, ami = values.get("instance_type", DEFAULT_INSTANCE_TYPE), values.get("ami")
    if not isinstance(instance_type, str):
        return
    fitting = processor(instance_type)
    other = "arm64" if fitting == "x86_64" else "x86_64"
    if is_parameter(ami) and other in str(ami):
        yield Problem(
            "ami",
            got=ami,
            accepted=f"an image for {fitting}, the processor of {instance_type}",
            fix=f"name the image for {fitting}, or choose another instance_type",
            touches=("instance_type",),
        )
    volume = values.get("root_volume_gib")
    needs_room = ami is None and has_nvidia_gpu(instance_type) and isinstance(volume, int | float)
    if needs_room and cast("float", volume) < DEEP_LEARNING_GIB:
        yield Problem(
            "root_volume_gib",
            got=volume,
            accepted=f"at least {DEEP_LEARNING_GIB} GiB, the size of the default image for {instance_type}",
            fix="raise it, or set an ami that is smaller",
            touches=("instance_type", "ami"),
        )


def _spot_combinations(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Endings that EC2 does not offer for an instance of the spot market."""
    if values.get("spot") == "persistent" and values.get("on_deadline") == "terminate":
        yield Problem(
            "on_deadline",
            got="terminate",
            accepted="stop or report with spot: persistent",
            fix="the deadline switch and the box's timer cannot cancel the spot request, so EC2 would launch another"
            " instance that nobody watches: choose stop, or spot: one-time",
        )
    if values.get("spot") == "one-time":
        for field in ("on_complete", "on_failure", "on_deadline"):
            if values.get(field) == "stop":
                yield Problem(
                    field,
                    got="stop",
                    accepted="terminate or report with spot: one-time",
                    fix="EC2 cannot stop one-time spot instances: choose terminate, or spot: persistent",
                )
