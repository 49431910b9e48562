# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is it slower, or is it noise: percentiles, and the Mann-Whitney U test on repeated samples."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

# The chance of a false alarm in a whole run; and what is too small to matter, however sure it is.
ALPHA = 0.01
LEAST_RATIO = 1.2
LEAST_S = 0.002


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least ``share`` of all are not above (nearest rank); 0.0 of none."""
    if not samples:
        return 0.0
    return sorted(samples)[max(0, math.ceil(share * len(samples)) - 1)]


def mann_whitney(before: Sequence[float], after: Sequence[float]) -> float:
    """The chance that ``after`` would rank so high were both from one distribution (one-sided p).

    Normal approximation with corrections for ties and continuity: good from about eight samples each. Mann and Whitney,
    "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other", 1947.
    """
    first, second = len(before), len(after)
    if not first or not second:
        return 1.0
    both = sorted([(value, False) for value in before] + [(value, True) for value in after])
    ranks, ties, start = 0.0, 0, 0
    while start < len(both):
        end = start
        while end < len(both) and both[end][0] == both[start][0]:
            end += 1
        alike = end - start
        # Those that are alike share the mean of their ranks, which count from one.
        ranks += (start + 1 + end) / 2 * sum(is_after for _value, is_after in both[start:end])
        ties += alike**3 - alike
        start = end
    total = first + second
    u = ranks - second * (second + 1) / 2
    variance = first * second / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance <= 0:
        return 1.0
    z = (u - first * second / 2 - 0.5) / math.sqrt(variance)
    return 0.5 * math.erfc(z / math.sqrt(2))


def slower(before: Sequence[float], after: Sequence[float], compared: int) -> tuple[bool, float, float]:
    """(whether it is slower beyond the noise, ratio of medians, p) of one of ``compared`` series of seconds."""
    old, new = statistics.median(before), statistics.median(after)
    p = mann_whitney(before, after)
    ratio = new / old if old else math.inf
    # Bonferroni: each of several looks gets its share of the false alarms.
    sure = p < ALPHA / max(1, compared)
    return sure and ratio > LEAST_RATIO and new - old > LEAST_S, ratio, p
