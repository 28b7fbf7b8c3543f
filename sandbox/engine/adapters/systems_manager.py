"""Documents of Systems Manager."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from sandbox.aws.boto import client
from sandbox.aws.moto_gaps import ACCOUNT_ID
from sandbox.engine.adapters.adapter import Adapter, Created, Inputs, Outputs, picked, retag, same_json, tag_list

_OPTIONS = {"documentFormat": "DocumentFormat", "targetType": "TargetType"}


def _create_document(_: str, inputs: Inputs) -> Created:
    name = inputs["name"]
    client("ssm").create_document(
        Name=name,
        Content=inputs["content"],
        DocumentType=inputs["documentType"],
        Tags=tag_list(inputs.get("tags")),
        **picked(inputs, _OPTIONS),
    )
    region = client("ssm").meta.region_name
    return name, {"arn": f"arn:aws:ssm:{region}:{ACCOUNT_ID}:document/{name}"}


def _read_document(identity: str, known: Outputs) -> Outputs | None:
    try:
        found: Any = client("ssm").get_document(Name=identity, DocumentVersion="$LATEST")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "InvalidDocument":
            raise
        return None
    return {"documentType": found["DocumentType"], "content": same_json(known.get("content"), found["Content"])}


def _update_document(identity: str, old: Outputs, new: Inputs) -> Outputs:
    """A new version, which becomes the default one."""
    systems_manager, options = client("ssm"), picked(new, _OPTIONS)
    if new["content"] != old.get("content"):
        updated = systems_manager.update_document(
            Name=identity, Content=new["content"], DocumentVersion="$LATEST", **options
        )
        version = updated["DocumentDescription"]["DocumentVersion"]
        systems_manager.update_document_default_version(Name=identity, DocumentVersion=version)
    retag(
        old,
        new,
        lambda added: systems_manager.add_tags_to_resource(
            ResourceType="Document", ResourceId=identity, Tags=tag_list(added)
        ),
        lambda removed: systems_manager.remove_tags_from_resource(
            ResourceType="Document", ResourceId=identity, TagKeys=removed
        ),
    )
    return {}


def _delete_document(identity: str, known: Outputs) -> None:
    del known
    client("ssm").delete_document(Name=identity)


SYSTEMS_MANAGER = {
    "aws:ssm/document:Document": Adapter(
        _create_document, _read_document, _delete_document, _update_document, frozenset({"documentType"})
    )
}
