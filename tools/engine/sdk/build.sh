#!/bin/sh
# Builds the generator, once a user and version, and prints its path. Exit status 75: its Go modules cannot be fetched.
set -eu
cd "$(dirname "$0")/.."

folder=${XDG_CACHE_HOME:-${HOME:?}/.cache}/runctl
program=$folder/sdk-$(cat sdk/main.go go.mod go.sum sdk/build.sh | cksum | tr ' ' -)
if [ ! -x "$program" ]; then
    echo "building Pulumi's generators of SDKs as a program for tests (once, about a minute)" >&2
    go list -mod=readonly -deps ./sdk >/dev/null 2>&1 || exit 75
    mkdir -p "$folder"
    go build -mod=readonly -o "$program.$$" ./sdk
    mv "$program.$$" "$program"
fi
echo "$program"
