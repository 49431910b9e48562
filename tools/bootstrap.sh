#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# bootstrap.sh VENV LOCK: make the virtual environment if it is not there, and install into it what the file has.
set -eu

venv=$1
shift

# The system's own interpreter: version managers put shims first on PATH, and ansible-test cannot run under those.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "bootstrap: $python is older than Python 3.11, which ansible-core needs on the controller." >&2
    exit 1
fi

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    if ! log=$("$python" -m venv "$venv" 2>&1); then
        rm -rf "$venv"
        if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
            printf '%s\n' "$log" >&2
            echo "bootstrap: $python cannot make a virtual environment. On Debian: sudo apt-get install python3-venv" >&2
            exit 1
        fi
        echo "bootstrap: installing python3-venv"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
        "$python" -m venv "$venv"
    fi
fi

exec "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$1"
