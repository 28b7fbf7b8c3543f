"""EC2: instances and single tags."""

from __future__ import annotations

import base64
import time
from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import ACCOUNT_ID
from sandbox.engine.adapters.adapter import (
    Adapter,
    Created,
    Inputs,
    Outputs,
    pascal,
    picked,
    retag,
    tag_list,
    tag_map,
    unless_missing,
)

ROOT_DEVICE = "/dev/xvda"
_POLL_SECONDS = 5
_GONE = {"shutting-down", "terminated"}


def _launch(_: str, inputs: Inputs) -> Created:
    volume, volume_tags = _volume(inputs)
    specifications = [
        {"ResourceType": kind, "Tags": tag_list(tags)}
        for kind, tags in (("instance", inputs.get("tags")), ("volume", volume_tags))
        if tags
    ]
    launched = client("ec2").run_instances(
        MinCount=1,
        MaxCount=1,
        ImageId=inputs["ami"],
        InstanceType=inputs["instanceType"],
        UserData=inputs["userData"],
        IamInstanceProfile={"Name": inputs["iamInstanceProfile"]},
        InstanceInitiatedShutdownBehavior=inputs["instanceInitiatedShutdownBehavior"],
        MetadataOptions=pascal(inputs["metadataOptions"]),
        BlockDeviceMappings=[{"DeviceName": ROOT_DEVICE, "Ebs": volume}],
        TagSpecifications=specifications,
        **picked(
            inputs,
            {
                "subnetId": "SubnetId",
                "vpcSecurityGroupIds": "SecurityGroupIds",
                "keyName": "KeyName",
                "instanceMarketOptions": "InstanceMarketOptions",
            },
        ),
    )["Instances"][0]
    return launched["InstanceId"], _described(launched)


def _volume(inputs: Inputs) -> tuple[dict[str, Any], dict[str, str]]:
    device = inputs["rootBlockDevice"]
    volume = {
        "Encrypted": device["encrypted"],
        "VolumeType": device["volumeType"],
        "VolumeSize": int(device["volumeSize"]),
    }
    return volume, dict(device.get("tags") or {})


def _described(instance: Any) -> Outputs:
    """What only EC2 knows."""
    place = instance["Placement"]["AvailabilityZone"]
    return {
        "arn": f"arn:aws:ec2:{place[:-1]}:{ACCOUNT_ID}:instance/{instance['InstanceId']}",
        "availabilityZone": place,
        "privateIp": instance.get("PrivateIpAddress", ""),
        "publicIp": instance.get("PublicIpAddress", ""),
        "subnetId": instance.get("SubnetId", ""),
        "vpcSecurityGroupIds": [group["GroupId"] for group in instance.get("SecurityGroups", [])],
        "instanceState": instance["State"]["Name"],
        "spotInstanceRequestId": instance.get("SpotInstanceRequestId", ""),
    }


def _find(identity: str) -> Any:
    answer: Any = unless_missing(lambda: client("ec2").describe_instances(InstanceIds=[identity]))
    return answer["Reservations"][0]["Instances"][0] if answer else None


def _read(identity: str, known: Outputs) -> Outputs | None:
    """A terminated instance is gone, though EC2 tells of it for a while."""
    instance = _find(identity)
    if instance is None or instance["State"]["Name"] in _GONE:
        return None
    return {
        **_described(instance),
        "spotInstanceRequestId": instance.get("SpotInstanceRequestId", known.get("spotInstanceRequestId", "")),
        "ami": instance["ImageId"],
        "instanceType": instance["InstanceType"],
        "tagsAll": tag_map(instance.get("Tags")),
    }


def _update(identity: str, old: Outputs, new: Inputs) -> Outputs:
    """In place, in the provider's order: first what is easy, then what the instance has to be stopped for."""
    ec2 = client("ec2")
    _update_tags(identity, old, new)
    if old.get("iamInstanceProfile") != new["iamInstanceProfile"]:
        association = ec2.describe_iam_instance_profile_associations(
            Filters=[{"Name": "instance-id", "Values": [identity]}]
        )["IamInstanceProfileAssociations"][0]
        ec2.replace_iam_instance_profile_association(
            AssociationId=association["AssociationId"], IamInstanceProfile={"Name": new["iamInstanceProfile"]}
        )
    behavior = new["instanceInitiatedShutdownBehavior"]
    if old.get("instanceInitiatedShutdownBehavior") != behavior:
        ec2.modify_instance_attribute(InstanceId=identity, InstanceInitiatedShutdownBehavior={"Value": behavior})
    if new.get("vpcSecurityGroupIds"):
        ec2.modify_instance_attribute(InstanceId=identity, Groups=list(new["vpcSecurityGroupIds"]))
    ec2.modify_instance_metadata_options(InstanceId=identity, **pascal(new["metadataOptions"]))
    _update_volume(identity, new)
    _update_stopped(identity, old, new)
    return _described(_find(identity))


def _update_tags(identity: str, old: Outputs, new: Inputs) -> None:
    retag(
        old,
        new,
        lambda added: client("ec2").create_tags(Resources=[identity], Tags=tag_list(added)),
        lambda removed: client("ec2").delete_tags(Resources=[identity], Tags=[{"Key": key} for key in removed]),
    )


def _update_volume(identity: str, new: Inputs) -> None:
    wanted, tags = _volume(new)
    ec2 = client("ec2")
    mapped = _find(identity)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    volume = ec2.describe_volumes(VolumeIds=[mapped])["Volumes"][0]
    if wanted["VolumeSize"] < volume["Size"]:
        message = f"New size cannot be smaller than existing size, {volume['Size']}"
        raise ClientError({"Error": {"Code": "InvalidParameterValue", "Message": message}}, "ModifyVolume")
    if (wanted["VolumeSize"], wanted["VolumeType"]) != (volume["Size"], volume["VolumeType"]):
        ec2.modify_volume(VolumeId=mapped, Size=wanted["VolumeSize"], VolumeType=wanted["VolumeType"])
    if tags:
        ec2.create_tags(Resources=[mapped], Tags=tag_list(tags))


def _update_stopped(identity: str, old: Outputs, new: Inputs) -> None:
    """A silent restart: the instance is stopped, changed and started."""
    changed: dict[str, Any] = {}
    if old.get("instanceType") != new["instanceType"]:
        changed["InstanceType"] = {"Value": new["instanceType"]}
    if old.get("userData") != new["userData"]:
        changed["UserData"] = {"Value": base64.b64encode(new["userData"].encode())}
    if not changed:
        return
    ec2 = client("ec2")
    ec2.stop_instances(InstanceIds=[identity])
    _wait(identity, {"stopped"})
    for attribute, value in changed.items():
        ec2.modify_instance_attribute(InstanceId=identity, **{attribute: value})
    ec2.start_instances(InstanceIds=[identity])
    _wait(identity, {"running"})


def _wait(identity: str, states: set[str]) -> None:
    """The provider waits; in virtual time this is where the world goes on meanwhile."""
    while (instance := _find(identity)) is not None and instance["State"]["Name"] not in states:
        time.sleep(_POLL_SECONDS)


def _terminate(identity: str, known: Outputs) -> None:
    del known
    if unless_missing(lambda: client("ec2").terminate_instances(InstanceIds=[identity])):
        _wait(identity, {"terminated"})


def _put_tag(_: str, inputs: Inputs) -> Created:
    tag = {"Key": inputs["key"], "Value": inputs["value"]}
    client("ec2").create_tags(Resources=[inputs["resourceId"]], Tags=[tag])
    return f"{inputs['resourceId']},{inputs['key']}", {}


def _read_tag(identity: str, known: Outputs) -> Outputs | None:
    del identity
    resource, key = known["resourceId"], known["key"]
    filters = [{"Name": "resource-id", "Values": [resource]}, {"Name": "key", "Values": [key]}]
    found = client("ec2").describe_tags(Filters=filters)["Tags"]
    return {"value": found[0]["Value"]} if found else None


def _update_tag(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_tag(identity, new)
    return {}


def _delete_tag(identity: str, known: Outputs) -> None:
    del identity
    client("ec2").delete_tags(Resources=[known["resourceId"]], Tags=[{"Key": known["key"]}])


COMPUTE = {
    "aws:ec2/instance:Instance": Adapter(
        _launch, _read, _terminate, _update, not_in_moto=frozenset({"userDataReplaceOnChange"})
    ),
    "aws:ec2/tag:Tag": Adapter(_put_tag, _read_tag, _delete_tag, _update_tag),
}
