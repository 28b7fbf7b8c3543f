"""What the command is to Bash: a script after the login profile, in which a failing line is a failure."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runctl_component.box.runner.training import LAUNCHER, written_variables

from .box import PREFIX, Box, wait_until

SUCCEEDED = f"{PREFIX}training_complete.txt"
FAILED = f"{PREFIX}training_failed.txt"


def code(box: Box) -> int:
    """The exit code in the failure marker."""
    return json.loads(box.around.read(FAILED))["exit_code"]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("python3 -c 'raise SystemExit(3)' | tee copy", 3),
        ("no-such-program\nls", 127),
        ("false\necho never", 1),
    ],
)
def test_a_line_or_a_part_of_a_pipe_that_fails_is_a_failure(box: Box, command: str, expected: int) -> None:
    box.first_boot(command)
    box.run()
    assert (code(box), "never" in box.log, SUCCEEDED in box.around.stored()) == (expected, False, False)


@pytest.mark.parametrize("command", ["set +e\nfalse\necho trained", "set +o pipefail\nfalse | cat\necho trained"])
def test_a_command_may_go_on_after_a_failure_when_it_says_so(box: Box, command: str) -> None:
    box.first_boot(command)
    assert (box.run(), box.log) == (0, "trained\n")


def test_line_ends_of_windows_are_no_part_of_the_command(box: Box) -> None:
    box.first_boot("false\r\necho never\r\n")
    assert (box.run(), box.log) == (1, "")


def test_a_declared_path_outweighs_that_of_the_login_profile(box: Box) -> None:
    box.first_boot("echo $PATH", {"PATH": "/opt/mine:/usr/bin:/bin"})
    (box.root / "home/.bash_profile").write_text("export PATH=/profile:$PATH\n")
    box.run()
    assert box.log == "/opt/mine:/usr/bin:/bin\n"


def test_functions_of_the_login_profile_can_be_called(box: Box) -> None:
    box.first_boot("conda activate pytorch && echo $ACTIVE")
    (box.root / "home/.bash_profile").write_text('conda() { export ACTIVE="$2"; }\n')
    assert (box.run(), box.log) == (0, "pytorch\n")


def test_a_login_profile_may_fail_in_places(box: Box) -> None:
    box.first_boot("echo trained")
    (box.root / "home/.bash_profile").write_text("false\nfalse | true\n")
    assert (box.run(), box.log) == (0, "trained\n")


def test_a_login_profile_that_ends_the_shell_is_no_success(box: Box) -> None:
    box.first_boot("echo trained")
    (box.root / "home/.bash_profile").write_text("exit 0\n")
    assert box.run() == 1
    assert "before the command began" in json.loads(box.around.read(FAILED))["message"]


def test_the_command_has_no_parameters_and_nothing_to_read(box: Box) -> None:
    box.first_boot('echo "$# ${RUNCTL_VARIABLE-none}"; cat; readlink /proc/self/fd/0')
    box.run()
    assert box.log == "0 none\n/dev/null\n"


def test_what_the_command_ends_by_its_own_kill_of_python_and_train_is_not_the_runner(box: Box) -> None:
    box.first_boot("cat /proc/$PPID/comm")
    box.run()
    assert box.log == "runctl\n"


def test_the_words_that_start_the_runner_are_no_words_of_a_training(box: Box) -> None:
    box.first_boot("true")
    unit = (box.root / "etc/systemd/system/runctl-training.service").read_text()
    started = [line.split("=@")[1].split()[1:] for line in unit.splitlines() if line.startswith("Exec")]
    assert len(started) == 2
    assert not [word for words in started for word in words if "train" in word or "python" in word]


def test_python_takes_the_other_name_that_the_unit_gives_it(box: Box) -> None:
    """What does not find itself by its name must find its library all the same."""
    box.first_boot("true")
    program = [box.root / "usr/local/lib/runctl/box", "no-such-job"]
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("needs /usr/bin/python3, as a box has it")
    done = subprocess.run(
        ["runctl", "-I", *program],  # noqa: S607
        executable=python,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.stderr.splitlines()[-1] == "KeyError: 'no-such-job'"


def test_a_command_that_had_ended_by_itself_counts_when_sigterm_comes_with_its_end(box: Box) -> None:
    box.first_boot("echo x >>starts; kill -TERM $PPID")
    box.run()
    box.run()
    assert (SUCCEEDED in box.around.stored(), (box.root / "home/starts").read_text()) == (True, "x\n")


def test_its_end_is_told_at_the_next_boot_when_the_network_was_gone(box: Box) -> None:
    box.first_boot("echo x >>starts; until [[ -e go ]]; do /bin/sleep 0.01; done; kill -TERM $PPID")
    process = box.start()
    wait_until((box.root / "home/starts").exists)
    box.around.failing_uploads = 10**6
    (box.root / "home/go").touch()
    box.finish(process)
    box.around.failing_uploads = 0
    box.run()
    assert (SUCCEEDED in box.around.stored(), (box.root / "home/starts").read_text()) == (True, "x\n")


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["A", "B_2", "_c", "PATH", "IFS", "HOME", "REPLY", "BASH_ENV"]),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30),
        min_size=1,
    )
)
def test_whatever_the_value_of_a_variable_is_the_command_sees_it(values: dict[str, str]) -> None:
    declared = written_variables(values)
    done = subprocess.run(
        ["/bin/bash", "-c", LAUNCHER.format(declared), "/dev/stdin"],
        input=b"exec /usr/bin/env -0",
        env={"PATH": "/usr/bin:/bin"},
        pass_fds=[declared],
        capture_output=True,
        check=True,
        timeout=120,
    )
    seen = dict(entry.split("=", 1) for entry in done.stdout.decode().split("\0") if entry)
    assert {name: seen.get(name) for name in values} == values
