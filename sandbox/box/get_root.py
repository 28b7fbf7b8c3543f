"""``make box``: file systems of boxes for this user, from the Debian mirror that apt knows here and from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sandbox.box.root import FRAMEWORKS_RECIPE, RECIPE, frameworks_folder, root_folder, why_no_box
from sandbox.long_program import run_long
from sandbox.put_in_place import put_in_place

_MADE_WITHIN_SECONDS = 1800
_TARGETS = "$(ORIGIN)|$(COMPONENT)|$(CREATED_BY)|$(CODENAME)|$(REPO_URI)"
_BOOTSTRAP = "mmdebstrap"
_DOCUMENTATION = ("doc", "info", "locale", "man")


class GetRootError(RuntimeError):
    """A root cannot be made here; the message says what is missing."""


def get_root(*, torch: bool) -> Path:
    """The root that is there, or else a new one in the cache, whole or not at all.

    Raises:
        GetRootError: when there is no way to make one.
    """
    folder = root_folder(torch=torch)
    if folder.is_dir():
        return folder
    reason = why_no_box()
    if reason is not None:
        raise GetRootError(reason)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".box-", dir=folder.parent, ignore_cleanup_errors=True) as made:
        content = Path(made) / "root"
        begun_at = time.monotonic()
        what = "with PyTorch, which is 2 GB: about 3 minutes" if torch else "about 1 minute"
        _say(f"making the file system of a box, once, {what}")
        packages = _lines("packages") + (_lines("packages-torch") if torch else [])
        _bootstrap(content, packages, Path(made))
        _add_python_packages(content)
        _configure(content)
        content.chmod(0o755)
        put_in_place(content, folder)
        _say(f"made in {time.monotonic() - begun_at:.0f} s")
    return folder


def get_frameworks() -> Path:
    """The layer that is there, or else a new one: an environment in ``/opt/pytorch``, as AWS's images have it.

    Raises:
        GetRootError: when there is no way to make one.
    """
    root, folder = get_root(torch=True), frameworks_folder()
    if folder.is_dir():
        return folder
    _say("adding Hugging Face's libraries and Lightning from PyPI, once: 100 MB")
    with tempfile.TemporaryDirectory(prefix=".box-", dir=folder.parent, ignore_cleanup_errors=True) as made:
        content = Path(made) / "layer"
        environment, version = content / "opt/pytorch", _python_version(root)
        packages = environment / f"lib/python{version}/site-packages"
        # Without what they depend on: PyTorch is in the root, and that of PyPI has 2 GB of CUDA.
        _install(version, packages, FRAMEWORKS_RECIPE / "python-packages", "--no-deps")
        shutil.copytree(FRAMEWORKS_RECIPE / "site-packages", packages, dirs_exist_ok=True)
        shutil.copytree(FRAMEWORKS_RECIPE / "environment", environment, dirs_exist_ok=True)
        (environment / "bin/python").symlink_to("/usr/bin/python3")
        content.chmod(0o755)
        put_in_place(content, folder)
    return folder


def debian_sources(targets: str) -> tuple[str, list[str]]:
    """The suite and the lines of a sources list, from what ``apt-get indextargets`` says with `_TARGETS`.

    Raises:
        GetRootError: when apt knows no mirror of Debian.
    """
    found = [line.split("|", 4) for line in targets.splitlines()]
    mirrors = {
        (suite, uri): None
        for origin, component, kind, suite, uri in found
        if (origin, component, kind) == ("Debian", "main", "Packages")
    }
    suites = [suite for suite, _ in mirrors if "-" not in suite]
    if not suites:
        raise GetRootError("apt knows no mirror of Debian here; where it should, `apt-get update` comes first")
    return suites[0], [f"deb {uri} {suite} main" for suite, uri in mirrors if suite.split("-")[0] == suites[0]]


def _bootstrap(root: Path, packages: list[str], scratch: Path) -> None:
    if shutil.which("apt-get") is None:
        raise GetRootError("a box is made of Debian's packages, and there is no apt-get here")
    suite, sources = debian_sources(_output("apt-get", "indextargets", "--format", _TARGETS))
    (scratch / "sources.list").write_text("\n".join(sources) + "\n", encoding="utf-8")
    program, path = _bootstrap_program(scratch)
    left_out = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _DOCUMENTATION]
    command = [
        # What it mounts in the new root goes with it, even when it is killed.
        *(
            "unshare",
            "--mount",
            program,
            "--mode=root",
            "--variant=minbase",
            "--verbose",
            "--skip=cleanup/reproducible",
        ),
        *("--dpkgopt=force-unsafe-io", *left_out, f"--include={','.join(packages)}"),
        *(suite, str(root), str(scratch / "sources.list")),
    ]
    _run(command, {**os.environ, "PATH": path, "TMPDIR": str(scratch)})
    # A mirror of this machine is nobody else's business, and a box has no way to it.
    for path_of_source in (root / "etc/apt").glob("sources.list*"):
        shutil.rmtree(path_of_source) if path_of_source.is_dir() else path_of_source.unlink()


def _bootstrap_program(scratch: Path) -> tuple[str, str]:
    """mmdebstrap, from its package where it is not installed, and the PATH to run it with."""
    path = os.environ.get("PATH", os.defpath)
    if shutil.which(_BOOTSTRAP) is None:
        downloads = scratch / "tools"
        downloads.mkdir()
        _output("apt-get", "download", "--quiet", "-o", "APT::Sandbox::User=root", _BOOTSTRAP, folder=downloads)
        (package,) = downloads.glob("*.deb")
        _output("dpkg-deb", "--extract", str(package), str(downloads))
        path = f"{downloads}/usr/bin:{path}"
    return _BOOTSTRAP, path


def _add_python_packages(root: Path) -> None:
    """The AWS CLI; that of Debian is too old for an endpoint of one's own."""
    _say("adding the AWS CLI from PyPI")
    _install(_python_version(root), root / "opt" / "awscli", RECIPE / "python-packages")
    _output("chroot", str(root), "python3", "-m", "compileall", "-q", "/opt/awscli")


def _python_version(root: Path) -> str:
    return _output("chroot", str(root), "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()


def _install(python_version: str, target: Path, requirements: Path, *further: str) -> None:
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--only-binary=:all:", "--no-compile", *further)
    _output(
        *(sys.executable, "-m", "pip", "install", *options, "--python-version", python_version),
        *("--target", str(target), "--requirement", str(requirements)),
    )


def _configure(root: Path) -> None:
    shutil.copytree(RECIPE / "root", root, dirs_exist_ok=True)
    for unit in _lines("masked-units"):
        mask = root / "etc/systemd/system" / unit
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")
    # With an identity from the start, no boot counts as systemd's first, which would set presets again.
    (root / "etc/machine-id").write_text(f"{'0' * 31}1\n", encoding="ascii")
    (root / "var/log/journal").mkdir(exist_ok=True)


def _lines(name: str) -> list[str]:
    return (RECIPE / name).read_text(encoding="utf-8").split()


def _output(*command: str, folder: Path | None = None) -> str:
    try:
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=600).stdout  # noqa: S603
    except subprocess.CalledProcessError as error:
        last = (str(error.stderr).strip() or "no message").splitlines()[-1]
        raise GetRootError(f"{' '.join(command[:3])} failed: {last}") from error


def _run(command: list[str], environment: dict[str, str]) -> None:
    """The bootstrap."""
    try:
        code, lines = run_long(
            command,
            lambda seconds, _, line: _say(f"{seconds:.0f} s: {line}"),
            environment=environment,
            within_seconds=_MADE_WITHIN_SECONDS,
        )
    except TimeoutError as error:
        raise GetRootError(str(error)) from error
    if code != 0:
        error = next((line for line in reversed(lines) if line.startswith("E:")), "")
        raise GetRootError(f"{_BOOTSTRAP} failed: {error}; is the mirror of Debian reachable?")


def _say(text: str) -> None:
    print(f"box: {text}", flush=True)


def main() -> int:
    """Make what is missing, and say where it is."""
    try:
        for torch in (False, True):
            _say(f"{get_root(torch=torch)}")
        _say(f"{get_frameworks()}")
    except (GetRootError, OSError) as error:
        print(f"box: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
