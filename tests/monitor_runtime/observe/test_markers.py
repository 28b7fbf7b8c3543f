"""What several markers of one run say together."""

from __future__ import annotations

import pytest

from monitor_runtime.cloud.interface import ErrorKind
from monitor_runtime.decide.completion import ManifestEntry, MarkerBody
from monitor_runtime.decide.observation import Unknown
from monitor_runtime.observe.markers import MAX_MARKERS_READ, read_markers

from ..builders import PREFIX, settings
from ..fakes import ScriptedCloud, failure

SUCCEEDED, FAILED = b'{"exit_code": 0}', b'{"exit_code": 1}'


def _read(*answers: object) -> MarkerBody | Unknown:
    keys = [f"{PREFIX}rank-{number}.done" for number in range(len(answers))]
    return read_markers(ScriptedCloud({"read_object": answers}).cloud, settings(), keys)


@pytest.mark.parametrize("answers", [(SUCCEEDED, FAILED), (b"", FAILED, SUCCEEDED), (b"{", FAILED)])
def test_a_failure_that_one_of_them_tells_of_counts(answers: tuple[bytes, ...]) -> None:
    assert _read(*answers) == MarkerBody(failed=True, exit_code=1, told_by="rank-1.done")


def test_a_failure_counts_beside_a_marker_that_may_not_be_read() -> None:
    assert _read(failure(ErrorKind.REFUSED), FAILED) == MarkerBody(failed=True, exit_code=1, told_by="rank-1.done")


def test_one_that_is_not_understood_makes_all_of_them_no_proof_of_success() -> None:
    assert _read(b"", b"{") == MarkerBody(not_understood="no valid JSON", told_by="rank-1.done")


def test_what_each_of_them_lists_was_written() -> None:
    read = _read(b'{"checkpoint": [{"key": "a.pt"}]}', b'{"checkpoint": [{"key": "b.pt"}]}')
    assert read == MarkerBody(
        manifest=(ManifestEntry("a.pt", None), ManifestEntry("b.pt", None)), told_by="rank-0.done"
    )


@pytest.mark.parametrize(("kind", "permanent"), [(ErrorKind.TRANSIENT, False), (ErrorKind.REFUSED, True)])
def test_what_cannot_be_read_is_unknown(kind: ErrorKind, *, permanent: bool) -> None:
    read = _read(SUCCEEDED, failure(kind), SUCCEEDED)
    assert isinstance(read, Unknown)
    assert read.permanent is permanent


@pytest.mark.parametrize(("more", "understood"), [(0, True), (1, False)])
def test_no_more_than_a_hundred_are_read(more: int, *, understood: bool) -> None:
    read = _read(*[SUCCEEDED] * (MAX_MARKERS_READ + more))
    assert isinstance(read, MarkerBody)
    assert (read.not_understood == "") is understood
