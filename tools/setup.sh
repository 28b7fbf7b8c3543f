#!/bin/sh
# Makes .venv with the locked versions, once; does nothing, and needs no network, while they are up to date.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.complete
wanted="$(cat requirements.txt pyproject.toml tools/setup.sh | cksum) $PWD"

up_to_date() {
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && .venv/bin/python -c '' 2>/dev/null
}

# Complete, for this folder, which the scripts in it name, and with a Python that still exists. What an interrupted
# set-up has left, without a stamp, cannot be trusted.
can_be_updated() {
    [ "$(cut -d ' ' -f 3- "$stamp" 2>/dev/null)" = "$PWD" ] &&
        .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

fail() {
    echo "set-up failed: $*" >&2
    exit 1
}

# The path of the first Python that is new enough and has the modules named: yours first, if you named one.
find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if "$candidate" -c "import sys, $1; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
            "$candidate" -c 'import sys; print(sys._base_executable)'
            return
        fi
    done
    return 1
}

# uv in an environment of its own, with the version and the hashes of the lock file.
install_uv() {
    echo "setting up: uv (once)"
    rm -rf .venv/bootstrap
    "$python" -m venv .venv/bootstrap
    sed -n '/^uv==/,/[^\\]$/p' requirements.txt >.venv/bootstrap/requirements.txt
    .venv/bootstrap/bin/python -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
        --require-hashes --requirement .venv/bootstrap/requirements.txt ||
        fail "uv could not be installed: is the package index reachable?"
    uv=$PWD/.venv/bootstrap/bin/uv
}

up_to_date && exit 0

python=$(find_python sys) || fail "${PYTHON:-python3}: not found, or older than Python 3.11, which is needed:" \
    "install a newer one, or name it: make PYTHON=/path/to/python3"

# One set-up at a time. The lock belongs to the open file, so it lasts until this script ends, however it ends.
exec 9<tools/setup.sh
"$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
up_to_date && exit 0

can_be_updated || rm -rf .venv
rm -f "$stamp"

export UV_PYTHON_DOWNLOADS=never
cache=${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}
if ! { mkdir -p "$cache" && [ -w "$cache" ]; } 2>/dev/null; then
    export UV_NO_CACHE=1
fi

if command -v uv >/dev/null 2>&1; then
    uv=uv
elif .venv/bin/uv --version >/dev/null 2>&1; then
    uv=$PWD/.venv/bin/uv
else
    capable=$(find_python "ensurepip, venv") ||
        fail "$python cannot make virtual environments: install its venv package (python3-venv on Debian), or uv"
    python=$capable
    install_uv
fi

echo "setting up: Python packages of requirements.txt (about a minute the first time)"
[ -x .venv/bin/python ] || "$uv" venv --quiet --allow-existing --python "$python" .venv
"$uv" pip sync --quiet --require-hashes --python .venv/bin/python requirements.txt ||
    fail "packages could not be installed: is the package index reachable? (SSL_CERT_FILE names certificates of your own)"
rm -rf .venv/bootstrap
echo "$wanted" >"$stamp"
echo "setting up: done"
