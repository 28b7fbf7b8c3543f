#!/bin/sh
# Builds a Go program for tests, once a user and version, and prints its path: build_go.sh MODULE [PACKAGE], the folder
# of a go.mod and one within it. Exit status 75: its Go modules cannot be fetched.
set -eu
cd "$(dirname "$0")/$1"
package=${2:-.}

caches=${XDG_CACHE_HOME:-${HOME:?}/.cache}/runctl
program=$caches/${2:-$1}-$(cat "$package/main.go" go.mod go.sum ../build_go.sh | cksum | tr ' ' -)
if [ ! -x "$program" ]; then
    echo "building tools/$1${2:+/$2} as a program for tests (once, about a minute)" >&2
    go list -mod=readonly -deps "./$package" >/dev/null 2>&1 || exit 75
    mkdir -p "$caches"
    go build -mod=readonly -o "$program.$$" "./$package"
    mv "$program.$$" "$program"
fi
echo "$program"
