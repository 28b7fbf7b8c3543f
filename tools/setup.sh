#!/bin/sh
# Makes .venv with the locked versions, once; does nothing, and needs no network, while they are up to date.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.complete
wanted=$(cat requirements.lock pyproject.toml tools/setup.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

fail() {
    echo "set-up failed: $*" >&2
    exit 1
}

find_python() {
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "no Python 3.11 or newer on PATH: install one, or name it: make PYTHON=/path/to/python3"
}

python=$(find_python)
rm -f "$stamp"
export UV_PYTHON_DOWNLOADS=never
if command -v uv >/dev/null 2>&1; then
    uv=uv
elif [ -x .venv/bin/uv ]; then
    uv=$PWD/.venv/bin/uv
else
    echo "setting up: uv (once)"
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python cannot make virtual environments: install its venv package (python3-venv on Debian), or uv"
    rm -rf .venv/bootstrap
    "$python" -m venv .venv/bootstrap
    version=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)
    .venv/bootstrap/bin/python -m pip install --quiet --disable-pip-version-check "uv==$version" ||
        fail "uv could not be installed: is the package index reachable?"
    uv=$PWD/.venv/bootstrap/bin/uv
fi

echo "setting up: Python packages of requirements.lock (about a minute the first time)"
[ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    "$uv" venv --quiet --allow-existing --python "$python" .venv
"$uv" pip sync --quiet --require-hashes --python .venv/bin/python requirements.lock
echo "$wanted" >"$stamp"
echo "setting up: done"
