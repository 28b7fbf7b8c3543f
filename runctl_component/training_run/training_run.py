"""A training run: an instance, and everything that ends it."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract import names
from monitor_runtime.contract.settings import Settings
from monitor_runtime.contract.triggers import first_check_input, heartbeat_input
from runctl_component.args.check_run import checked_run, require_key_in_place
from runctl_component.args.declared import TrainingRunArgs
from runctl_component.args.defaults import (
    PLACEHOLDER_MONITOR,
    PLACEHOLDER_PLACE,
    SETTINGS_FIELDS,
    to_settings,
)
from runctl_component.box.box_tags import box_tags
from runctl_component.box.image import image_parameter, is_parameter
from runctl_component.monitor.monitor import Monitor
from runctl_component.plan.plan_type import Plan
from runctl_component.training_run.box_objects import upload_files
from runctl_component.training_run.fits_monitor import require_fitting_monitor, terms_of, with_handle
from runctl_component.training_run.instance import (
    USER_DATA_FIELDS,
    Tags,
    found_by_tags,
    ignored_changes,
    market_options,
    merged,
    newest_image,
    own_tags,
    powers_off_unmarked,
    shutdown_behavior,
    user_data_text,
    with_tags_of_all_levels,
)
from runctl_component.training_run.instance_profile import profile_of
from runctl_component.training_run.locations import OUTPUTS, SCRIPT_LOG, connect_line, log_folder
from runctl_component.training_run.monitor_link import link_by_handle, link_to
from runctl_component.training_run.own_monitor import create_own_monitor, own_monitor_tag
from runctl_component.training_run.own_place import require_own_place
from runctl_component.training_run.plan_outputs import plan_outputs
from runctl_component.training_run.schedules import create_first_check, create_heartbeat
from runctl_component.training_run.volume_growth import growing_only

BOX_FIELDS = (
    "markers",
    "failure_markers",
    "expected_outputs",
    "shutdown_timeout_seconds",
    "max_runtime_hours",
    "on_deadline",
    "on_failure",
    "idle",
    "spot",
)
"""What the tags for the runner are made of; without markers, the settings need outputs to be whole."""


class TrainingRun(pulumi.ComponentResource):
    """A training run on EC2 that ends itself.

    Resources: the instance, a role and profile for it unless given, its runner as an object in the bucket, the
    heartbeat schedule, the first check, and a `Monitor` of its own unless a shared one is given. ``pulumi up`` ends
    with the first check and fails, with the reason, when the monitor cannot see the instance or read the bucket.
    """

    instance_id: pulumi.Output[str]
    """The EC2 instance."""
    private_ip: pulumi.Output[str]
    """Its address in the VPC."""
    output_uri: pulumi.Output[str]
    """Where the training writes: `s3://bucket/prefix/`."""
    availability_zone: pulumi.Output[str]
    """Where EC2 has put it."""
    connect: pulumi.Output[str]
    """The command that opens a shell on the instance, by Systems Manager: without ssh, a key or an inbound rule."""
    logs: pulumi.Output[str]
    """Where the training's log is stored while it grows: a folder in the bucket. With `user_data`, a file on the
    instance. Live, it is in `/var/log/runctl` on the instance."""
    role_name: pulumi.Output[str | None]
    """The role of the instance, to attach policies to; None where the profile is yours."""
    handle: pulumi.Output[str]
    """The handle of the monitor that watches the run."""
    monitor_function_name: pulumi.Output[str]
    """The Lambda function that watches the run."""
    schedule_arn: pulumi.Output[str]
    """The heartbeat schedule, whose input holds the run's settings."""
    plan: pulumi.Output[Plan]
    """How the run is watched, how it will end, and what watching costs; known at preview."""
    plan_text: pulumi.Output[str]
    """The same for a reviewer: Markdown of some 25 lines, for a pull request's comment."""

    def __init__(
        self,
        name: str,
        args: TrainingRunArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        monitor: Monitor | pulumi.Input[str] | None = None,
    ) -> None:
        """``monitor``: a shared one, itself or its handle, in place of one of the run's own.

        Raises:
            InvalidArgs: with everything that is wrong with the name and the args, before anything is registered.
            NotWatchedError: when the shared monitor watches another place than the run's, or other markers.
        """
        shared, args = with_handle(name, args, monitor)
        checked = checked_run(name, args, monitor=shared.tag if shared else own_monitor_tag(name))
        require_own_place(name, checked)
        terms = terms_of(shared, checked)
        if terms:
            require_fitting_monitor(checked, terms)
        super().__init__("runctl:index:TrainingRun", name, {}, opts)
        self._name = name
        self._checked = checked
        if "monitor" in checked:
            self._monitor = link_by_handle(name, checked, self)
        else:
            self._monitor = link_to(shared or create_own_monitor(name, checked, self._child()))
        require_key_in_place(checked, self._monitor.partition, self._monitor.region)
        self._heartbeat = create_heartbeat(name, checked, self._monitor, self._message(heartbeat_input), self)
        self._create_instance()
        if "spot" in checked:
            self._tag_spot_request()
        message = self._message(first_check_input)
        create_first_check(
            name, checked, self._monitor, message, instance=self._instance, heartbeat=self._heartbeat, parent=self
        )
        self._describe()

    def _child(self, **further: Any) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, **further)

    def _settings(self, args: Mapping[str, Any], monitor: str = PLACEHOLDER_MONITOR) -> Settings:
        return to_settings(self._name, monitor, args, box_reports="command" in self._checked)

    def _create_instance(self) -> None:
        checked, monitor = self._checked, self._monitor
        self._role_name, profile = profile_of(self._name, checked, monitor.partition, self)
        fetched = upload_files(self._name, checked, self) if "command" in checked else []
        self._instance = aws.ec2.Instance(
            self._name,
            ami=self._image(),
            instance_type=checked.read_one("instance_type"),
            iam_instance_profile=profile,
            user_data=checked.gate(
                checked.read_with(
                    USER_DATA_FIELDS, monitor.region, lambda args, region: user_data_text(self._name, args, region)
                )
            ),
            # Otherwise the provider stops and starts the instance in place: a silent restart of the training.
            user_data_replace_on_change=True,
            instance_initiated_shutdown_behavior=checked.read(("on_deadline", "spot"), shutdown_behavior),
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 2,
                "instance_metadata_tags": "enabled" if "command" in checked.given else "disabled",
            },
            root_block_device=self._root_volume(),
            tags=self._tags(),
            opts=self._child(
                # Nothing is launched that is not watched.
                depends_on=[*monitor.depends_on, self._heartbeat, *fetched],
                ignore_changes=ignored_changes(checked.given.get("ami")),
                # In place, the provider would stop and start it: a silent restart.
                replace_on_changes=["instanceType"],
                hooks=growing_only(self._name),
                transformations=[with_tags_of_all_levels],
                # Two trainings must not write to one prefix, and a quota of GPUs seldom allows two.
                delete_before_replace=True,
            ),
            **self._placement_options(),
        )

    def _placement_options(self) -> dict[str, Any]:
        """Inputs of the instance that are left to EC2 unless they are given."""
        checked = self._checked
        same = {field: field for field in ("subnet_id", "key_name")}
        given = checked.given_as({**same, "vpc_security_group_ids": "security_group_ids"})
        if "spot" in checked:
            given["instance_market_options"] = checked.read(("spot", "spot_max_price"), market_options)
        return given

    def _root_volume(self) -> aws.ec2.InstanceRootBlockDeviceArgsDict:
        return {
            "encrypted": True,
            "volume_type": "gp3",
            "volume_size": self._checked.read(("root_volume_gib",), lambda args: int(args["root_volume_gib"])),
            "tags": own_tags(self._name, self._checked),
        }

    def _tags(self) -> Tags:
        checked = self._checked
        box = checked.read(BOX_FIELDS, self._box_tags) if "command" in checked else {}
        return merged(own_tags(self._name, checked), found_by_tags(self._name, self._monitor.tag, checked), box)

    def _box_tags(self, args: Mapping[str, Any]) -> dict[str, str]:
        unmarked = powers_off_unmarked(args, declared=self._checked.given)
        return box_tags(self._settings({**args, **PLACEHOLDER_PLACE}), powers_off_unmarked=unmarked)

    def _tag_spot_request(self) -> None:
        """By this tag the monitor may cancel the request, which it does before it terminates the instance."""
        aws.ec2.Tag(
            f"{self._name}-spot-request",
            resource_id=self._instance.spot_instance_request_id,
            key=names.TAG_MONITOR,
            value=self._monitor.tag,
            opts=self._child(),
        )

    def _image(self) -> pulumi.Input[str]:
        """As declared: an id, or the parameter that holds one; by default the newest that fits the instance type."""
        declared = self._checked.given.get("ami")
        if declared is not None and not is_parameter(declared):
            return self._checked.read_one("ami")
        by_type = self._checked.read(("instance_type",), lambda args: image_parameter(args["instance_type"]))
        return newest_image(declared or by_type, self._monitor.looks_up)

    def _message(self, write: Callable[[dict[str, Any]], str]) -> str | pulumi.Output[str]:
        """A message to the monitor with the run's settings, as ``write`` puts it."""
        return self._checked.read_with(
            SETTINGS_FIELDS, self._monitor.tag, lambda args, tag: write(self._settings(args, tag).to_document())
        )

    def _describe(self) -> None:
        checked, region = self._checked, self._monitor.region
        self.instance_id = self._instance.id
        self.private_ip = self._instance.private_ip
        self.availability_zone = self._instance.availability_zone
        self.output_uri = checked.output(("bucket", "prefix"), lambda args: f"s3://{args['bucket']}/{args['prefix']}")
        self.logs = self.output_uri.apply(log_folder) if "command" in checked else pulumi.Output.from_input(SCRIPT_LOG)
        self.connect = pulumi.Output.all(region, self.instance_id).apply(lambda known: connect_line(*known))
        self.role_name = pulumi.Output.from_input(self._role_name)
        self.handle = pulumi.Output.from_input(self._monitor.handle)
        self.monitor_function_name = pulumi.Output.from_input(self._monitor.function_name)
        self.schedule_arn = self._heartbeat.arn
        self.plan, self.plan_text = plan_outputs(self._name, checked, self._monitor, self.output_uri, self._settings)
        self.register_outputs({output: getattr(self, output) for output in OUTPUTS})
