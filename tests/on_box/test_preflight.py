"""Before the command runs: what would keep its end from being told is told at once."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from monitor_runtime.contract import names
from runctl_component.box.runner.preparing import preflight
from runctl_component.box.runner_archive import runner_key

from .box import BIN, PREFIX, Box, wait_until

STARTED = f"{PREFIX}runctl/started.json"
FAILED = f"{PREFIX}training_failed.txt"
COMMAND = "touch began"


def began(box: Box) -> bool:
    """Whether the command was started."""
    return (box.root / "home/began").exists()


def powered_off(box: Box) -> bool:
    """Whether the box has given up."""
    return "poweroff" in box.asked_of_systemd()


def without_aws(box: Box, tmp_path: Path) -> None:
    """From now on there is no AWS CLI."""
    if shutil.which("aws", path="/usr/bin:/bin"):
        pytest.skip("needs a machine without an AWS CLI in /usr/bin")
    (tmp_path / "systemctl").symlink_to(BIN / "systemctl")
    box.path = f"{tmp_path}:/usr/bin:/bin"


def test_the_first_object_says_what_was_started_where(box: Box) -> None:
    box.first_boot(COMMAND)
    box.run()
    started = json.loads(box.around.read(STARTED))
    assert (started["launch"], started["instance_id"], started["image_id"]) == (1, "i-0aaaaaaaa", "ami-0aaaaaaaa")
    assert all(started[field] for field in ("started_at", "boot_id", "host", "kernel", "python", "aws"))
    assert f"{PREFIX}{started['log']}-00001.log" not in box.around.stored()


def test_the_monitor_looks_for_the_object_that_the_runner_writes() -> None:
    assert preflight.STARTED == names.STARTED


def test_launches_are_counted(box: Box) -> None:
    box.first_boot("[[ -e began ]] || { touch began; kill -KILL $PPID; }")
    box.run()
    box.run()
    assert json.loads(box.around.read(STARTED))["launch"] == 2


def test_an_image_without_the_aws_cli_says_so_on_the_console_and_powers_off(box: Box, tmp_path: Path) -> None:
    without_aws(box, tmp_path)
    with pytest.raises(subprocess.CalledProcessError):
        box.first_boot(COMMAND)
    assert "runctl: no aws: the AWS CLI is not on this image" in box.console
    assert powered_off(box)


def test_a_runner_that_cannot_be_fetched_is_said_on_the_console_and_powers_off(box: Box) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        box.first_boot(COMMAND, deployed={})
    assert f"s3://outputs/{runner_key(PREFIX)} could not be fetched: call failed" in box.console
    assert powered_off(box)


def test_a_box_that_is_not_told_which_runner_to_fetch_says_so_and_powers_off(box: Box) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        box.first_boot(COMMAND, tags={})
    assert "the metadata service does not tell tags/instance/runctl:runner: status 404" in box.console
    assert powered_off(box)


def test_a_runner_that_is_not_the_one_of_the_run_is_not_installed(box: Box) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        box.first_boot(COMMAND, deployed={runner_key(PREFIX): b"another"})
    assert "is not the runner that was uploaded for this run" in box.console
    assert not (box.root / "etc/systemd/system/runctl-training.service").exists()


def test_a_box_whose_aws_cli_is_gone_says_so_on_the_console_and_powers_off(box: Box, tmp_path: Path) -> None:
    box.first_boot(COMMAND)
    without_aws(box, tmp_path)
    assert box.run() == 78
    assert "was not started: no AWS CLI" in box.console
    assert (powered_off(box), began(box)) == (True, False)


def test_a_box_that_only_reports_stays_up_without_the_aws_cli(box: Box, tmp_path: Path) -> None:
    box.first_boot(COMMAND)
    without_aws(box, tmp_path)
    del box.around.tags["runctl:power-off-unmarked-seconds"]
    box.run()
    assert ("no AWS CLI" in box.console, powered_off(box)) == (True, False)


@pytest.mark.parametrize(("launches", "expected"), [(0, True), (1, False)])
def test_a_box_that_was_told_nothing_gives_up_only_where_nothing_was_done(
    box: Box, tmp_path: Path, launches: int, expected: bool
) -> None:
    box.first_boot(COMMAND)
    without_aws(box, tmp_path)
    box.around.metadata_answers = False
    if launches:
        box.state.mkdir(parents=True)
        (box.state / "launches").write_text(f"{launches}\n")
    box.run()
    assert powered_off(box) is expected


def test_a_place_that_may_not_be_written_to_is_a_failure_within_a_minute(box: Box) -> None:
    box.first_boot(COMMAND)
    box.around.failing_uploads, box.around.refusal = 10**6, 403
    box.run()
    assert box.around.attempts == [*[STARTED] * 5, FAILED]
    assert ("AccessDenied" in box.console, powered_off(box), began(box)) == (True, True, False)


def test_the_reason_is_in_the_marker_where_that_can_be_written(box: Box) -> None:
    box.first_boot(COMMAND)
    box.around.failing_uploads, box.around.refusal = 5, 403
    process = box.start()
    box.after_the_end(process)
    marker = json.loads(box.around.read(FAILED))
    assert marker["outcome"] == "failed"
    assert "cannot write to the run's place in S3" in marker["message"]
    assert (powered_off(box), began(box), box.around.attempts.count(FAILED)) == (False, False, 1)


def test_trouble_that_passes_within_minutes_keeps_nothing_from_starting(box: Box) -> None:
    box.first_boot(COMMAND)
    box.around.failing_uploads = 9
    box.run()
    assert (began(box), powered_off(box)) == (True, False)


def test_trouble_of_more_than_five_minutes_powers_the_box_off(box: Box) -> None:
    box.first_boot(COMMAND)
    box.around.failing_uploads = 10**6
    box.run()
    assert box.around.attempts == [*[STARTED] * 10, FAILED]
    assert (began(box), powered_off(box)) == (False, True)


def test_a_box_whose_start_failed_starts_at_the_next_boot(box: Box) -> None:
    box.first_boot(COMMAND)
    box.around.failing_uploads, box.around.refusal = 5, 403
    box.run()
    box.run()
    assert began(box)


def test_sigterm_before_the_start_ends_the_runner_without_a_word(box: Box) -> None:
    box.first_boot(COMMAND)
    box.around.failing_uploads = 10**6
    process = box.start()
    wait_until(lambda: box.around.attempts != [])
    process.terminate()
    assert (box.finish(process), began(box), FAILED in box.around.attempts) == (0, False, False)


def test_the_trainings_own_aws_configuration_is_not_the_runners(box: Box) -> None:
    box.first_boot("mkdir ~/.aws; echo '[default]' >~/.aws/config; cp ~/.aws/config ~/.aws/credentials")
    box.run()
    assert f"{PREFIX}training_complete.txt" in box.around.stored()


def test_user_data_that_cannot_be_carried_out_says_so_and_powers_off(box: Box) -> None:
    (box.root / "etc/runctl").parent.mkdir(parents=True)
    (box.root / "etc/runctl").touch()
    with pytest.raises(Exception, match="returned non-zero"):
        box.first_boot(COMMAND)
    assert ("runctl: not set up, since line" in box.console, powered_off(box)) == (True, True)
