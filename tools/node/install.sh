#!/bin/sh
# Installs the packages of package-lock.json, once a user and version, and prints their folder. Exit status 75: they
# cannot be fetched.
set -eu
cd "$(dirname "$0")"

caches=${XDG_CACHE_HOME:-${HOME:?}/.cache}/runctl
folder=$caches/node-$(cat package.json package-lock.json install.sh | cksum | tr ' ' -)
if [ ! -d "$folder" ]; then
    echo "installing the packages with which tests compile and run TypeScript (once, half a minute)" >&2
    mkdir -p "$caches"
    new=$folder.$$
    mkdir "$new"
    cp package.json package-lock.json "$new"
    if ! npm ci --prefix "$new" --ignore-scripts --no-audit --no-fund --silent >&2; then
        rm -rf "$new"
        exit 75
    fi
    # Somebody else may have been as quick.
    if [ -d "$folder" ]; then rm -rf "$new"; else mv "$new" "$folder"; fi
fi
echo "$folder/node_modules"
