#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# lock.sh: install the direct requirements into a fresh environment, and keep every version that came with them.
set -eu

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
grep -hv '^-c ' requirements.txt requirements-dev.txt >"$scratch/direct.txt"
tools/bootstrap.sh "$scratch/venv" "$scratch/direct.txt"
{
    echo "# Written by \`make lock\`: every package of a working .venv, so that a later release changes nothing here."
    "$scratch/venv/bin/python" -m pip freeze --disable-pip-version-check 2>/dev/null | sort -f
} >"$scratch/constraints.txt"
mv "$scratch/constraints.txt" constraints.txt
