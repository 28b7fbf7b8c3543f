"""The handler on moto: an audit looks again at what is odd, and makes it good; either may fail."""

from __future__ import annotations

import pytest

from sandbox.aws.boto import client

from .audits import audit, delete, flaws, rewrite
from .cloud.aws_failures import error
from .cloud.moto_cloud import GROUP, RUN, moto_cloud
from .handler_paths import watched
from .log_lines import logged


@pytest.mark.parametrize("flaw", ["no-switch", "switch-disabled"])
@pytest.mark.parametrize("call", ["scheduler:GetSchedule", "ec2:DescribeInstances"])
def test_a_finding_whose_second_look_fails_is_told_with_the_failure(flaw: str, call: str) -> None:
    with moto_cloud() as cloud, logged() as log:
        watched(cloud)
        if flaw == "no-switch":
            delete(cloud.switch_name)
        else:
            rewrite(cloud.switch_name, State="DISABLED")
        describe = client("ec2").describe_instances

        def denied_later() -> object:
            if len(cloud.made()) > 2:
                raise error("AccessDeniedException", 403)
            return describe(Filters=cloud.calls[-1][1]["Filters"])

        cloud.faults[call] = denied_later
        reply = audit(cloud)
        assert flaws(reply) == [(flaw, cloud.instance_id, False)]
        assert f"{cloud.instance_id} not looked at again: {call}" in " ".join(reply["problems"])
        assert log.measured("AuditFindings")[-1] == 1.0


@pytest.mark.parametrize("name", [RUN, "switch"])
def test_a_finding_whose_repair_fails_is_told_with_the_failure(name: str) -> None:
    with moto_cloud() as cloud:
        delete(watched(cloud).switch_name)
        cloud.pass_time(hours=2)
        get = client("scheduler").get_schedule

        def denied_at_the_repair() -> object:
            wanted = cloud.calls[-1][1]["Name"]
            asked = sum(call == "scheduler:GetSchedule" and it["Name"] == wanted for call, it in cloud.calls)
            if asked > 1 and (wanted == RUN) == (name == RUN):
                raise error("AccessDeniedException", 403)
            return get(GroupName=GROUP, Name=wanted)

        cloud.faults["scheduler:GetSchedule"] = denied_at_the_repair
        reply = audit(cloud)
        assert flaws(reply) == [("no-switch", cloud.instance_id, False)]
        assert "it could not be armed again" in reply["problems"][0]
        assert "scheduler:GetSchedule" in " ".join(reply["problems"])


def test_a_run_that_ends_between_the_two_looks_is_no_finding() -> None:
    with moto_cloud() as cloud:
        watched(cloud)
        delete(cloud.switch_name)

        def ended() -> object:
            cloud.faults.clear()
            client("ec2").stop_instances(InstanceIds=[cloud.instance_id])
            raise error("ResourceNotFoundException", 404)

        cloud.faults["scheduler:GetSchedule"] = ended
        assert audit(cloud)["findings"] == []
        assert cloud.switch_name not in cloud.schedules()
