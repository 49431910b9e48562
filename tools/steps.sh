#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
#
# steps.sh STEP…: make each step in turn; say how long each took; stop at the first that fails. A step is a target, or
# several that do not mind each other, joined by +: two of them at a time, each one's output in one piece.
set -euo pipefail

summary=()
for step in "$@"; do
    printf '\n== %s\n' "$step"
    SECONDS=0
    IFS=+ read -ra targets <<<"$step"
    beside=()
    if [ "${#targets[@]}" -gt 1 ]; then
        beside=(-j2 --output-sync=target)
    fi
    if ! make --no-print-directory "${beside[@]}" "${targets[@]}"; then
        printf '== %s: FAILED after %d s\n' "$step" "$SECONDS" >&2
        exit 1
    fi
    summary+=("$(printf '%s: %d s' "$step" "$SECONDS")")
    printf '== %s\n' "${summary[-1]}"
done
printf '\n== passed'
printf ' · %s' "${summary[@]}"
printf '\n'
