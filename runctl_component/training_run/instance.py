"""The EC2 instance of a run: its image, tags, user data, purchase, and what becomes of it when it powers off."""

from collections.abc import Container, Mapping
from decimal import Decimal
from typing import Any, cast
from weakref import WeakKeyDictionary

import pulumi
import pulumi_aws as aws

from monitor_runtime.contract import names
from runctl_component.args.checked_args import CheckedArgs
from runctl_component.args.defaults import to_training
from runctl_component.box.image import is_parameter
from runctl_component.box.user_data import render_user_data

_IMAGES: WeakKeyDictionary[pulumi.Resource, dict[str, pulumi.Output[str]]] = WeakKeyDictionary()

Tags = pulumi.Input[Mapping[str, pulumi.Input[str]]]


def ignored_changes(ami: object) -> list[str]:
    """Inputs of the instance whose changes are not Pulumi's, by the image as declared.

    Tags that the monitor, or a person with a hold, writes later are theirs; in ``tagsAll`` too, by which the provider
    updates tags, and into which a refresh takes them. An image that is looked up counts at creation: a newer one must
    not replace a running training.
    """
    tags = [f'{level}["{tag}"]' for level in ("tags", "tagsAll") for tag in names.WRITTEN_AFTER_LAUNCH]
    is_deliberate = isinstance(ami, str) and not is_parameter(ami)
    return tags if is_deliberate else ["ami", *tags]


def with_tags_of_all_levels(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
    """The same instance, with ``tagsAll`` among its inputs.

    The provider overwrites it with ``tags`` and its own default tags. Where it is missing, the engine says at every
    preview that it cannot ignore changes below it.
    """
    props: dict[str, Any] = {**cast("Mapping[str, Any]", args.props)}
    return pulumi.ResourceTransformationResult({**props, "tagsAll": props["tags"]}, args.opts)


def newest_image(parameter: pulumi.Input[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    """The image in an SSM parameter; runs with one ``parent`` ask for it once, however many they are."""
    if not isinstance(parameter, str):
        return _look_up_image(parameter, parent)
    known = _IMAGES.setdefault(parent, {})
    if parameter not in known:
        known[parameter] = _look_up_image(parameter, parent)
    return known[parameter]


def _look_up_image(parameter: pulumi.Input[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    found = aws.ssm.get_parameter_output(name=parameter, opts=pulumi.InvokeOptions(parent=parent))
    # Public: as a secret, it would hide the image in every preview.
    return found.insecure_value


def own_tags(name: str, checked: CheckedArgs) -> Tags:
    """The caller's tags, and the name: an Output as the value of one leaves the others plain."""
    own = checked.given.get("tags", {})
    if isinstance(own, Mapping):
        return {"Name": name, **cast("Mapping[str, pulumi.Input[str]]", own)}
    return checked.read(("tags",), lambda args: {"Name": name, **args["tags"]})


def found_by_tags(name: str, monitor: pulumi.Input[str], checked: CheckedArgs) -> Tags:
    """The tags by which the monitor and its events find the instance."""
    return {
        names.TAG_MONITOR: monitor,
        names.TAG_RUN: name,
        names.TAG_SCHEDULE: names.heartbeat_name(name),
        names.TAG_OUTPUT: checked.read(
            ("bucket", "prefix"), lambda args: names.output_tag(args["bucket"], args["prefix"])
        ),
    }


def merged(*parts: Tags) -> Tags:
    """Later tags win. As long as each part has its keys, an unknown value hides no other."""
    if any(isinstance(part, pulumi.Output) for part in parts):
        return pulumi.Output.all(*parts).apply(lambda known: {key: tag for part in known for key, tag in part.items()})
    return {key: tag for part in parts for key, tag in cast("Mapping[str, pulumi.Input[str]]", part).items()}


def shutdown_behavior(checked: Mapping[str, Any]) -> str:
    """What EC2 does with an instance that powers itself off; it cannot stop one-time spot instances."""
    destroys = checked["on_deadline"] == "terminate" or checked.get("spot") == "one-time"
    return "terminate" if destroys else "stop"


def powers_off_unmarked(checked: Mapping[str, Any], declared: Container[str]) -> bool:
    """Whether the instance may give up on a marker that it cannot write.

    Where powering off destroys the disk, and with it what could not be uploaded, the program itself must have
    ``declared`` that a failed run and one past its deadline are terminated.
    """
    if checked["on_failure"] == "report":
        return False
    if shutdown_behavior(checked) == "stop":
        return True
    return all(field in declared and checked[field] == "terminate" for field in ("on_failure", "on_deadline"))


def market_options(checked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The purchase of a spot instance; None on demand."""
    if "spot" not in checked:
        return None
    persistent = checked["spot"] == "persistent"
    options = {
        "spot_instance_type": checked["spot"],
        "instance_interruption_behavior": "stop" if persistent else "terminate",
    }
    if "spot_max_price" in checked:
        # EC2 answers with six decimals, and any other text for the same price would be a replacement.
        options["max_price"] = f"{Decimal(checked['spot_max_price']):.6f}"
    return {"market_type": "spot", "spot_options": options}


USER_DATA_FIELDS = (
    *("command", "user_data", "environment", "secrets", "code", "bucket", "prefix"),
    *("server_side_encryption", "kms_key_arn"),
)


def user_data_text(name: str, checked: Mapping[str, Any], region: str) -> str:
    """The caller's own user data, or the on-box runner with the command."""
    if "user_data" in checked:
        return checked["user_data"]
    return render_user_data(to_training(name, checked, region))
