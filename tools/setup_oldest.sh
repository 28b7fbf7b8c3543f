#!/bin/sh
# Makes .venv-oldest, once: the oldest versions that pyproject.toml allows of what the packages need at run time, with
# the test tools of the lock file. Needs .venv, whose uv it uses, and no network while it is up to date.
set -eu
cd "$(dirname "$0")/.."

folder=.venv-oldest
stamp=$folder/.complete
wanted="$(cat requirements.txt pyproject.toml tools/setup_oldest.sh | cksum) $PWD"

up_to_date() {
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && $folder/bin/python -c '' 2>/dev/null
}

fail() {
    echo "set-up failed: $*" >&2
    exit 1
}

up_to_date && exit 0

# One set-up at a time, as in setup.sh.
exec 9<tools/setup_oldest.sh
.venv/bin/python -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)'
up_to_date && exit 0

export UV_PYTHON_DOWNLOADS=never
cache=${UV_CACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/uv}
if ! { mkdir -p "$cache" && [ -w "$cache" ]; } 2>/dev/null; then
    export UV_NO_CACHE=1
fi
uv=.venv/bin/uv

echo "setting up: the oldest supported versions (about a minute the first time)"
rm -rf $folder
# The oldest Python too, where there is one; else that of .venv.
$uv venv --quiet --python 3.11 $folder 2>/dev/null ||
    $uv venv --quiet --python "$(.venv/bin/python -c 'import sys; print(sys._base_executable)')" $folder
$uv pip compile --quiet --no-header --no-annotate --python $folder/bin/python --resolution lowest-direct \
    --output-file $folder/runtime.txt pyproject.toml >/dev/null ||
    fail "no versions found that go together: is the package index reachable?"
# The lock file's versions of all that is not among them.
sed -n 's/^\([A-Za-z0-9._-]*==[^ ]*\).*/\1/p' requirements.txt |
    awk -F == 'NR == FNR { oldest[$1]; next } !($1 in oldest)' $folder/runtime.txt - >$folder/tools.txt
$uv pip install --quiet --python $folder/bin/python --constraint $folder/tools.txt --requirement $folder/runtime.txt \
    --extra sandbox --requirement pyproject.toml hatchling hypothesis pytest pytest-xdist ||
    fail "packages could not be installed: is the package index reachable?"
echo "$wanted" >"$stamp"
