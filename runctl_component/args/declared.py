"""What can be declared: the arguments of a training run and of a monitor, with their units and reasons."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi


class IdleArgs(TypedDict):
    """When a run counts as idle."""

    metric: pulumi.Input[str]
    """A metric of AWS/EC2 such as `CPUUtilization`, or `Namespace/MetricName` with the dimension InstanceId and no other, for example `CWAgent/nvidia_smi_utilization_gpu`. EC2 itself publishes no GPU metric: with `command`, `gpu` lets the runner publish one, the highest use of any GPU in each minute, in percent."""
    threshold: pulumi.Input[float]
    """The run is idle when the maximum of every 5 minutes is below this, in the metric's unit. With 0: when it is 0."""
    minutes: pulumi.Input[int]
    """For how long: 10 to 1440 minutes, a multiple of 5. Missing data counts as activity, and is reported when it never ends."""
    warm_up_minutes: NotRequired[pulumi.Input[int]]
    """How long a run that was never active since its launch is not idle: 0 to 1440 minutes, at least as long as downloads and installations take. Once it was active, that no longer matters; what the first 15 minutes show is not counted as activity."""


class StalledArgs(TypedDict):
    """When a run counts as stalled: it still runs, and no longer writes what it used to write."""

    patterns: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Keys under the prefix, such as `checkpoints/*.pt`, that the training keeps writing: each new object that matches one of them is progress, and so is an upload under way."""
    minutes: pulumi.Input[int]
    """For how long none may come, since the launch or the last one: 5 to 10080 minutes. Make it well longer than the time to the first, and between two of them."""


class TrainingRunArgs(TypedDict):
    """A training run. Required: `bucket`, and either `command` or `user_data`."""

    bucket: pulumi.Input[str]
    """The S3 bucket, in the run's region, to which the training writes."""
    prefix: NotRequired[pulumi.Input[str]]
    """Folders in the bucket that belong to this run alone: another run of the program at the same place, or around or within it, is rejected. Default: `<project>/<stack>/<run>/`, which no other stack of the program has."""
    instance_type: NotRequired[pulumi.Input[str]]
    """The EC2 instance type."""
    ami: NotRequired[pulumi.Input[str]]
    """The image: an id, or the name of an SSM parameter that holds one (it begins with `/`). Default: for NVIDIA GPUs the newest Deep Learning Base AMI, with a driver and CUDA but no framework, else the newest Amazon Linux 2023. What is looked up, by default, by parameter or as an Output, counts at creation: a newer image never replaces a running instance. A changed plain id does. If you pass an Output, it must not resolve to None. With `command`, your image needs cloud-init, systemd, bash, `/usr/bin/python3` (3.9 or newer) and the AWS CLI as `aws`, outside of any environment that a login shell activates; for the training to be signalled before a stop, also the SSM agent."""
    command: NotRequired[pulumi.Input[str]]
    """The training: a script that bash runs on the instance, as root, in /root, after the login profile, so `conda activate`, modules and functions of the profile work. `set -eo pipefail` is in force: a line that fails, or a part of a pipe, ends it and is a failure; write `set +e` where you want otherwise. It has nothing to read. `RUNCTL_OUTPUT_URI`, `RUNCTL_RUN` and `RUNCTL_CHECKPOINT_MANIFEST` are set. Nothing is copied to the instance but what `code` names; the default profile allows the command to fetch more from under the prefix. When it exits, the marker is written; what it has handed to a daemon, as `docker run -d` does, must be waited for. It shares the 16 KiB of user data with `environment`; too long a command is rejected with what is left for it, about 11.5 KB. The runner itself is an object below the prefix, which `pulumi up` uploads and the instance fetches: whoever deploys needs `s3:PutObject` and `s3:DeleteObject` there. A changed command replaces the instance."""
    user_data: NotRequired[pulumi.Input[str]]
    """Your own start-up script in place of `command`; it writes the marker itself. cloud-init must know what it begins with, with nothing before it: `#!`, `#cloud-config`, `#include` and its other types, a MIME message, or base64 of such or of gzip. At most 16 KiB."""
    environment: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Variables for `command`, which outweigh those of the login profile. Values are literal: a `PATH` with `$` is rejected, as are variables that Bash sets itself. Stored in user data, which anyone who can describe the instance can read: secrets belong into `secrets`."""
    secrets: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Variables for `command` whose values the instance fetches at each start: from a Secrets Manager secret, by its ARN, alone or followed by `:json-key:version-stage:version-id` as in ECS, of which any may be empty and the last ones left out; or from an SSM parameter, by its ARN. Only the ARNs are in user data, and the values are never on the disk. The default profile may read these and no others. A secret that cannot be read is a failure before the command begins, and is named."""
    code: NotRequired[str]
    """A folder, relative to that of the Pulumi program, whose files are in the working directory when `command` begins. `pulumi up` uploads it below the prefix, and the instance unpacks it once. What a `.gitignore` names is left out, in the folder or around it, and so are `.git`, `__pycache__` and virtual environments; at most 100 MiB. A file that begins with `#!` can be executed. Changed code replaces the instance, like a changed command. Must be a plain value."""
    subnet_id: NotRequired[pulumi.Input[str]]
    """The subnet. Default: one of the default VPC. The instance needs a route to S3 and SSM, and has a public address only if the subnet assigns one."""
    security_group_ids: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Security groups. Default: the VPC's default group. No inbound rule is needed."""
    key_name: NotRequired[pulumi.Input[str]]
    """An EC2 key pair for ssh. Not needed for SSM Session Manager."""
    iam_instance_profile: NotRequired[pulumi.Input[str]]
    """The name of your own instance profile. It must allow reading and writing under the prefix, and should let the SSM agent work. Default: a new one that allows just that, without the agent's right to read the account's parameters. If you pass an Output, it must not resolve to None."""
    policy_arns: NotRequired[Sequence[pulumi.Input[str]]]
    """Managed policies for the role of the instance, beside its own: at most 10. The list must be plain, its entries may be Outputs."""
    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """The managed policy that bounds every role which is made for the run: that of the instance, and those of a monitor of its own. It must allow what these do."""
    role_path: NotRequired[pulumi.Input[str]]
    """The IAM path of every role and profile that is made for the run, such as `/training/`. A changed one replaces the roles, and with that of the instance the profile."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """The KMS key of the bucket, if it is a customer managed one: grants the instance and the monitor access to it."""
    server_side_encryption: NotRequired[pulumi.Input[str]]
    """`AES256` or `aws:kms`, the latter with `kms_key_arn` if there is one: what uploads to the bucket must name where its policy demands it. Counts for `pulumi up` and the runner; the command's own uploads must name it themselves. Default: none is named, and the bucket's default applies."""
    root_volume_gib: NotRequired[pulumi.Input[int]]
    """Size of the encrypted gp3 root volume, in GiB. The default image for NVIDIA GPUs needs 75. It can be raised in place; a smaller one is refused."""
    spot: NotRequired[str]
    """`one-time` or `persistent`. Default: on demand. A one-time spot instance cannot be stopped, so its endings default to `terminate`. Must be a plain value."""
    spot_max_price: NotRequired[pulumi.Input[str]]
    """Dollars an hour, as a string. Default: the on-demand price."""
    markers: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Objects directly under the prefix that mean success: whole names, or with wildcards."""
    failure_markers: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Objects directly under the prefix that mean failure."""
    expected_outputs: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Keys under the prefix. When all of them are there, fresh and not empty, the run is complete without a marker. Wildcards are allowed in names and in folders, each within one folder: `checkpoints/epoch-*/model.pt`."""
    checkpoint_patterns: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """Keys under the prefix that must be there before a success is believed."""
    initial_interval_seconds: NotRequired[pulumi.Input[int]]
    """From the launch to the first check: 10 to 3600 s."""
    max_interval_seconds: NotRequired[pulumi.Input[int]]
    """The longest time between two checks, and the interval of the heartbeat: 60 to 3600 s, a multiple of 60."""
    backoff_multiplier: NotRequired[pulumi.Input[float]]
    """How much longer each interval is than the one before: 1 to 10."""
    grace_seconds: NotRequired[pulumi.Input[int]]
    """From the marker's LastModified to the ending: 0 to 86400 s."""
    verify_timeout_seconds: NotRequired[pulumi.Input[int]]
    """How long to wait, after the grace period, for checkpoints and uploads that are still missing: 0 to 86400 s."""
    shutdown_timeout_seconds: NotRequired[pulumi.Input[int]]
    """How long the training has to react to SIGTERM: 30 to 600 s."""
    on_complete: NotRequired[pulumi.Input[str]]
    """`stop`, `terminate`, or `report`, which notifies and changes nothing. One-time spot: `terminate`. A stopped instance keeps its disk, and stays in Pulumi's state."""
    on_failure: NotRequired[pulumi.Input[str]]
    """The same choices, for a failed, stalled or idle run."""
    on_deadline: NotRequired[pulumi.Input[str]]
    """The same choices, when `max_runtime_hours` have passed."""
    max_runtime_hours: NotRequired[pulumi.Input[float]]
    """The deadline, counted from each launch; 0 means none."""
    idle: NotRequired[pulumi.Input[IdleArgs]]
    """End a run that no longer does anything. Default: not watched."""
    stalled: NotRequired[pulumi.Input[StalledArgs]]
    """End a run that no longer writes anything. Default: not watched."""
    monitor: NotRequired[pulumi.Input[str]]
    """The handle of a monitor that watches the run: the output `handle` of a `Monitor`, of this program or of another one in the same account and region. In Python you can also pass the `Monitor` itself, as `TrainingRun(name, args, monitor=...)`. Default: a monitor of the run's own. If you pass an Output, it must not resolve to None."""
    notify_topic_arn: NotRequired[pulumi.Input[str]]
    """A standard SNS topic in the run's region, for one message when a launch is watched and one when it ends, and for the alarms. Default: no notifications. With a shared monitor, set it on the monitor."""
    notify_key_arn: NotRequired[pulumi.Input[str]]
    """The KMS key of the topic, if it is encrypted with a customer managed one: lets the monitor use it, through SNS alone. For the alarms, the key's own policy must also let `cloudwatch.amazonaws.com` use it. With a shared monitor, set it on the monitor."""
    log_retention_days: NotRequired[pulumi.Input[int]]
    """How long CloudWatch keeps the log of the run's own monitor. With a shared monitor, set it on the monitor."""
    silence_minutes: NotRequired[pulumi.Input[int]]
    """How long without a check until the alarm for silence of the run's own monitor goes off: at least three times `max_interval_seconds`, which is also the default. With a shared monitor, set it on the monitor."""
    dashboard: NotRequired[bool]
    """Whether the run's own monitor has a CloudWatch dashboard. With a shared monitor, set it on the monitor. Must be a plain value."""
    terminate_after_days: NotRequired[pulumi.Input[int]]
    """Terminate an instance that has been stopped for this long: 1 to 365 days. Default: never."""
    s3_events: NotRequired[bool]
    """Detect markers within seconds through EventBridge, which must be turned on for the bucket. Must be a plain value."""
    share_last_words: NotRequired[pulumi.Input[bool]]
    """Put the `message` of a marker, by default the last line of the training's log, into tags, messages and the monitor's log too. It may hold secrets. Default: it stays in S3."""
    tags: NotRequired[pulumi.Input[Mapping[str, pulumi.Input[str]]]]
    """Further tags of the instance and its volumes, at most 25 together with the default tags of the provider. Keys that begin with `runctl:` or `aws:`, in whatever case, are reserved. With `command`, the instance reads its tags through the metadata service, which accepts no space and no `/` in a key, nor the keys `.`, `..` and `_index`: the provider's default tags must follow that too."""


class WatchArgs(TypedDict):
    """A bucket and a prefix under which a shared monitor watches runs."""

    bucket: pulumi.Input[str]
    """The bucket's name."""
    prefix: NotRequired[pulumi.Input[str]]
    """Runs write at or below it. Default: the whole bucket."""
    kms_key_arn: NotRequired[pulumi.Input[str]]
    """The bucket's KMS key, if it is a customer managed one."""


class MonitorArgs(TypedDict):
    """A monitor that several runs share. Required: `watch`."""

    watch: Sequence[WatchArgs]
    """Where its runs write. Permissions and event rules follow from this list, and do not grow with the number of runs."""
    s3_events: NotRequired[bool]
    """Listen for markers in the watched buckets. Must be a plain value."""
    markers: NotRequired[Sequence[str]]
    """Marker names, of success and of failure, to listen for with `s3_events`."""
    notify_topic_arn: NotRequired[pulumi.Input[str]]
    """A standard SNS topic in the monitor's region, for one message when a run is watched and one when it ends, and for the alarms. Default: no notifications."""
    notify_key_arn: NotRequired[pulumi.Input[str]]
    """The KMS key of the topic, if it is encrypted with a customer managed one: lets the monitor use it, through SNS alone. For the alarms, the key's own policy must also let `cloudwatch.amazonaws.com` use it."""
    permissions_boundary_arn: NotRequired[pulumi.Input[str]]
    """The managed policy that bounds both of its roles. It must allow what these do."""
    role_path: NotRequired[pulumi.Input[str]]
    """The IAM path of both of its roles, such as `/training/`."""
    log_retention_days: NotRequired[pulumi.Input[int]]
    """How long CloudWatch keeps the function's log."""
    silence_minutes: NotRequired[pulumi.Input[int]]
    """How long without a check until the alarm for silence goes off: at least three times the longest `max_interval_seconds` of the runs, and a run with a longer one is rejected."""
    dashboard: NotRequired[bool]
    """Whether there is a CloudWatch dashboard of its runs. Must be a plain value."""
