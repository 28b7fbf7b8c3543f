from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from sandbox.engine import cli, get_cli
from sandbox.engine.cli import HOW_TO_GET_ONE, NoEngineError, cache_folder, engine_version, find_engine, require_engine
from sandbox.engine.get_cli import GetEngineError, get_engine


def _program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has nothing: an empty home, and no program on PATH."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_cli, "INSTALLER", "http://127.0.0.1:9/install.sh")


def test_the_engine_on_path_goes_before_the_cached_one(home: Path) -> None:
    _program(cache_folder() / "bin" / "pulumi")
    on_path = _program(home / "programs" / "pulumi")
    assert find_engine() == on_path


def test_the_cache_belongs_to_the_user_and_to_one_version(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder() == home / ".cache" / "runctl" / f"engine-{engine_version()}"
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "caches"))
    assert cache_folder().parent == home / "caches" / "runctl"


def test_where_home_is_empty_the_cache_is_in_the_home_of_the_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", "")
    assert cache_folder().is_absolute()
    assert os.path.expandvars("$HOME") == ""


def test_without_an_engine_one_line_says_how_to_get_one(home: Path) -> None:
    del home
    with pytest.raises(NoEngineError, match="`make engine` gets one") as raised:
        require_engine()
    assert "\n" not in str(raised.value)
    assert str(raised.value) == HOW_TO_GET_ONE


@pytest.mark.usefixtures("offline")
def test_an_engine_that_is_there_is_not_got_again(home: Path) -> None:
    cached = _program(cache_folder() / "bin" / "pulumi")
    assert get_engine() == cached
    assert list(home.glob("**/.engine-*")) == []


@pytest.mark.usefixtures("offline")
def test_offline_and_without_go_it_says_what_is_missing(home: Path) -> None:
    with pytest.raises(GetEngineError, match="there is no Go"):
        get_engine()
    assert list((home / ".cache" / "runctl").iterdir()) == []


@pytest.mark.usefixtures("offline")
def test_a_build_that_fails_leaves_nothing_behind_and_says_why(home: Path) -> None:
    _program(home / "programs" / "go", "#!/bin/sh\necho 'module not found' >&2\nexit 1\n")
    with pytest.raises(GetEngineError, match="module not found"):
        get_engine()
    assert list((home / ".cache" / "runctl").iterdir()) == []


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("broken", [False, True], ids=["no cache", "a cache without the program"])
def test_a_build_that_succeeds_is_in_the_cache_as_a_whole(home: Path, broken: bool) -> None:
    if broken:
        (cache_folder() / "bin").mkdir(parents=True)
    _program(home / "programs" / "go", GO)
    assert get_engine() == cache_folder() / "bin" / "pulumi"
    assert find_engine() == cache_folder() / "bin" / "pulumi"
    assert [path.name for path in (home / ".cache" / "runctl").iterdir()] == [f"engine-{engine_version()}"]


GO = """\
#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -o ] && folder=$2; shift; done
echo "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" >&2
: > "$folder/pulumi"
exec /bin/chmod u+x "$folder/pulumi"
"""


@pytest.mark.usefixtures("home")
def test_a_file_of_modules_that_names_no_version_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "go.mod").write_text("module engine\n")
    monkeypatch.setattr(cli, "GO_MODULES", tmp_path)
    with pytest.raises(LookupError, match="requires no"):
        engine_version()


def test_the_python_host_is_found_beside_the_engine(home: Path) -> None:
    engine = _program(home / "engine" / "bin" / "pulumi")
    assert cli.find_python_host(engine) is None
    host = _program(home / "engine" / "bin" / "pulumi-language-python")
    assert cli.find_python_host(engine) == host
