"""Names that the component writes and the monitor reads: tags, schedules, environment variables."""

from __future__ import annotations

TAG_MONITOR = "runctl:monitor"
"""On the instance: the monitor that may stop, terminate, tag and signal it."""
TAG_RUN = "runctl:run"
"""On the instance: the run's name."""
TAG_SCHEDULE = "runctl:schedule"
"""On the instance: the heartbeat schedule whose input is the run's settings document."""
TAG_OUTPUT = "runctl:output"
"""On the instance: ``bucket/prefix``, by which an S3 event finds it (see `output_tag`)."""

TAG_HOLD_UNTIL = "runctl:hold-until"
"""Set by a person: an ISO 8601 time until which nothing ends the run."""

TAG_OUTCOME = "runctl:outcome"
TAG_REASON = "runctl:reason"
TAG_ENDED_AT = "runctl:ended-at"
TAG_ARMED = "runctl:armed"
"""The time for which the deadline switch is armed, and what it does then; empty once it was removed."""
TAG_NOTICED = "runctl:noticed"
"""Since when the grace period of the completion that was noticed is counted, and which one that is: written once, so
that a marker which is uploaded again, or which S3 dates back, gets its grace period once and in full."""
TAG_PROGRESS = "runctl:progress"
"""Which large objects of `Stalled.patterns` there are, as a digest, and when they were first seen: S3 dates a multipart
upload back to when it began."""
TAG_NOTIFIED = "runctl:notified"
"""When the notification of the ending was published."""
TAG_REPORTED = "runctl:reported"
"""When something was reported last, and the outcomes that were, while the instance was left as it was."""
TAG_RELEASED = "runctl:released"
"""When Pulumi was about to remove the instance: its end is no news to anybody."""
TAG_REFUSED = "runctl:ending-refused"
"""``count time what``: how often in a row, and when last, EC2 refused an ending of this launch."""
TAG_WATCHED = "runctl:watched"
"""When it was published that this launch is watched."""
TAG_BOX = "runctl:box"
"""When it was seen that the box has reported in this launch, or told that nothing is known of it, and which of them."""

WRITTEN_AFTER_LAUNCH = (
    TAG_ARMED,
    TAG_BOX,
    TAG_ENDED_AT,
    TAG_HOLD_UNTIL,
    TAG_NOTICED,
    TAG_NOTIFIED,
    TAG_OUTCOME,
    TAG_PROGRESS,
    TAG_REASON,
    TAG_REFUSED,
    TAG_RELEASED,
    TAG_REPORTED,
    TAG_WATCHED,
)
"""Tags that appear on the instance after its launch: Pulumi ignores changes of them, key by key."""
RECORDED_TAGS = tuple(tag for tag in WRITTEN_AFTER_LAUNCH if tag != TAG_HOLD_UNTIL)
"""Those that only the monitor writes, and may write."""

ENV_MONITOR = "RUNCTL_MONITOR"
ENV_SCHEDULE_GROUP = "RUNCTL_SCHEDULE_GROUP"
ENV_SCHEDULER_ROLE_ARN = "RUNCTL_SCHEDULER_ROLE_ARN"
ENV_DEAD_LETTER_ARN = "RUNCTL_DEAD_LETTER_ARN"
ENV_STOP_DOCUMENT = "RUNCTL_STOP_DOCUMENT"
"""The SSM document that stops `TRAINING_UNIT` and can do nothing else."""
ENV_NOTIFY_TOPIC_ARN = "RUNCTL_NOTIFY_TOPIC_ARN"
"""Optional: absent or empty means no notifications."""

OWN_FOLDER = "runctl/"
"""Below the prefix: what runctl writes itself, its report, the training's code and its log."""
STARTED = f"{OWN_FOLDER}started.json"
"""Below the prefix: the report of the box, which its runner writes at each start of the training."""
TRAINING_UNIT = "runctl-training.service"
"""The systemd unit that runs the command on the instance."""
STOP_TIMEOUT_PARAMETER = "executionTimeout"
"""Of the document that stops it: for how many seconds the command may run."""


_SWITCH = ".deadline"


def heartbeat_name(run: str) -> str:
    """The recurring schedule of a run, owned by Pulumi. Run names have no dot, so the names never collide."""
    return run


def follow_up_name(run: str) -> str:
    """The one-time schedule of a run's next early check, owned by the monitor."""
    return f"{run}.follow-up"


def trial_name(run: str) -> str:
    """The one-time schedule that a first check makes and takes away again, to prove that it may."""
    return f"{run}.trial"


def deadline_switch_name(instance_id: str) -> str:
    """The one-time schedule that ends an instance without our code, owned by the monitor.

    One for each instance: each has its own deadline, and EC2 refuses a whole request for one id that is gone.
    """
    return f"{instance_id}{_SWITCH}"


def switched_instance(schedule: str) -> str:
    """The instance that a deadline switch of this name ends; empty for other schedules."""
    return schedule.removesuffix(_SWITCH) if schedule.endswith(_SWITCH) else ""


def beating_run(schedule: str) -> str:
    """The run whose heartbeat has this name; empty for other schedules."""
    return "" if "." in schedule else schedule


def run_tags(monitor: str, run: str) -> dict[str, str]:
    """What the instances of a run have in common, and no other instance has."""
    return {TAG_MONITOR: monitor, TAG_RUN: run}


def lost_monitor(given: str | None, monitor: str) -> bool:
    """Whether the monitor's tag of an instance was removed, emptied, or changed in the case of its letters.

    IAM then lets the monitor end nothing, and no other one does. With another value, the run was moved to that monitor.
    """
    return given != monitor and (given or "").casefold() in {"", monitor.casefold()}


def output_tag(bucket: str, prefix: str) -> str:
    """The value of `TAG_OUTPUT`; ``prefix`` is empty or ends with a slash."""
    return f"{bucket}/{prefix}"
