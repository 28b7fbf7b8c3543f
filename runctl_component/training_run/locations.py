"""What a run tells of itself once it is up: where it is, and where its log is."""

OUTPUTS = (
    *("instance_id", "private_ip", "availability_zone", "connect", "logs", "output_uri", "role_name", "handle"),
    *("monitor_function_name", "schedule_arn", "plan", "plan_text"),
)
"""The outputs of a `TrainingRun`, each an attribute of it."""
SCRIPT_LOG = "/var/log/cloud-init-output.log"
"""On the instance: what a script in user data prints."""


def log_folder(output_uri: str) -> str:
    """Where the runner stores the log of each launch; ``output_uri`` ends with a slash."""
    return f"{output_uri}runctl/"


def connect_line(region: str, instance_id: str) -> str:
    """The command that opens a shell on the instance.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html
    """
    return f"aws ssm start-session --region {region} --target {instance_id}"
