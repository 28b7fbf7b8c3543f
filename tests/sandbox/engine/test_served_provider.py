from __future__ import annotations

from collections.abc import Generator
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.engine.served_provider import served
from sandbox.engine.stand_in_provider import StandInProvider
from sandbox.engine.values import UNKNOWN, to_plain, to_struct
from sandbox.sandbox import REGION, Sandbox, sandbox

TOPIC = "urn:pulumi:dev::project::aws:sns/topic:Topic::mine"
DASHBOARD = "urn:pulumi:dev::project::aws:cloudwatch/dashboard:Dashboard::mine"


@pytest.fixture
def provider() -> Generator[StandInProvider]:
    with sandbox() as world:
        yield _provider(world)


def _provider(world: Sandbox) -> StandInProvider:
    return StandInProvider(world.functions, REGION)


@pytest.fixture
def stub(provider: StandInProvider) -> Generator[Any]:
    """An engine's end of the connection."""
    with served(provider) as address, grpc.insecure_channel(f"127.0.0.1:{address.partition(':')[2]}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def _message(stub: Any, method: str, request: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as raised:
        getattr(stub, method)(request)
    error: Any = raised.value
    return error.code(), error.details()


def test_an_engine_attaches_and_asks_for_what_is_not_there(stub: Any) -> None:
    assert stub.Attach(empty_pb2.Empty()) == empty_pb2.Empty()


@pytest.mark.parametrize("method", ["Handshake", "Parameterize", "GetSchema", "Construct"])
def test_what_is_not_implemented_is_said_to_be(stub: Any, method: str) -> None:
    request = getattr(provider_pb2, {"Handshake": "ProviderHandshakeRequest"}.get(method, f"{method}Request"))()
    assert _message(stub, method, request)[0] == grpc.StatusCode.UNIMPLEMENTED


def test_a_resource_lives_over_the_protocol(stub: Any, provider: StandInProvider) -> None:
    stub.Configure(provider_pb2.ConfigureRequest(args=to_struct({"region": REGION})))
    checked = stub.Check(provider_pb2.CheckRequest(urn=TOPIC, news=to_struct({"tags": {"a": "1"}}), randomSeed=b"1"))
    assert list(checked.failures) == []
    shown = stub.Create(provider_pb2.CreateRequest(urn=TOPIC, properties=checked.inputs, preview=True))
    assert to_plain(shown.properties)["arn"] == UNKNOWN
    made = stub.Create(provider_pb2.CreateRequest(urn=TOPIC, properties=checked.inputs))
    read = stub.Read(provider_pb2.ReadRequest(urn=TOPIC, id=made.id, properties=made.properties, inputs=checked.inputs))
    assert (read.id, read.inputs) == (made.id, checked.inputs)
    news = to_struct({**to_plain(checked.inputs), "name": "other", "tags": {"a": "2"}, "tagsAll": {"a": "2"}})
    ask: dict[str, Any] = {
        "urn": TOPIC,
        "id": made.id,
        "olds": made.properties,
        "old_inputs": checked.inputs,
        "news": news,
    }
    difference = stub.Diff(provider_pb2.DiffRequest(**ask))
    assert sorted(difference.replaces) == ["name"]
    assert sorted(difference.diffs) == ["name", "tags", "tagsAll"]
    assert difference.detailedDiff["name"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    updated = stub.Update(provider_pb2.UpdateRequest(**ask))
    assert to_plain(updated.properties)["tags"] == {"a": "2"}
    stub.Delete(provider_pb2.DeleteRequest(urn=TOPIC, id=made.id, properties=made.properties))
    assert stub.Read(provider_pb2.ReadRequest(urn=TOPIC, id=made.id, properties=made.properties)).id == ""
    assert [operation.what for operation in provider.operations.done] == ["create", "read", "update", "delete", "read"]


def test_what_is_wrong_with_inputs_is_said_by_property(stub: Any) -> None:
    checked = stub.Check(provider_pb2.CheckRequest(urn=DASHBOARD, news=to_struct({"dashboardName": "d"})))
    assert [(failure.property, failure.reason) for failure in checked.failures] == [("dashboardBody", "is required")]


def test_a_function_answers(stub: Any) -> None:
    answer = stub.Invoke(provider_pb2.InvokeRequest(tok="aws:index/getPartition:getPartition"))
    assert to_plain(getattr(answer, "return")) == {"partition": "aws"}


def test_an_error_is_told_by_its_message_alone(stub: Any, provider: StandInProvider) -> None:
    provider.operations.fail("create", "aws:sns/topic:Topic", "mine", "throttled")
    told = _message(stub, "Create", provider_pb2.CreateRequest(urn=TOPIC, properties=to_struct({"name": "t"})))
    assert told == (grpc.StatusCode.UNKNOWN, "create aws:sns/topic:Topic mine: throttled")


def test_a_fault_of_the_stand_in_itself_is_told_with_its_name(stub: Any, capfd: pytest.CaptureFixture[str]) -> None:
    told = _message(stub, "Invoke", provider_pb2.InvokeRequest(tok="aws:ec2/getNothing:getNothing"))
    assert told[1] == "LookupError: the sandbox knows no function aws:ec2/getNothing:getNothing"
    assert "Traceback" in capfd.readouterr().err


def test_config_that_changes_replaces_nothing(stub: Any) -> None:
    config = to_struct({"defaultTags": "{}"})
    assert to_plain(stub.CheckConfig(provider_pb2.CheckRequest(news=config)).inputs) == {"defaultTags": "{}"}
    difference = stub.DiffConfig(provider_pb2.DiffRequest(olds=to_struct({}), news=config))
    assert (difference.changes, list(difference.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])


def test_secrets_arrive_without_their_wrapping() -> None:
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": {"token": "x"}}
    assert to_plain(to_struct({"environment": secret, "list": [secret]})) == {
        "environment": {"token": "x"},
        "list": [{"token": "x"}],
    }
