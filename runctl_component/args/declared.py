"""What can be declared: the args of a training run and of a monitor, with units, defaults and reasons."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class IdleArgs(TypedDict):
    """When a run counts as idle."""

    metric: pulumi.Input[str]
    """A metric of AWS/EC2 such as `CPUUtilization`, or `Namespace/MetricName` with the dimension InstanceId, for example `CWAgent/nvidia_smi_utilization_gpu`. EC2 itself publishes no GPU metric."""
    threshold: pulumi.Input[float]
    """Idle means that the maximum of every 5 minutes lies under this, in the metric's unit."""
    minutes: pulumi.Input[int]
    """For how long, 10 to 1440 minutes, a multiple of 5. Missing data counts as activity."""


class TrainingRunArgs(TypedDict):
    """A training run. Only `bucket`, and one of `command` and `user_data`, have no default."""

    bucket: pulumi.Input[str]
    """The S3 bucket, in the run's region, to which the training writes."""
    prefix: NotRequired[pulumi.Input[str]]
    """Folders in the bucket that belong to this run alone. Default: the run's name."""
    instance_type: NotRequired[pulumi.Input[str]]
    """Default `g5.xlarge`, the smallest with a current GPU."""
    ami: NotRequired[pulumi.Input[str]]
    """Default: the newest Amazon Linux 2023 at the time of creation, which has no GPU driver. A newer one does not replace a running instance; an `ami` that you change does. An Output must not be of None. For `command`, an image of your own needs cloud-init, systemd, bash, curl, pgrep, python3 and the AWS CLI as `aws`; to be signalled before it is stopped, the SSM agent."""
    command: NotRequired[pulumi.Input[str]]
    """Run by bash on the box, as root, in /root, with `RUNCTL_OUTPUT_URI` and `RUNCTL_RUN` set; nothing else is put on the box, so it fetches its code itself, which the default profile allows from below the prefix. When it exits, the marker is written. A changed command replaces the instance."""
    user_data: NotRequired[pulumi.Input[str]]
    """Your own start-up script in place of `command`; it writes the marker itself. At most 16 KiB."""
    environment: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Variables for `command`. They stand in the user data, which whoever may describe the instance can read: no secrets."""
    subnet_id: NotRequired[pulumi.Input[str]]
    """Default: a subnet of the default VPC. The box needs a way to S3 and SSM. It has a public address only if the subnet gives one."""
    security_group_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Default: the VPC's default group. No inbound rule is needed."""
    key_name: NotRequired[pulumi.Input[str]]
    """An EC2 key pair for ssh. Default: none; SSM Session Manager works without."""
    iam_instance_profile: NotRequired[pulumi.Input[str]]
    """The name of your own instance profile, which must let the box write under the prefix and should have AmazonSSMManagedInstanceCore. Default: one that allows just that. An Output must not be of None."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """The key with which the bucket is encrypted, if it is one of your own: the box and the monitor get to use it."""
    root_volume_gib: NotRequired[pulumi.Input[int]]
    """Size of the encrypted gp3 root volume. Default 100 GiB."""
    spot: NotRequired[str]
    """`one-time` or `persistent`. Default: on demand. A one-time spot instance cannot be stopped, so its endings default to terminate. A plain value."""
    spot_max_price: NotRequired[pulumi.Input[str]]
    """Dollars an hour, as a string. Default: no limit but the on-demand price."""
    markers: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Objects directly under the prefix that say success: whole names, or with wildcards. Default `training_complete.txt`, `COMPLETE`, `done`."""
    failure_markers: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Likewise for failure. Default `training_failed.txt`, `FAILED`."""
    expected_outputs: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Keys below the prefix; all of them there, fresh and not empty, complete the run without a marker. Wildcards after the last slash. Default: none."""
    checkpoint_patterns: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Keys below the prefix that must be there before a success is believed. Default: none."""
    initial_interval_seconds: NotRequired[pulumi.Input[int]]
    """From the launch to the first check, 10 to 3600 s. Default 30."""
    max_interval_seconds: NotRequired[pulumi.Input[int]]
    """The longest time between two checks, and the heartbeat: 60 to 3600 s, a multiple of 60. Default 300."""
    backoff_multiplier: NotRequired[pulumi.Input[float]]
    """How much longer each interval is than the one before, 1 to 10. Default 2."""
    grace_seconds: NotRequired[pulumi.Input[int]]
    """From the marker's LastModified to the ending. Default 300 s."""
    verify_timeout_seconds: NotRequired[pulumi.Input[int]]
    """How long to wait for checkpoints and uploads that are still missing after the grace period. Default 600 s."""
    shutdown_timeout_seconds: NotRequired[pulumi.Input[int]]
    """What the training has to react to SIGTERM, 30 to 600 s. Default 120."""
    on_complete: NotRequired[pulumi.Input[str]]
    """`stop`, `terminate`, or `report`: tell, touch nothing. Default stop (one-time spot: terminate): a stopped instance keeps its disk, and stays in Pulumi's state."""
    on_failure: NotRequired[pulumi.Input[str]]
    """Likewise, for a failed or idle run."""
    on_deadline: NotRequired[pulumi.Input[str]]
    """Likewise, when `max_runtime_hours` have passed."""
    max_runtime_hours: NotRequired[pulumi.Input[float]]
    """The deadline, counted from each launch; 0 means none. Default 24."""
    idle: NotRequired[pulumi.Input[IdleArgs]]
    """End a run that does nothing any more. Default: not watched."""
    notify_topic_arn: NotRequired[pulumi.Input[str]]
    """A standard SNS topic in the run's region that gets one message for the ending, and the alarms. Default: nobody is told. With a shared monitor: set it there."""
    terminate_after_days: NotRequired[pulumi.Input[int]]
    """Terminate the instance when it was stopped for so long, 1 to 365 days. Default: never."""
    s3_events: NotRequired[bool]
    """Notice markers within seconds by EventBridge, which must be turned on for the bucket. A plain value. Default false."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Further tags of the instance and its volumes, at most 30. `runctl:` and `aws:` are taken. The box reads its tags through the metadata service, which knows no spaces and no `/` in a key, nor the keys `.`, `..` and `_index`: the provider's default tags must fit too."""


class WatchArgs(TypedDict):
    """A bucket and a prefix under which a shared monitor looks after runs."""

    bucket: pulumi.Input[str]
    """The bucket's name."""
    prefix: NotRequired[pulumi.Input[str]]
    """Runs lie at or below it. Default: the whole bucket."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """The bucket's key, if it is one of your own."""


class MonitorArgs(TypedDict):
    """A monitor that several runs share. All of it has a default but `watch`."""

    watch: Sequence[WatchArgs]
    """Where its runs write. Permissions and event rules follow from this list, and never grow with the runs."""
    s3_events: NotRequired[bool]
    """Listen to the watched buckets. A plain value. Default false."""
    markers: NotRequired[Sequence[str]]
    """The names, success and failure, whose arrival is listened for with `s3_events`. Default: all default markers."""
    notify_topic_arn: NotRequired[pulumi.Input[str]]
    """A standard SNS topic in the monitor's region that gets one message for each ending, and the alarms. Default: nobody is told."""
    log_retention_days: NotRequired[pulumi.Input[int]]
    """Default 30 days."""
    silence_minutes: NotRequired[pulumi.Input[int]]
    """The alarm for silence, which begins with the first run: three times the longest `max_interval_seconds` of the runs at least, and a run with a longer one is refused. Default 15 minutes."""
