#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# steps.sh TARGET…: make each target in turn; say how long each took; stop at the first that fails.
set -euo pipefail

summary=()
for step in "$@"; do
    printf '\n== %s\n' "$step"
    SECONDS=0
    if ! make --no-print-directory "$step"; then
        printf '== %s: FAILED after %d s\n' "$step" "$SECONDS" >&2
        exit 1
    fi
    summary+=("$(printf '%s: %d s' "$step" "$SECONDS")")
    printf '== %s\n' "${summary[-1]}"
done
printf '\n== passed'
printf ' · %s' "${summary[@]}"
printf '\n'
