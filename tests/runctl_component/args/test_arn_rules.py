"""Keys, topics and profiles by the right kind of name, and in the right region."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from runctl_component import Monitor, TrainingRun
from runctl_component.args.arn_rules import Place, key_arn, key_place_problems, profile_name, topic_place_problems

from ..forms import BASE, KEY, TOPIC
from ..recording import record, unknown

ELSEWHERE = KEY.replace("us-east-1", "eu-west-1")
TOPIC_ELSEWHERE = TOPIC.replace("us-east-1", "eu-west-1")
HERE = Place("aws", "us-east-1")


@pytest.mark.parametrize("name", ["alias/key", KEY.replace("key/1234abcd-12ab-34cd-56ef-1234567890ab", "alias/key")])
def test_whoever_names_an_alias_is_told_how_to_find_the_key(name: str) -> None:
    (problem,) = key_arn("kms_key_arn", name)
    assert "aws kms describe-key --key-id alias/key " in problem.fix


def test_the_arn_of_a_profile_is_refused_with_the_name_in_it() -> None:
    (problem,) = profile_name("iam_instance_profile", "arn:aws:iam::123456789012:instance-profile/team/training")
    assert problem.fix == "write training"


@pytest.mark.parametrize(
    "role", ["arn:aws:iam::123456789012:role/training", "arn:aws:iam::123456789012:instance-profile/"]
)
def test_what_names_no_profile_gets_an_example(role: str) -> None:
    (problem,) = profile_name("iam_instance_profile", role)
    assert problem.fix == "write for example my-training-profile"


@pytest.mark.parametrize(
    ("arn", "fix"),
    [
        (ELSEWHERE, "name the key with which the bucket is encrypted"),
        (KEY.replace("arn:aws:", "arn:aws-cn:"), "name the key with which the bucket is encrypted"),
        (
            "arn:aws:kms:eu-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "name its replica in us-east-1",
        ),
    ],
)
def test_a_key_of_another_region_or_partition_is_refused(arn: str, fix: str) -> None:
    (problem,) = key_place_problems("kms_key_arn", arn, HERE)
    assert problem.accepted == "a key in us-east-1, the region of the stack: arn:aws:kms:us-east-1:..."
    assert problem.fix == fix


def test_a_topic_of_another_partition_is_refused() -> None:
    (problem,) = topic_place_problems("notify_topic_arn", TOPIC.replace("arn:aws:", "arn:aws-cn:"), HERE)
    assert problem.accepted == "a topic in us-east-1, the region of the monitor: arn:aws:sns:us-east-1:..."


def test_a_key_and_a_topic_of_the_region_are_accepted() -> None:
    assert [*key_place_problems("kms_key_arn", KEY, HERE), *topic_place_problems("notify_topic_arn", TOPIC, HERE)] == []


@pytest.mark.parametrize("wrap", [str, pulumi.Output.from_input], ids=["plain", "output"])
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_run_whose_key_is_of_another_region_is_refused_and_not_launched(wrap: Any, *, preview: bool) -> None:
    def program() -> None:
        monitor = Monitor("shared", {"watch": [{"bucket": "outputs"}]})
        TrainingRun("llama-ft", {**BASE, "kms_key_arn": wrap(ELSEWHERE)}, monitor=monitor)

    with pytest.raises(ValueError, match=rf"(?s)TrainingRun 'llama-ft'.*kms_key_arn: got '{ELSEWHERE}'"):
        record(program, preview=preview)


@pytest.mark.parametrize("wrap", [str, pulumi.Output.from_input], ids=["plain", "output"])
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_monitor_whose_topic_and_keys_are_of_another_region_is_refused_with_all_of_them(
    wrap: Any, *, preview: bool
) -> None:
    def program() -> None:
        entries = [{"bucket": "outputs"}, {"bucket": "others", "kms_key_arn": wrap(ELSEWHERE)}]
        topic = {"notify_topic_arn": wrap(TOPIC_ELSEWHERE), "notify_key_arn": wrap(ELSEWHERE)}
        Monitor("shared", {"watch": entries, **topic})  # pyright: ignore[reportArgumentType]

    with pytest.raises(ValueError, match=r"(?s)Monitor 'shared': 3 problems") as caught:
        record(program, preview=preview)
    assert f"watch[1].kms_key_arn: got '{ELSEWHERE}'" in str(caught.value)
    assert f"notify_topic_arn: got '{TOPIC_ELSEWHERE}'" in str(caught.value)
    assert f"notify_key_arn: got '{ELSEWHERE}'" in str(caught.value)


def test_a_topic_elsewhere_is_refused_in_a_preview_that_does_not_know_the_bucket() -> None:
    def program() -> None:
        Monitor("shared", {"watch": [{"bucket": unknown()}], "notify_topic_arn": TOPIC_ELSEWHERE})

    with pytest.raises(ValueError, match=rf"Monitor 'shared': 1 problem\n  notify_topic_arn: got '{TOPIC_ELSEWHERE}'"):
        record(program, preview=True)


def test_an_error_shows_no_secret_key() -> None:
    def program() -> None:
        TrainingRun("llama-ft", {**BASE, "kms_key_arn": pulumi.Output.secret(ELSEWHERE)})

    with pytest.raises(ValueError, match="kms_key_arn: a secret, which is not shown") as caught:
        record(program)
    assert ELSEWHERE not in str(caught.value)


def test_a_key_that_is_still_unknown_stops_no_preview() -> None:
    def program() -> None:
        TrainingRun("llama-ft", {**BASE, "kms_key_arn": unknown()})

    assert record(program, preview=True).one("Instance", "llama-ft")
