"""A first check refuses a run whose place an instance of another run has."""

from __future__ import annotations

import pytest

from monitor_runtime.cloud.interface import ErrorKind
from monitor_runtime.cloud.pages import Page, UploadPage
from monitor_runtime.contract import names
from monitor_runtime.contract.times import format_time
from monitor_runtime.observe.first_check import FirstCheckError, prove
from sandbox.aws.boto import client

from ..builders import instance, settings
from ..cloud.moto_cloud import BUCKET, MONITOR, PREFIX, Cloud, moto_cloud
from ..fakes import FakeClock, ScriptedCloud, failure

OTHERS = "team/prod/runs"


def _tag(instance_id: str, **tags: str) -> None:
    entries = [{"Key": f"runctl:{key}", "Value": value} for key, value in tags.items()]
    client("ec2").create_tags(Resources=[instance_id], Tags=entries)


def _other(cloud: Cloud, monitor: str = OTHERS, run: str = "mixtral-ft") -> str:
    """An instance of another run that writes to the same place."""
    instance_id = cloud.launch_another()
    _tag(instance_id, monitor=monitor, run=run)
    return instance_id


def _refused(cloud: Cloud) -> str:
    with pytest.raises(FirstCheckError) as caught:
        cloud.check("first-check")
    return str(caught.value)


def test_the_error_names_the_other_instance_with_its_run_and_its_monitor_and_what_to_do() -> None:
    with moto_cloud() as cloud:
        other = _other(cloud)
        assert _refused(cloud) == (
            f"run llama-ft cannot be watched: {BUCKET}/{PREFIX} is the place of instance {other} too (running), of run"
            f" mixtral-ft under monitor {OTHERS}: give this run another prefix, or remove the other one first"
        )


@pytest.mark.parametrize(
    ("monitor", "run"), [(OTHERS, "llama-ft"), (MONITOR, "mixtral-ft")], ids=["another monitor", "another run"]
)
def test_the_same_monitor_or_the_same_name_is_not_enough_to_share_a_place(monitor: str, run: str) -> None:
    with moto_cloud() as cloud:
        assert _other(cloud, monitor, run) in _refused(cloud)


@pytest.mark.parametrize("end", ["stop_instances", "terminate_instances"])
def test_an_instance_that_is_stopped_or_terminated_has_left_its_place(end: str) -> None:
    with moto_cloud() as cloud:
        getattr(client("ec2"), end)(InstanceIds=[_other(cloud)])
        assert cloud.check("first-check")["decision"] == "wait"


@pytest.mark.parametrize(("minutes", "is_free"), [(9, True), (11, False)])
def test_an_instance_that_pulumi_is_about_to_remove_leaves_its_place_unless_it_lives_on(
    minutes: int, *, is_free: bool
) -> None:
    with moto_cloud() as cloud:
        _tag(_other(cloud), released=format_time(cloud.clock.now()))
        cloud.pass_time(minutes=minutes)
        if is_free:
            assert cloud.check("first-check")["decision"] == "wait"
        else:
            assert "too (running)" in _refused(cloud)


def test_another_instance_of_the_same_run_is_no_obstacle() -> None:
    with moto_cloud() as cloud:
        cloud.launch_another()
        assert cloud.check("first-check")["decision"] == "wait"


def test_an_instance_of_another_place_is_no_obstacle() -> None:
    with moto_cloud() as cloud:
        _tag(_other(cloud), output=names.output_tag(BUCKET, f"{PREFIX}2/"))
        assert cloud.check("first-check")["decision"] == "wait"


def test_a_place_that_becomes_free_while_the_first_check_is_patient_is_no_obstacle() -> None:
    with moto_cloud() as cloud:
        other = _other(cloud)
        cloud.clock.at(
            cloud.clock.now().replace(minute=1), lambda: client("ec2").terminate_instances(InstanceIds=[other])
        )
        assert cloud.check("first-check")["decision"] == "wait"


def test_a_first_check_that_cannot_look_for_others_proves_nothing() -> None:
    run = settings()
    own = instance(tags=names.run_tags(run.monitor, run.run))
    scripted = ScriptedCloud(
        {
            "find_instances": [(own,), failure(ErrorKind.TRANSIENT)] * 20,
            "list_folder": [Page((), None)],
            "bucket_region": ["us-east-1"],
            "list_uploads": [UploadPage(())],
        }
    )
    with pytest.raises(FirstCheckError, match=f"instances of other runs at {run.bucket}/{PREFIX} cannot be seen"):
        prove(scripted.cloud, FakeClock(), run, "us-east-1")
