#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# lock.sh: find a version of everything that requirements*.txt need, and keep them all with their archives' hashes.
set -eu

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
/usr/bin/python3 -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install -qq --disable-pip-version-check uv==0.13.9

lock() {
    target=$1
    shift
    {
        echo "# Written by \`make lock\`: every package of a working .venv, with the hashes that pip compares."
        "$scratch/venv/bin/uv" pip compile -q --python /usr/bin/python3 --universal --python-version 3.11 \
            --generate-hashes --no-annotate --no-header "$@"
    } >"$scratch/locked"
    mv "$scratch/locked" "$target"
}

lock requirements-dev.lock requirements.txt requirements-dev.txt
# The smaller one has no other versions.
lock requirements.lock -c requirements-dev.lock requirements.txt
