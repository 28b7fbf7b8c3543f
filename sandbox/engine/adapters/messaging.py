"""Queues and topics."""

from __future__ import annotations

from typing import Any

from sandbox.aws.boto import client
from sandbox.engine.adapters.adapter import (
    Adapter,
    Created,
    Inputs,
    Outputs,
    physical_name,
    retag,
    same_json,
    tag_list,
    unless_missing,
)


def _queue_attributes(inputs: Inputs) -> dict[str, str]:
    """The provider refuses a key beside that of SQS's own; here the latter is then left unread."""
    key = inputs.get("kmsMasterKeyId")
    own = {"KmsMasterKeyId": key} if key else {"SqsManagedSseEnabled": str(inputs["sqsManagedSseEnabled"]).lower()}
    return {"MessageRetentionPeriod": str(int(inputs["messageRetentionSeconds"])), **own}


def _create_queue(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    tags = dict(inputs.get("tags") or {})
    url = client("sqs").create_queue(QueueName=title, Attributes=_queue_attributes(inputs), tags=tags)["QueueUrl"]
    return url, {"name": title, "url": url, "arn": _read_attributes(url)["QueueArn"]}


def _read_attributes(url: str) -> dict[str, str]:
    return client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def _read_queue(identity: str, known: Outputs) -> Outputs | None:
    del known
    attributes = unless_missing(lambda: _read_attributes(identity))
    if attributes is None:
        return None
    return {
        "arn": attributes["QueueArn"],
        "messageRetentionSeconds": int(attributes["MessageRetentionPeriod"]),
        **_read_encryption(attributes),
    }


def _read_encryption(attributes: dict[str, str]) -> Outputs:
    if attributes.get("KmsMasterKeyId"):
        return {"kmsMasterKeyId": attributes["KmsMasterKeyId"]}
    return {"sqsManagedSseEnabled": attributes["SqsManagedSseEnabled"] == "true"}


def _update_queue(identity: str, old: Outputs, new: Inputs) -> Outputs:
    queues = client("sqs")
    queues.set_queue_attributes(QueueUrl=identity, Attributes=_queue_attributes(new))
    retag(
        old,
        new,
        lambda added: queues.tag_queue(QueueUrl=identity, Tags=added),
        lambda removed: queues.untag_queue(QueueUrl=identity, TagKeys=removed),
    )
    return {}


def _delete_queue(identity: str, known: Outputs) -> None:
    del known
    client("sqs").delete_queue(QueueUrl=identity)


def _put_queue_policy(_: str, inputs: Inputs) -> Created:
    client("sqs").set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
    return inputs["queueUrl"], {}


def _read_queue_policy(identity: str, known: Outputs) -> Outputs | None:
    attributes = unless_missing(lambda: _read_attributes(identity))
    text = (attributes or {}).get("Policy")
    return {"policy": same_json(known.get("policy"), text)} if text else None


def _update_queue_policy(identity: str, old: Outputs, new: Inputs) -> Outputs:
    del old
    _put_queue_policy(identity, new)
    return {}


def _delete_queue_policy(identity: str, known: Outputs) -> None:
    del known
    unless_missing(lambda: client("sqs").set_queue_attributes(QueueUrl=identity, Attributes={"Policy": ""}))


def _create_topic(name: str, inputs: Inputs) -> Created:
    title = physical_name(name, inputs)
    arn = client("sns").create_topic(Name=title, Tags=tag_list(inputs.get("tags")))["TopicArn"]
    return arn, {"name": title, "arn": arn}


def _read_topic(identity: str, known: Outputs) -> Outputs | None:
    del known
    found: Any = unless_missing(lambda: client("sns").get_topic_attributes(TopicArn=identity))
    return {"arn": identity} if found else None


def _update_topic(identity: str, old: Outputs, new: Inputs) -> Outputs:
    retag(
        old,
        new,
        lambda added: client("sns").tag_resource(ResourceArn=identity, Tags=tag_list(added)),
        lambda removed: client("sns").untag_resource(ResourceArn=identity, TagKeys=removed),
    )
    return {}


def _delete_topic(identity: str, known: Outputs) -> None:
    del known
    client("sns").delete_topic(TopicArn=identity)


def _subscribe(_: str, inputs: Inputs) -> Created:
    answer = client("sns").subscribe(
        TopicArn=inputs["topic"], Protocol=inputs["protocol"], Endpoint=inputs["endpoint"], ReturnSubscriptionArn=True
    )
    return answer["SubscriptionArn"], {"arn": answer["SubscriptionArn"]}


def _read_subscription(identity: str, known: Outputs) -> Outputs | None:
    del known
    found: Any = unless_missing(lambda: client("sns").get_subscription_attributes(SubscriptionArn=identity))
    if found is None:
        return None
    attributes = found["Attributes"]
    names = {"arn": "SubscriptionArn", "topic": "TopicArn", "protocol": "Protocol", "endpoint": "Endpoint"}
    return {pulumis: attributes[snss] for pulumis, snss in names.items()}


def _unsubscribe(identity: str, known: Outputs) -> None:
    del known
    client("sns").unsubscribe(SubscriptionArn=identity)


MESSAGING = {
    "aws:sns/topic:Topic": Adapter(_create_topic, _read_topic, _delete_topic, _update_topic),
    "aws:sns/topicSubscription:TopicSubscription": Adapter(_subscribe, _read_subscription, _unsubscribe),
    "aws:sqs/queue:Queue": Adapter(_create_queue, _read_queue, _delete_queue, _update_queue),
    "aws:sqs/queuePolicy:QueuePolicy": Adapter(
        _put_queue_policy, _read_queue_policy, _delete_queue_policy, _update_queue_policy
    ),
}
