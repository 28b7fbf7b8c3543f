"""One grammar of a hold for the monitor and the box, whatever their Python is."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor_runtime.contract import hold_time as module
from monitor_runtime.contract.hold_time import hold_time

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
TIMES = {
    "2026-11-28": NOON - timedelta(hours=12),
    "20261128": NOON - timedelta(hours=12),
    "2026-11-28T12": NOON,
    "2026-11-28T12Z": NOON,
    "2026-11-28 12:00": NOON,
    "2026-11-28T12:00:00": NOON,
    "2026-11-28T12:00:00Z": NOON,
    "2026-11-28t12:00:00z": NOON,
    " 2026-11-28T12:00Z\t": NOON,
    "20261128T120000Z": NOON,
    "2026-11-28T14:00+02:00": NOON,
    "2026-11-28T14:00 +0200": NOON,
    "2026-11-28T06:30:00-05:30": NOON,
    "2026-11-28T14+02": NOON,
    "2026-11-28T12:00:00.5Z": NOON + timedelta(milliseconds=500),
    "2026-11-28T12:00:00,123456789Z": NOON + timedelta(microseconds=123456),
}
NO_TIMES = [
    *("", " ", "tomorrow", "1772452800", "true", "2026-13-01", "2026-02-30", "2026-11-28T24:00", "2026-11-28T12:60Z"),
    *("2026-11-28Z", "2026-11-28T", "2026-11-28T12:00+99:00", "0000-01-01", "2026-11-28T12:00Z!", "$(date)"),
    *("٢٠٢٦-11-28", "2026-11-28T12:00:00.Z", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "11/28/2026"),
]


@pytest.mark.parametrize(("value", "expected"), TIMES.items())
def test_a_time_in_a_usual_form_is_a_hold(value: str, expected: datetime) -> None:
    assert hold_time(value) == expected


@pytest.mark.parametrize("value", NO_TIMES)
def test_anything_else_is_none(value: str) -> None:
    assert hold_time(value) is None


@given(
    st.datetimes(
        min_value=datetime(1000, 1, 2),  # noqa: DTZ001
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
    st.sampled_from(["T", " ", "t"]),
)
def test_whatever_python_writes_as_iso_8601_is_read_as_that_time(moment: datetime, between: str) -> None:
    assert hold_time(moment.isoformat(between)) == moment


@given(st.text(max_size=40))
def test_no_text_is_too_odd_to_be_judged(value: str) -> None:
    found = hold_time(value)
    assert found is None or found.tzinfo is not None


@pytest.mark.parametrize("python", ["python3.9", "python3.10", "python3.13"])
def test_another_python_reads_the_same(python: str, tmp_path: Path) -> None:
    values = [*TIMES, *NO_TIMES]
    program = tmp_path / "read.py"
    shutil.copy(module.__file__, program)
    with program.open("a") as file:
        file.write("import json, sys\nprint(json.dumps([str(hold_time(value)) for value in json.load(sys.stdin)]))\n")
    found = shutil.which(python)
    told = json.dumps(values)
    done = found and subprocess.run(
        [found, program], input=told, capture_output=True, text=True, check=False, timeout=60
    )
    if not done or done.returncode:
        pytest.skip(f"needs {python}")
    assert json.loads(done.stdout) == [str(hold_time(value)) for value in values]
