# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import random

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.noise import mann_whitney, percentile, slower


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5), (0.95, 10), (0.99, 10), (0.1, 1), (0.0, 1), (1.0, 10)])
def test_a_percentile_is_one_of_the_samples(share: float, expected: float) -> None:
    assert percentile([3, 1, 2, 10, 9, 8, 7, 6, 5, 4], share) == expected
    assert percentile([], share) == 0


@pytest.mark.parametrize(
    ("before", "after", "p"),
    [
        # scipy.stats.mannwhitneyu(after, before, alternative="greater", method="asymptotic")
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 0.006092890177672406),
        ([1, 2, 2, 3, 5, 8], [2, 3, 3, 9, 9, 4], 0.1451173979386861),
        ([5, 6, 7, 8], [1, 2, 3, 4], 0.9929310152720443),
    ],
)
def test_the_test_agrees_with_scipys(before: list[float], after: list[float], p: float) -> None:
    assert mann_whitney(before, after) == pytest.approx(p, rel=1e-9)


def test_samples_that_are_all_alike_say_nothing() -> None:
    assert mann_whitney([1, 1, 1], [1, 1, 1]) == 1.0
    assert mann_whitney([], [1]) == 1.0


def test_noise_is_hardly_ever_taken_for_slowness_and_slowness_hardly_ever_for_noise() -> None:
    draw = random.Random(7)

    def samples(factor: float) -> list[float]:
        return [factor * draw.lognormvariate(-3, 0.3) for _n in range(30)]

    assert sum(slower(samples(1), samples(1), 3)[0] for _n in range(500)) <= 5
    assert sum(slower(samples(1), samples(2), 3)[0] for _n in range(200)) >= 198


def test_what_is_sure_but_tiny_is_no_regression() -> None:
    before, after = [n / 1e6 for n in range(1000, 1030)], [n / 1e6 for n in range(1900, 1930)]
    assert mann_whitney(before, after) < 1e-6
    assert not slower(before, after, 1)[0]
