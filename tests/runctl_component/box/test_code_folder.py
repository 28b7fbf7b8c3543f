"""The folder of code: which of its files are brought along, and that the zip is the same everywhere."""

from __future__ import annotations

import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runctl_component.box import code_folder
from runctl_component.box.code_folder import CodeError, code_files, code_of
from runctl_component.stored_zip import stored_zip


def write(folder: Path, *names: str, content: str = "x") -> Path:
    """Files in a folder, which is returned."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


def names(folder: Path) -> list[str]:
    """What is brought along of it."""
    return [file.name for file in code_files(str(folder))]


def entries(folder: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(code_of(str(folder)).file.path()) as archive:
        return archive.infolist()


def test_all_files_of_all_folders_are_brought_along_in_order(tmp_path: Path) -> None:
    assert names(write(tmp_path, "train.py", "lib/b.py", "lib/a/c.py", ".env.example")) == [
        ".env.example",
        "lib/a/c.py",
        "lib/b.py",
        "train.py",
    ]


def test_what_a_gitignore_names_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "train.py", "data/big", "lib/notes.txt", "lib/keep.txt", "lib/a.log", "keep.log")
    (tmp_path / ".gitignore").write_text("data/\n*.log\n!keep.log\n")
    (tmp_path / "lib/.gitignore").write_text("*.txt\n!keep.txt\n")
    assert names(tmp_path) == ["keep.log", "lib/keep.txt", "train.py"]


def test_what_the_repository_around_ignores_is_left_out_too(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD", "training/train.py", "training/run.log", "training/.env")
    (tmp_path / ".gitignore").write_text("*.log\n/training/.env\n")
    assert names(tmp_path / "training") == ["train.py"]


def test_a_folder_that_git_ignores_was_named_on_purpose(tmp_path: Path) -> None:
    write(tmp_path, ".git/HEAD", "build/bundle/train.py")
    (tmp_path / ".gitignore").write_text("build/\n")
    assert names(tmp_path / "build/bundle") == ["train.py"]


@pytest.mark.parametrize("pattern", ["!", "\\", "notes\\", "[z-a]"])
def test_a_pattern_that_means_nothing_to_git_matches_nothing_and_counts_for_no_other(
    tmp_path: Path, pattern: str
) -> None:
    write(tmp_path, "train.py", "run.log")
    (tmp_path / ".gitignore").write_text(f"{pattern}\n*.log\n")
    assert names(tmp_path) == ["train.py"]


def test_a_gitignore_above_a_folder_that_is_in_no_repository_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "training/train.py")
    (tmp_path / ".gitignore").write_text("*.py\n")
    assert names(tmp_path / "training") == ["train.py"]


def test_caches_repositories_and_environments_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, "train.py", ".git/HEAD", "a/__pycache__/x.pyc", "env/pyvenv.cfg", "env/bin/python", ".DS_Store")
    assert names(tmp_path) == ["train.py"]


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    write(tmp_path, "training/train.py", "shared.py")
    (tmp_path / "training/shared.py").symlink_to(tmp_path / "shared.py")
    assert names(tmp_path / "training") == ["shared.py", "train.py"]


def test_programs_can_be_executed_and_other_files_cannot(tmp_path: Path) -> None:
    write(tmp_path, "run.sh", content="#!/bin/bash\n")
    write(tmp_path, "train.py")
    assert {entry.filename: oct(entry.external_attr >> 16) for entry in entries(tmp_path)} == {
        "run.sh": "0o100755",
        "train.py": "0o100644",
    }


def test_the_same_files_are_the_same_zip_wherever_and_whenever_they_were_written(tmp_path: Path) -> None:
    first = write(tmp_path / "first", "train.py", "lib/a.py")
    second = Path(shutil.copytree(first, tmp_path / "second"))
    os.utime(second / "train.py", (1, 1))
    (second / "lib/a.py").chmod(0o777)
    assert code_of(str(first)).sha256 == code_of(str(second)).sha256


def test_changed_code_has_another_key(tmp_path: Path) -> None:
    before = code_of(str(write(tmp_path, "train.py"))).key
    after = code_of(str(write(tmp_path, "train.py", content="other"))).key
    assert before != after


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), st.binary(max_size=20), max_size=4))
def test_whatever_is_put_into_the_zip_comes_out_as_it_was(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(stored_zip(files.items()))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


def _refused(folder: Path) -> str:
    with pytest.raises(CodeError) as refused:
        code_files(str(folder))
    return str(refused.value)


def test_a_folder_that_is_not_there_is_named_whole(tmp_path: Path) -> None:
    assert _refused(tmp_path / "training").startswith(f"nothing at {tmp_path}/training; name a folder")


@pytest.mark.parametrize("name", ["x" * 300, "loop"])
def test_a_name_that_the_system_does_not_follow_leads_to_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert _refused(tmp_path / name).startswith(f"nothing at {tmp_path}/{name}; name a folder")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a mode that lets nobody read it, which does not hold root back."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    write(tmp_path, "train.py")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(CodeError, match=r"Permission denied: '.*/train.py'; make the folder and its files readable"):
        code_of(str(tmp_path))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    assert _refused(write(tmp_path, "train.py") / "train.py").startswith("a file at ")


def test_a_folder_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "train.py")
    (tmp_path / ".gitignore").write_text("*\n")
    assert "no files in" in _refused(tmp_path)


def test_a_link_to_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(tmp_path)
    assert _refused(tmp_path).startswith("data is a link to a folder; put a copy in its place")


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(tmp_path / "nowhere")
    assert _refused(tmp_path).startswith("data is neither a file nor a folder")


def test_a_name_that_no_zip_can_carry_is_shown(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.py")).write_text("x")
    assert r"a\udcff.py" in _refused(tmp_path)


def test_a_folder_that_is_too_large_is_told_with_its_largest_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_folder, "MAX_CODE_BYTES", 100)
    write(tmp_path, "train.py")
    write(tmp_path, "data/model.bin", content="x" * 200)
    assert "201 bytes, the largest in data/model.bin (200 bytes), train.py (1 bytes)" in _refused(tmp_path)
