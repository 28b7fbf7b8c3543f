"""Lambda: functions, who may invoke them, and how they are delivered to."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from pathlib import Path
from typing import Any

import pulumi

from sandbox.aws.boto import client
from sandbox.engine.adapters.adapter import (
    Adapter,
    Created,
    Inputs,
    Outputs,
    camel,
    pascal,
    physical_name,
    picked,
    retag,
    unless_missing,
)


def _configuration(inputs: Inputs) -> dict[str, Any]:
    return {
        "Runtime": inputs["runtime"],
        "Role": inputs["role"],
        "Handler": inputs["handler"],
        "Environment": {"Variables": dict(inputs["environment"]["variables"])},
        **picked(
            inputs,
            {
                "description": "Description",
                "loggingConfig": "LoggingConfig",
                "timeout": "Timeout",
                "memorySize": "MemorySize",
                "vpcConfig": "VpcConfig",
            },
        ),
    }


def _archive(inputs: Inputs) -> bytes:
    code: pulumi.FileArchive = inputs["code"]
    path = Path(code.path)
    return _zipped(path) if path.is_dir() else path.read_bytes()


def _zipped(folder: Path) -> bytes:
    """As Pulumi does with a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return content.getvalue()


def _architectures(inputs: Inputs) -> list[str]:
    """Lambda's own default where none is given."""
    return list(inputs.get("architectures") or ["x86_64"])


def _create_function(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    function = client("lambda").create_function(
        FunctionName=title,
        Code={"ZipFile": _archive(inputs)},
        Architectures=_architectures(inputs),
        Tags=dict(inputs.get("tags") or {}),
        **_configuration(inputs),
    )
    return title, {"name": title, "arn": function["FunctionArn"], "version": "$LATEST"}


def _read_function(identity: str, known: Outputs) -> Outputs | None:
    answer: Any = unless_missing(lambda: client("lambda").get_function(FunctionName=identity))
    if answer is None:
        return None
    function = answer["Configuration"]
    read = {
        "arn": function["FunctionArn"],
        "runtime": function["Runtime"],
        "role": function["Role"],
        "handler": function["Handler"],
        "timeout": function["Timeout"],
        "memorySize": function["MemorySize"],
        "environment": {"variables": function.get("Environment", {}).get("Variables", {})},
        "tagsAll": answer.get("Tags", {}),
    }
    if "description" in known:
        read["description"] = function["Description"]
    if "vpcConfig" in known:
        read["vpcConfig"] = camel(function.get("VpcConfig"))
    return read


def _update_function(identity: str, old: Outputs, new: Inputs) -> Outputs:
    functions = client("lambda")
    functions.update_function_code(FunctionName=identity, ZipFile=_archive(new), Architectures=_architectures(new))
    functions.update_function_configuration(FunctionName=identity, **_configuration(new))
    retag(
        old,
        new,
        lambda added: functions.tag_resource(Resource=old["arn"], Tags=added),
        lambda removed: functions.untag_resource(Resource=old["arn"], TagKeys=removed),
    )
    return {}


def _delete_function(identity: str, known: Outputs) -> None:
    del known
    client("lambda").delete_function(FunctionName=identity)


def _create_permission(name: str, inputs: Inputs) -> Created:
    title = inputs.get("statementId") or f"{name}-{uuid.uuid4().hex[:7]}"
    client("lambda").add_permission(
        FunctionName=inputs["function"],
        StatementId=title,
        Action=inputs["action"],
        Principal=inputs["principal"],
        SourceArn=inputs["sourceArn"],
    )
    return title, {"statementId": title}


def _read_permission(identity: str, known: Outputs) -> Outputs | None:
    answer: Any = unless_missing(lambda: client("lambda").get_policy(FunctionName=known["function"]))
    statements: list[dict[str, Any]] = json.loads(answer["Policy"])["Statement"] if answer else []
    return {} if any(statement["Sid"] == identity for statement in statements) else None


def _delete_permission(identity: str, known: Outputs) -> None:
    unless_missing(lambda: client("lambda").remove_permission(FunctionName=known["function"], StatementId=identity))


def _put_delivery(_: str, inputs: Inputs) -> Created:
    client("lambda").put_function_event_invoke_config(
        FunctionName=inputs["functionName"],
        MaximumRetryAttempts=int(inputs["maximumRetryAttempts"]),
        MaximumEventAgeInSeconds=int(inputs["maximumEventAgeInSeconds"]),
        DestinationConfig=pascal(inputs["destinationConfig"]),
    )
    return inputs["functionName"], {}


def _read_delivery(identity: str, known: Outputs) -> Outputs | None:
    del known
    answer: Any = unless_missing(lambda: client("lambda").get_function_event_invoke_config(FunctionName=identity))
    if answer is None:
        return None
    kept = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
    return camel({key: answer[key] for key in kept})


def _update_delivery(identity: str, old: Outputs, new: Inputs) -> Outputs:
    # Of several that were put, moto returns the first.
    _delete_delivery(identity, old)
    _put_delivery(identity, new)
    return {}


def _delete_delivery(identity: str, known: Outputs) -> None:
    del known
    unless_missing(lambda: client("lambda").delete_function_event_invoke_config(FunctionName=identity))


LAMBDA = {
    "aws:lambda/function:Function": Adapter(_create_function, _read_function, _delete_function, _update_function),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": Adapter(
        _put_delivery, _read_delivery, _delete_delivery, _update_delivery
    ),
    "aws:lambda/permission:Permission": Adapter(_create_permission, _read_permission, _delete_permission),
}
