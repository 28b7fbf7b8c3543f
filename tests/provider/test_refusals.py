"""What a user of another language is told of wrong arguments."""

from __future__ import annotations

from monitor_runtime.contract.rules import Problem
from runctl_component import InvalidArgs, NotWatchedError
from runctl_component.provider.names import Shape
from runctl_component.provider.refusals import refusal, refused_by

NAMES = ("grace_seconds", "kms_key_arn")
ARGS = Shape(
    {
        "grace_seconds": ("graceSeconds", Shape()),
        "kms_key_arn": ("kmsKeyArn", Shape()),
        "environment": ("environment", Shape(entries=Shape())),
    }
)


def _invalid(*problems: Problem) -> InvalidArgs:
    return InvalidArgs("TrainingRun 'llama-ft'", problems)


def test_each_property_is_told_with_the_reason_in_our_words() -> None:
    problem = Problem("grace_seconds", got=-1, accepted="0 to 86400", fix="set grace_seconds to 0 or more")
    told = refusal(_invalid(problem), ARGS, NAMES)
    assert told.message == "TrainingRun 'llama-ft': 1 problem"
    reason = "got -1; accepted: 0 to 86400; set graceSeconds to 0 or more"
    assert told.properties == [{"property_path": "graceSeconds", "reason": reason}]


def test_a_value_that_our_words_do_not_show_is_not_shown_by_the_engine_either() -> None:
    problem = Problem("kms_key_arn", got="arn:secret", accepted="an ARN", fix="fix it").without_value()
    told = refusal(_invalid(problem), ARGS, NAMES)
    assert told.properties == []
    assert told.message.splitlines()[1] == (
        "\t\t- property kmsKeyArn has a problem: a secret, which is not shown; accepted: an ARN; fix it"
    )


def test_the_value_of_a_variable_is_not_shown_when_its_name_is_wrong() -> None:
    problem = Problem("environment.A-B", got="A-B", accepted="a name", fix="rename the variable")
    told = refusal(_invalid(problem), ARGS, NAMES)
    assert told.properties == []
    assert "property environment.A-B has a problem: got 'A-B'" in told.message


def test_a_value_is_shown_as_it_is_also_where_it_looks_like_a_name() -> None:
    problem = Problem("grace_seconds", got="grace_seconds", accepted="a number", fix="set it")
    (told,) = refusal(_invalid(problem), ARGS, NAMES).properties
    assert told["reason"].startswith("got 'grace_seconds'; ")


def test_an_error_about_the_monitor_is_told_as_it_is() -> None:
    problem = Problem("bucket", found="unwatched", accepted="a watched one", fix="add kms_key_arn")
    told = refusal(NotWatchedError("TrainingRun 'a'", [problem]), ARGS, NAMES)
    assert told.message.endswith("  bucket: unwatched; accepted: a watched one; add kmsKeyArn")
    assert told.properties == []


def test_our_error_is_found_behind_those_of_what_waited_for_it() -> None:
    ours = _invalid()
    chained = ValueError("while processing an input")
    chained.__cause__ = ours
    again = RuntimeError("while constructing")
    again.__context__ = chained
    assert refused_by(again) is ours


def test_an_error_that_is_not_ours_is_left_to_pulumi() -> None:
    assert refused_by(ValueError("any")) is None
