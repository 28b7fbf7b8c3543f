"""The monitor of one or many training runs: its function, its triggers, its permissions and its alarms."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract import names
from monitor_runtime.contract.lateness import TIMEOUT_SECONDS
from runctl_component import policies
from runctl_component.args.check_monitor import checked_monitor, require_place
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.declared import MonitorArgs
from runctl_component.args.defaults import DEFAULT_MARKERS, ROLE_ARGUMENTS
from runctl_component.args.monitor_handle import MonitorFacts, Watched, to_handle
from runctl_component.args.problem_fields import without_secrets
from runctl_component.errors import InvalidArgs
from runctl_component.monitor.alarms import alarms, create_alarm, silence_alarm
from runctl_component.monitor.archive import archive_path
from runctl_component.monitor.dashboard import create_dashboard
from runctl_component.monitor.event_rules import create_rules
from runctl_component.monitor.naming import document_name, function_description, monitor_tag
from runctl_component.monitor.stop_document import create_stop_document
from runctl_component.policy_documents import to_json

RUNTIME = "python3.13"
MEMORY_MB = 256


class Monitor(pulumi.ComponentResource):
    """Watches training runs and ends them. A run makes one of its own unless it is given a shared one.

    Resources: function, log group, dead-letter queue, schedule group, the document that stops a training, a role for
    the function and one for the scheduler, event rules for spot warnings, the audit and, with ``s3_events``, for each
    watched bucket, alarms, a dashboard unless it is turned off, and the alarm for silence once it has a run. None of
    them grows with the number of runs.
    """

    function_name: pulumi.Output[str]
    """The Lambda function."""
    function_arn: pulumi.Output[str]
    """Its ARN."""
    schedule_group_name: pulumi.Output[str]
    """The group of all schedules of its runs."""
    dead_letter_queue_url: pulumi.Output[str]
    """Where events and schedules go that could not be delivered."""
    dashboard_name: pulumi.Output[str | None]
    """The CloudWatch dashboard; None with ``dashboard: false``."""
    handle: pulumi.Output[str]
    """All that a run of another program, or in another language, needs of the monitor; there once it is complete."""

    def __init__(
        self,
        name: str,
        args: MonitorArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        exact_markers: pulumi.Input[Sequence[str]] | None = None,
    ) -> None:
        """``exact_markers``: the marker names of the only run, which lie directly under the only watched prefix.

        Raises:
            InvalidArgs: with everything that is wrong with the name and the args.
        """
        checked = checked_monitor(name, args)
        given = checked.given
        super().__init__("runctl:index:Monitor", name, {}, opts)
        self.name = name
        self.tag = monitor_tag(name)
        self.s3_events = bool(given.get("s3_events", False))
        self.markers: tuple[str, ...] = tuple(given.get("markers") or DEFAULT_MARKERS)
        self.watched: list[Watched] | pulumi.Output[list[Watched]] = checked.read_one("watch")
        self.silence_minutes: int | pulumi.Output[int] = checked.read_one("silence_minutes")
        self._topic_arn: pulumi.Input[str] | None = checked.read_one("notify_topic_arn")
        self._topic_key_arn: pulumi.Input[str] | None = checked.read_one("notify_key_arn")
        self._secret_args = checked.secret_fields("watch")
        self.notifies = "notify_topic_arn" in given
        self.encrypted_topic = "notify_key_arn" in given
        self.has_dashboard = bool(given.get("dashboard", True))
        self._expects_checks = False
        self._create_foundation(name, checked.read_one("log_retention_days"))
        require_place(checked, self.partition, self.region)
        self._create_roles(name, exact_markers, checked)
        self._create_function(name)
        targets = create_rules(self, given["watch"], exact_markers)
        alarms_made = self._create_alarms(name)
        self.dashboard_name = pulumi.Output.from_input(
            self._create_dashboard(name, alarms_made).dashboard_name if self.has_dashboard else None
        )
        self.handle = self._facts([self._scheduler_policy, *targets]).apply(to_handle)
        self._register()

    def _register(self) -> None:
        self.register_outputs(
            {
                "function_name": self.function_name,
                "function_arn": self.function_arn,
                "schedule_group_name": self.schedule_group_name,
                "dead_letter_queue_url": self.dead_letter_queue_url,
                "dashboard_name": self.dashboard_name,
                "handle": self.handle,
            }
        )

    def child(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Fresh options for a child; the caller's are inherited from the parent."""
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def expect_checks(self, first_check: pulumi.Resource) -> None:
        """From the first check of its first run on, silence is an alarm; further runs add nothing.

        Sooner, every new monitor would begin with a false alarm, and one without runs would never end it.
        """
        if self._expects_checks:
            return
        self._expects_checks = True
        alarm = silence_alarm(monitor=self.tag, silence_seconds=self._silence_seconds(), first_check=first_check)
        # Whoever depends on a component waits for its children, but not for those of its function: a run that waited
        # for this alarm would wait for itself.
        create_alarm(self.name, alarm, self._topics(), pulumi.ResourceOptions(parent=self.function))

    def _create_foundation(self, name: str, retention_days: pulumi.Input[int]) -> None:
        """What exists before the function: a log group that is not left to Lambda, the queue, the group."""
        invoke = pulumi.InvokeOptions(parent=self)
        self.partition = aws.get_partition_output(opts=invoke).partition
        self.region = aws.get_region_output(opts=invoke).region
        self._account_id = aws.get_caller_identity_output(opts=invoke).account_id
        self._log_group = aws.cloudwatch.LogGroup(f"{name}-log", retention_in_days=retention_days, opts=self.child())
        self.dead_letters = aws.sqs.Queue(
            f"{name}-dead-letters",
            message_retention_seconds=14 * 86_400,
            sqs_managed_sse_enabled=True,
            opts=self.child(),
        )
        self._group = aws.scheduler.ScheduleGroup(f"{name}-schedules", opts=self.child())
        self._stop_document = create_stop_document(name, self.tag, self.child())
        self.schedule_group_name = self._group.name
        self.dead_letter_queue_url = self.dead_letters.url

    def _create_roles(self, name: str, exact_markers: pulumi.Input[Sequence[str]] | None, checked: CheckedArgs) -> None:
        further = checked.given_as(ROLE_ARGUMENTS)
        trust = pulumi.Output.all(account_id=self._account_id, schedule_group_arn=self._group.arn).apply(
            lambda known: to_json(policies.scheduler_trust(**known))
        )
        self.scheduler_role = aws.iam.Role(f"{name}-scheduler", assume_role_policy=trust, opts=self.child(), **further)
        self._role = aws.iam.Role(
            f"{name}-function", assume_role_policy=to_json(policies.lambda_trust()), opts=self.child(), **further
        )
        policy = pulumi.Output.all(
            partition=self.partition,
            region=self.region,
            account_id=self._account_id,
            schedule_group=self._group.name,
            scheduler_role_arn=self.scheduler_role.arn,
            dead_letter_arn=self.dead_letters.arn,
            log_group_name=self._log_group.name,
            notify_topic_arn=self._topic_arn,
            notify_key_arn=self._topic_key_arn,
            watched=self.watched,
            markers=exact_markers,
            secret=self._secret_args,
        ).apply(self._policy_text)
        self._role_policy = aws.iam.RolePolicy(
            f"{name}-function", role=self._role.id, policy=checked.gate(policy), opts=self.child()
        )

    def _policy_text(self, known: Mapping[str, Any]) -> str:
        watched: Sequence[Watched] = known["watched"]
        document = policies.monitor_policy(
            monitor=self.tag,
            stop_document=document_name(self.tag),
            watch=[(entry.bucket, entry.prefix) for entry in watched],
            kms_key_arns=sorted({entry.kms_key_arn for entry in watched if entry.kms_key_arn}),
            **{key: value for key, value in known.items() if key not in {"watched", "secret"}},
        )
        problems = list(policies.size_problems("watch", document))
        if problems:
            shown = [without_secrets(problem, known["secret"]) for problem in problems]
            raise InvalidArgs(f"Monitor {self.name!r}", shown)
        return to_json(document)

    def _create_function(self, name: str) -> None:
        environment: dict[str, pulumi.Input[str]] = {
            names.ENV_MONITOR: self.tag,
            names.ENV_SCHEDULE_GROUP: self._group.name,
            names.ENV_SCHEDULER_ROLE_ARN: self.scheduler_role.arn,
            names.ENV_DEAD_LETTER_ARN: self.dead_letters.arn,
            names.ENV_STOP_DOCUMENT: self._stop_document.name,
        }
        if self._topic_arn is not None:
            topic = pulumi.Output.from_input(self._topic_arn)
            environment[names.ENV_NOTIFY_TOPIC_ARN] = topic.apply(lambda arn: arn or "")
        self.function = aws.lambda_.Function(
            f"{name}-function",
            description=function_description(self.tag),
            runtime=RUNTIME,
            architectures=["arm64"],
            handler="monitor_runtime.handler.handler",
            code=pulumi.FileArchive(archive_path()),
            memory_size=MEMORY_MB,
            timeout=TIMEOUT_SECONDS,
            role=self._role.arn,
            environment={"variables": environment},
            logging_config={"log_format": "JSON", "log_group": self._log_group.name},
            opts=self.child([self._role_policy]),
        )
        self.function_name = self.function.name
        self.function_arn = self.function.arn
        # One more try, soon: what a lost check was about is found by the next one anyway.
        aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-delivery",
            function_name=self.function.name,
            maximum_event_age_in_seconds=300,
            maximum_retry_attempts=1,
            destination_config={"on_failure": {"destination": self.dead_letters.arn}},
            opts=self.child([self._role_policy]),
        )
        self._let_scheduler_work(name)

    def _let_scheduler_work(self, name: str) -> None:
        policy = pulumi.Output.all(
            partition=self.partition,
            region=self.region,
            account_id=self._account_id,
            function_arn=self.function.arn,
            dead_letter_arn=self.dead_letters.arn,
        ).apply(lambda known: to_json(policies.scheduler_policy(monitor=self.tag, **known)))
        self._scheduler_policy = aws.iam.RolePolicy(
            f"{name}-scheduler", role=self.scheduler_role.id, policy=policy, opts=self.child()
        )

    def _facts(self, complete_with: Sequence[pulumi.Resource]) -> pulumi.Output[MonitorFacts]:
        """What a handle holds; what waits for it waits for these resources, without which no run can be ended."""
        return pulumi.Output.all(
            function_name=self.function_name,
            function_arn=self.function_arn,
            schedule_group=self.schedule_group_name,
            scheduler_role_arn=self.scheduler_role.arn,
            dead_letter_arn=self.dead_letters.arn,
            region=self.region,
            partition=self.partition,
            silence_minutes=self.silence_minutes,
            watch=self.watched,
            notify_topic_arn=self._topic_arn,
            complete_with=[resource.urn for resource in complete_with],
        ).apply(self._known_facts)

    def _known_facts(self, known: Mapping[str, Any]) -> MonitorFacts:
        facts: dict[str, Any] = {key: value for key, value in known.items() if key != "complete_with"}
        facts.update(watch=tuple(known["watch"]), silence_minutes=int(known["silence_minutes"]))
        own = {"monitor": self.tag, "s3_events": self.s3_events, "markers": self.markers}
        return MonitorFacts(**own, dashboard=self.has_dashboard, **facts)

    def _topics(self) -> pulumi.Input[list[str]]:
        return pulumi.Output.from_input(self._topic_arn).apply(lambda arn: [arn] if arn else [])

    def _silence_seconds(self) -> pulumi.Output[int]:
        return pulumi.Output.from_input(self.silence_minutes).apply(lambda minutes: int(minutes) * 60)

    def _create_alarms(self, name: str) -> list[aws.cloudwatch.MetricAlarm]:
        wanted = alarms(
            monitor=self.tag,
            function_name=self.function.name,
            dead_letter_queue_name=self.dead_letters.name,
            silence_seconds=self._silence_seconds(),
        )
        return [create_alarm(name, alarm, self._topics(), self.child()) for alarm in wanted]

    def _create_dashboard(
        self, name: str, alarms_made: Sequence[aws.cloudwatch.MetricAlarm]
    ) -> aws.cloudwatch.Dashboard:
        known = pulumi.Output.all(
            region=self.region,
            function_name=self.function.name,
            log_group_name=self._log_group.name,
            queue_name=self.dead_letters.name,
            alarm_arns=[alarm.arn for alarm in alarms_made],
        )
        return create_dashboard(name, self.tag, known, self.child())
