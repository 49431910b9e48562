#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# quietly.sh COMMAND…: show what the command said only when it failed.
set -u

if ! output=$("$@" 2>&1); then
    printf '%s\n' "$output" >&2
    exit 1
fi
