"""The monitor's archive: complete, small, and the same bytes everywhere."""

from __future__ import annotations

import io
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

from monitor_runtime.cloud.aws import MODELS
from runctl_component.monitor import archive
from runctl_component.monitor.archive import ArchiveError, Bundled, archive_path, archive_size, build_archive_bytes

ROOT = Path(__file__).parents[3]
IN_THE_LAMBDA_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
PRINT_HASH = (
    "from hashlib import sha256; from runctl_component.monitor.archive import build_archive_bytes;"
    "print(sha256(build_archive_bytes()).hexdigest())"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another checkout of the two packages, somewhere else."""
    for package in ("monitor_runtime", "runctl_component"):
        shutil.copytree(ROOT / package, tmp_path / "checkout" / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "checkout"


def hash_built_in(checkout: Path, *, umask: int = 0o022, **environment: str) -> str:
    """The archive's hash, as a Python started for it in that checkout builds it."""
    run = subprocess.run(
        [sys.executable, "-B", "-c", f"import os; os.umask({umask}); {PRINT_HASH}"],
        cwd=checkout,
        env={"PATH": os.environ["PATH"], "HOME": str(checkout), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout.strip()


def expected_hash() -> str:
    return sha256(build_archive_bytes()).hexdigest()


def entries() -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(io.BytesIO(build_archive_bytes())).infolist()


def test_another_checkout_path_builds_the_same_bytes(checkout: Path) -> None:
    assert hash_built_in(checkout) == expected_hash()


def test_a_private_umask_and_odd_file_modes_and_times_build_the_same_bytes(checkout: Path) -> None:
    for path in checkout.rglob("*.py"):
        path.chmod(0o700)
        os.utime(path, (0, 86_400))
    assert hash_built_in(checkout, umask=0o077) == expected_hash()


@pytest.mark.parametrize("locale", ["C", "tr_TR.UTF-8"])
def test_any_locale_builds_the_same_bytes(checkout: Path, locale: str) -> None:
    assert (
        hash_built_in(checkout, LC_ALL=locale, LANG=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") == expected_hash()
    )


def test_any_time_zone_builds_the_same_bytes(checkout: Path) -> None:
    assert hash_built_in(checkout, TZ="Pacific/Kiritimati") == expected_hash()


def test_sources_with_windows_line_ends_build_the_same_bytes(checkout: Path) -> None:
    for path in checkout.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert hash_built_in(checkout) == expected_hash()


def test_a_windows_machine_builds_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = expected_hash()
    monkeypatch.setattr(sys, "platform", "win32")
    assert expected_hash() == expected


def test_compiled_files_beside_the_sources_change_nothing(checkout: Path) -> None:
    cache = checkout / "monitor_runtime" / "__pycache__"
    cache.mkdir()
    (cache / "handler.cpython-313.pyc").write_bytes(b"compiled")
    (cache / "left_over.py").write_text("raise SystemExit")
    assert hash_built_in(checkout) == expected_hash()


def test_what_an_editor_leaves_beside_the_sources_changes_nothing(checkout: Path) -> None:
    (checkout / "monitor_runtime" / ".handler.py").write_text("")
    (checkout / "monitor_runtime" / "handler copy.py").write_text("")
    (checkout / "monitor_runtime" / "handler.py.orig").write_text("")
    assert hash_built_in(checkout) == expected_hash()


def test_the_built_wheel_builds_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    installed = tmp_path / "installed"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        wheel.extractall(installed)
    assert hash_built_in(installed) == expected_hash()


def test_names_are_sorted_and_each_there_once() -> None:
    names = [entry.filename for entry in entries()]
    assert names == sorted(set(names))


def test_every_entry_is_a_plain_readable_file_of_1980() -> None:
    told = {
        (entry.external_attr >> 16, entry.date_time, entry.create_system, entry.compress_type) for entry in entries()
    }
    assert told == {(stat.S_IFREG | 0o644, (1980, 1, 1, 0, 0, 0), 3, zipfile.ZIP_STORED)}


def test_every_bundled_package_brings_its_licence() -> None:
    licences = [entry.filename.partition("-")[0] for entry in entries() if "LICENSE" in entry.filename]
    assert licences == ["aws_lambda_powertools", "tenacity", "typing_extensions"]


def test_nothing_of_the_component_or_of_the_tests_is_in_the_archive() -> None:
    tops = {entry.filename.partition("/")[0] for entry in entries() if ".dist-info" not in entry.filename}
    assert tops == {"aws_lambda_powertools", "monitor_runtime", "tenacity", "typing_extensions.py"}


def test_the_models_that_the_monitor_reads_are_in_the_archive() -> None:
    models = {path.relative_to(ROOT).as_posix() for path in MODELS.rglob("*.json")}
    assert models
    assert models <= {entry.filename for entry in entries()}


def test_the_archive_stays_under_a_megabyte_and_a_half() -> None:
    assert 100_000 < archive_size() < 1_500_000


def test_the_unpacked_archive_runs_with_what_the_lambda_runtime_has_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(archive_path()) as content:
        content.extractall(tmp_path / "task")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in IN_THE_LAMBDA_RUNTIME:
        spec = find_spec(name)
        assert spec
        assert spec.origin
        origin = Path(spec.origin)
        source = origin.parent if spec.submodule_search_locations else origin
        (runtime / source.name).symlink_to(source)
    program = (
        f"import sys; sys.path[:0] = [{str(tmp_path / 'task')!r}, {str(runtime)!r}];"
        "from monitor_runtime.handler import handler; print(handler.__module__)"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.stdout, run.stderr) == ("monitor_runtime.handler\n", "")


def test_the_path_is_absolute_and_holds_the_archive() -> None:
    path = Path(archive_path())
    assert path.is_absolute()
    assert path.suffix == ".zip"
    assert path.read_bytes() == build_archive_bytes()


def test_the_path_stays_the_same_within_a_process() -> None:
    assert archive_path() == archive_path()


def test_nobody_else_can_touch_the_file() -> None:
    assert stat.S_IMODE(Path(archive_path()).parent.stat().st_mode) == 0o700


def test_a_folder_that_was_tidied_away_is_replaced() -> None:
    shutil.rmtree(Path(archive_path()).parent)
    assert Path(archive_path()).read_bytes() == build_archive_bytes()


def test_the_file_is_gone_when_the_process_has_ended() -> None:
    program = "from runctl_component.monitor.archive import archive_path; print(archive_path())"
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip().endswith("monitor.zip")
    assert not Path(run.stdout.strip()).parent.exists()


def test_a_forked_child_that_ends_leaves_the_file_to_its_parent() -> None:
    program = (
        "import os, pathlib, sys; from runctl_component.monitor.archive import archive_path; path = archive_path();"
        "child = os.fork();\nif child == 0: sys.exit()\nos.waitpid(child, 0); print(pathlib.Path(path).exists())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout == "True\n"


def test_a_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BUNDLED", (Bundled("no_such_package", "no-such-package"),))
    with pytest.raises(ArchiveError, match=r"no_such_package: not found .* install runctl-component"):
        build_archive_bytes()


def test_a_package_without_its_metadata_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BUNDLED", (Bundled("tenacity", "no-such-distribution"),))
    with pytest.raises(ArchiveError, match="tenacity: not found"):
        build_archive_bytes()
