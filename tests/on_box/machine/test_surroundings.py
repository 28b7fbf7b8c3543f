"""What a booted box sees: its metadata service, its role, and an S3 that can fail."""

from __future__ import annotations

import json

import pytest

from sandbox.box.machine import Box

UPLOAD = "echo trained >/tmp/log; AWS_MAX_ATTEMPTS=1 aws --cli-read-timeout 2 s3 cp --no-progress /tmp/log s3://outputs/{key}"


def metadata(box: Box, path: str) -> str:
    """What the service tells, as curl gets it with a token; the status where that is no success."""
    lifetime = "X-aws-ec2-metadata-token-ttl-seconds: 60"
    get_token = f"curl -sf -m 2 -X PUT -H '{lifetime}' http://169.254.169.254/latest/api/token"
    asked = f'-H "X-aws-ec2-metadata-token: $({get_token})" http://169.254.169.254/latest/meta-data/{path}'
    return box.run(f"curl -s -m 2 -w '%{{http_code}}' {asked}").stdout.removesuffix("200")


def test_systemd_runs_and_no_unit_has_failed(machine: Box) -> None:
    assert machine.run("systemctl is-system-running --wait; cat /proc/1/comm").stdout == "running\nsystemd\n"


def test_cloud_init_knows_its_instance_from_the_metadata_service(machine: Box) -> None:
    assert machine.run("cat /var/lib/cloud/data/instance-id").stdout.strip() == machine.metadata.instance_id


def test_the_console_shows_what_user_data_printed(machine: Box) -> None:
    assert "said by user data" in machine.console()


def test_the_aws_cli_reaches_s3(machine: Box) -> None:
    machine.run(UPLOAD.format(key="runs/cli.txt"))
    assert machine.object("runs/cli.txt") == b"trained\n"


def test_the_aws_cli_gets_the_credentials_of_the_role_with_a_token(machine: Box) -> None:
    machine.metadata.seen.clear()
    machine.run("aws s3 ls s3://outputs")
    asked = [(seen.method, seen.path.removeprefix("/latest/"), seen.status) for seen in machine.metadata.seen]
    assert asked == [
        ("PUT", "api/token", 200),
        ("GET", "meta-data/iam/security-credentials/", 200),
        ("GET", "meta-data/iam/security-credentials/training", 200),
    ]


def test_a_large_object_arrives_in_parts(machine: Box) -> None:
    machine.run("head -c 20M /dev/zero >/tmp/large; aws s3 cp --no-progress /tmp/large s3://outputs/large")
    assert (len(machine.object("large")), machine.s3.uploads().count("large")) == (20 * 2**20, 3)


def test_the_metadata_service_tells_nothing_without_a_token(machine: Box) -> None:
    answer = machine.run("curl -s -w '%{http_code}' http://169.254.169.254/latest/meta-data/instance-id").stdout
    assert answer == "401"


@pytest.mark.parametrize("ttl", ["0", "21601", "soon"])
def test_a_token_is_not_given_for_an_impossible_time(machine: Box, ttl: str) -> None:
    asked = f"-X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: {ttl}' http://169.254.169.254/latest/api/token"
    assert machine.run(f"curl -s -w '%{{http_code}}' {asked}").stdout == "400"


def test_tags_are_visible_through_the_metadata_service(machine: Box) -> None:
    assert metadata(machine, "tags/instance/") == "Name\nrunctl:success-marker"
    assert metadata(machine, "tags/instance/Name") == "llama, 2nd try"


def test_a_changed_tag_is_seen_at_once(machine: Box) -> None:
    machine.metadata.set_tags({"Name": "3rd try"})
    assert metadata(machine, "tags/instance/Name") == "3rd try"


def test_a_tag_that_was_taken_away_is_not_found(machine: Box) -> None:
    machine.metadata.remove_tags("Name")
    assert metadata(machine, "tags/instance/Name") == "404"


def test_without_any_tag_there_are_none(machine: Box) -> None:
    machine.metadata.remove_all_tags()
    assert metadata(machine, "tags/instance/") == "404"


def test_a_metadata_service_that_is_down_answers_nobody(machine: Box) -> None:
    machine.metadata.reset()
    assert machine.run("curl -s http://169.254.169.254/latest/meta-data/instance-id").returncode == 56
    machine.metadata.heal()
    assert metadata(machine, "instance-id") == machine.metadata.instance_id


def test_a_spot_interruption_is_announced_through_the_metadata_service(machine: Box) -> None:
    assert metadata(machine, "spot/instance-action") == "404"
    machine.metadata.announce_interruption()
    assert json.loads(metadata(machine, "spot/instance-action"))["action"] == "terminate"


def test_s3_can_refuse(machine: Box) -> None:
    machine.s3.deny()
    assert "AccessDenied" in machine.run(UPLOAD.format(key="x")).stderr


def test_s3_can_be_overloaded(machine: Box) -> None:
    machine.s3.unavailable()
    assert "SlowDown" in machine.run(UPLOAD.format(key="x")).stderr


def test_s3_can_reset_connections(machine: Box) -> None:
    machine.s3.reset()
    assert "Connection" in machine.run(UPLOAD.format(key="x")).stderr


def test_s3_can_hang(machine: Box) -> None:
    machine.s3.hang()
    assert "Read timeout" in machine.run(UPLOAD.format(key="x")).stderr


def test_s3_can_fail_for_some_keys_alone(machine: Box) -> None:
    machine.s3.deny("*/marker.txt")
    codes = [machine.run(UPLOAD.format(key=key)).returncode for key in ("runs/marker.txt", "runs/log.txt")]
    assert codes == [1, 0]


def test_s3_can_fail_a_number_of_times(machine: Box) -> None:
    machine.s3.deny(times=1)
    assert [machine.run(UPLOAD.format(key="x")).returncode for _ in range(2)] == [1, 0]


def test_s3_can_require_that_uploads_name_their_encryption(machine: Box) -> None:
    machine.s3.require_encryption_header()
    upload = UPLOAD.format(key="x")
    assert [machine.run(command).returncode for command in (upload, f"{upload} --sse aws:kms")] == [1, 0]


def test_a_transient_unit_runs_under_systemd_with_its_properties(machine: Box) -> None:
    ended = machine.unit("id -un; cat /proc/self/cgroup; exit 3", "User=nobody")
    assert (ended.returncode, ended.stdout.splitlines()[0]) == (3, "nobody")
    assert ".service" in ended.stdout
