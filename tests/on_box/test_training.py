"""The on-box runner for real: the command runs as by hand, and S3 learns how it ended."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from monitor_runtime.contract.times import parse_time
from monitor_runtime.decide.completion import ManifestEntry
from monitor_runtime.observe.marker_body import parse_body
from runctl_component.instance_policy import instance_policy

from ..iam.calls import Account, accesses, refused
from .box import PREFIX, Box, wait_until
from .surroundings import BUCKET

SUCCEEDED = f"{PREFIX}training_complete.txt"
FAILED = f"{PREFIX}training_failed.txt"


def test_a_command_that_exits_with_0_leaves_a_success_marker(box: Box) -> None:
    box.first_boot("echo trained")
    box.run()
    marker = json.loads(box.around.read(SUCCEEDED))
    assert (marker["outcome"], marker["exit_code"]) == ("succeeded", 0)
    assert (parse_body(box.around.read(SUCCEEDED)).not_understood, "signal" in marker) == ("", False)


def test_the_marker_says_when_and_on_which_host(box: Box) -> None:
    box.first_boot("true")
    box.run()
    marker = json.loads(box.around.read(SUCCEEDED))
    began, ended = (parse_time(marker[field]) for field in ("started_at", "ended_at"))
    assert began
    assert ended
    assert began <= ended
    assert marker["host"] == os.uname().nodename


@pytest.mark.parametrize("command", ["kill -KILL $$", "bash -c 'kill -KILL $$'"])
def test_a_signal_is_told_by_its_name_beside_its_code(box: Box, command: str) -> None:
    box.first_boot(command)
    box.run()
    body = box.around.read(FAILED)
    assert (json.loads(body)["signal"], parse_body(body).exit_code) == ("SIGKILL", 137)
    assert parse_body(body).not_understood == ""


def test_a_command_that_exits_with_3_leaves_a_failure_marker_with_its_last_words(box: Box) -> None:
    box.first_boot("echo loading\necho 'CUDA out of memory: \"7 GiB\"' >&2\necho\nexit 3")
    box.run()
    body = parse_body(box.around.read(FAILED))
    assert (body.failed, body.exit_code, body.message) == (True, 3, 'CUDA out of memory: "7 GiB"')


@pytest.mark.parametrize(("command", "code"), [("true", 0), ("exit 3", 3), ("kill -KILL $$", 137)])
def test_the_unit_ends_as_the_command_did(box: Box, command: str, code: int) -> None:
    box.first_boot(command)
    assert box.run() == code


def test_the_log_reaches_s3_before_the_marker(box: Box) -> None:
    box.first_boot("echo trained")
    box.run()
    _, log, marker = box.around.attempts
    assert re.fullmatch(rf"{PREFIX}runctl/training-2\d{{7}}T\d{{6}}Z-00001\.log", log)
    assert marker == SUCCEEDED
    assert box.around.read(log) == b"trained\n"


ODD_COMMANDS = {
    "quotes": """echo "it's" 'a "quote"' `echo back` $'tab\\t'""",
    "signs": r"echo $((1 + 2)) %d 100% \\n $HOMELESS '$HOME' {a,b} ~root !! # not this",
    "lines": "for step in 1 2; do\n  echo step $step\ndone",
    "heredoc": "cat <<'END'\n$plain\nEND\ncat <<END_\nmore\nEND_",
    "unicode": "echo naïve モデル 🚀",
    "trailing backslash": "echo one \\\n  two \\",
    "no final newline": "printf x",
    "strict": "set -euo pipefail\nfalse\necho never",
    "pipeline": "false | cat",
    "exec": "exec python3 -c 'import sys; print(7); sys.exit(7)'",
    "input": "cat; echo end of input",
    "both outputs": "echo out; echo err >&2; echo out",
    "function": 'greet() { echo "hello $1"; }\ngreet you; exit $(greet x | wc -l)',
    "comment": "# nothing else",
    "empty": "",
    "not found": "{ no-such-program; } 2>/dev/null",
    "exit trap": "trap 'echo bye' EXIT; exit 4",
}


@pytest.mark.parametrize("command", ODD_COMMANDS.values(), ids=ODD_COMMANDS)
def test_a_command_runs_as_it_would_by_hand(box: Box, tmp_path: Path, command: str) -> None:
    script = tmp_path / "by-hand"
    script.write_text(command)
    by_hand = subprocess.run(
        ["/bin/bash", "-l", "-e", "-o", "pipefail", script],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    box.first_boot(command)
    assert (box.run(), box.log) == (by_hand.returncode, by_hand.stdout)


def test_what_a_failed_command_leaves_behind_does_not_keep_the_run_from_ending(box: Box) -> None:
    box.first_boot("/bin/sleep 60 & echo trained; exit 3")
    assert (box.run(), box.log) == (3, "trained\n")


def test_a_training_that_was_put_into_the_background_is_waited_for(box: Box) -> None:
    box.first_boot("nohup bash -c '/bin/sleep 3; echo trained' &")
    assert (box.run(), box.log) == (0, "trained\n")


def test_the_command_knows_its_run_its_output_its_region_and_the_declared_environment(box: Box) -> None:
    odd = 'it\'s $HOME\n"%n" \\ ä'
    box.first_boot(
        "for name in RUNCTL_RUN RUNCTL_OUTPUT_URI AWS_DEFAULT_REGION AWS_REGION ODD PYTHONUNBUFFERED; do"
        ' printf "%s|" "${!name}"; done',
        {"ODD": odd, "PYTHONUNBUFFERED": ""},
    )
    box.run()
    assert box.log == f"llama|s3://outputs/{PREFIX[:-1]}|us-east-1|us-east-1|{odd}||"


def test_the_environment_outweighs_the_login_profile(box: Box) -> None:
    box.first_boot('echo "$FROM_PROFILE $DECLARED"', {"DECLARED": "declared"})
    (box.root / "home/.bash_profile").write_text("export FROM_PROFILE=profile DECLARED=profile\n")
    box.run()
    assert box.log == "profile declared\n"


def test_the_checkpoint_manifest_of_the_training_reaches_the_monitor(box: Box) -> None:
    box.first_boot(
        """echo '[{"key": "checkpoints/last.pt", "size": 12, "epoch": 3}]' >"$RUNCTL_CHECKPOINT_MANIFEST" """
    )
    box.run()
    assert parse_body(box.around.read(SUCCEEDED)).manifest == (ManifestEntry("checkpoints/last.pt", 12),)


@pytest.mark.parametrize(
    "manifest",
    [
        "not json",
        '{"key": "a"}',
        '[{"key": "a"}]',
        '[{"key": "", "size": 1}]',
        '[{"key": "a", "size": -1}]',
        '[{"key": "a", "size": Infinity}]',
        "[" * 3000,
    ],
)
def test_a_manifest_that_cannot_be_used_is_left_out_and_said_so(box: Box, manifest: str) -> None:
    box.first_boot(f"""printf '%s' '{manifest}' >"$RUNCTL_CHECKPOINT_MANIFEST" """)
    box.run()
    assert "checkpoint" not in json.loads(box.around.read(SUCCEEDED))
    assert "checkpoint manifest left out" in box.journal


def test_a_manifest_longer_than_the_monitor_reads_is_left_out(box: Box) -> None:
    program = "import json; print(json.dumps([{'key': 'x' * 90, 'size': 1}] * 1000))"
    box.first_boot(f"""python3 -c "{program}" >"$RUNCTL_CHECKPOINT_MANIFEST" """)
    box.run()
    assert parse_body(box.around.read(SUCCEEDED)).exit_code == 0


def test_the_markers_are_those_of_the_tags_at_the_end(box: Box) -> None:
    box.first_boot("true")
    box.around.tags["runctl:success-marker"] = "all done, 100%"
    box.run()
    assert f"{PREFIX}all done, 100%" in box.around.stored()


def test_the_markers_are_those_of_the_start_when_the_metadata_service_falls_silent(box: Box) -> None:
    box.first_boot("touch started; until [[ -e go ]]; do /bin/sleep 0.01; done")
    box.around.tags["runctl:success-marker"] = "finished"
    process = box.start()
    wait_until((box.root / "home/started").exists)
    box.around.metadata_answers = False
    (box.root / "home/go").touch()
    box.finish(process)
    assert f"{PREFIX}finished" in box.around.stored()


def test_the_markers_are_those_of_the_start_when_all_tags_are_gone(box: Box) -> None:
    box.first_boot("touch started; until [[ -e go ]]; do /bin/sleep 0.01; done")
    box.around.tags["runctl:success-marker"] = "DONE.json"
    process = box.start()
    wait_until((box.root / "home/started").exists)
    box.around.tags = {"Name": "llama"}
    (box.root / "home/go").touch()
    box.finish(process)
    assert f"{PREFIX}DONE.json" in box.around.stored()


@pytest.mark.parametrize(("command", "marker"), [("true", SUCCEEDED), ("false", FAILED)])
def test_without_tags_the_markers_are_the_default_ones(box: Box, command: str, marker: str) -> None:
    box.first_boot(command)
    box.around.tags = {}
    box.run()
    assert marker in box.around.stored()


def test_uploads_that_fail_at_first_are_tried_again(box: Box) -> None:
    box.first_boot("true")
    box.around.failing_uploads = 8
    box.run()
    assert SUCCEEDED in box.around.stored()


def test_a_log_that_cannot_be_uploaded_does_not_keep_the_marker_back(box: Box) -> None:
    box.first_boot("echo trained; until [[ -e go ]]; do /bin/sleep 0.01; done")
    process = box.start()
    wait_until(lambda: "trained" in box.log)
    box.around.failing_uploads = 1
    (box.root / "home/go").touch()
    box.finish(process)
    assert [key for key in box.around.stored() if "started.json" not in key] == [SUCCEEDED]
    assert "the log is not in S3, or not all of it; it is in" in box.journal


def test_the_box_is_allowed_to_make_the_uploads(box: Box) -> None:
    box.first_boot("echo trained")
    box.run()
    policy = instance_policy(partition="aws", bucket=BUCKET, prefix=PREFIX)
    asked = [
        access
        for key in box.around.attempts
        for access in accesses("s3", "PutObject", {"Bucket": BUCKET, "Key": key}, Account())
    ]
    assert len(asked) == 3
    assert refused(policy, asked) == []
