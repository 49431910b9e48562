# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.sampling import Sample, sample_of, usage_of

STATS: dict[str, Any] = {
    "cpu_stats": {"cpu_usage": {"total_usage": 2_500_000_000}, "online_cpus": 2},
    "memory_stats": {"usage": 1000, "stats": {"inactive_file": 300}},
    "networks": {"eth0": {"rx_bytes": 5, "tx_bytes": 7}, "eth1": {"rx_bytes": 1, "tx_bytes": 0}},
    "blkio_stats": {"io_service_bytes_recursive": [{"op": "read", "value": 4}, {"op": "Write", "value": 6}]},
}


def test_a_sample_is_what_the_engines_counters_say() -> None:
    assert sample_of(STATS, 9.0) == Sample(at=9.0, cpu=2.5, memory=700, network=13, disk=10)


@pytest.mark.parametrize(
    "stats",
    [
        {},
        {"memory_stats": {}, "networks": None, "blkio_stats": {"io_service_bytes_recursive": None}},
    ],
)
def test_a_container_that_does_not_run_uses_nothing(stats: dict[str, Any]) -> None:
    assert sample_of(stats, 1.0) == Sample(1.0, 0.0, 0, 0, 0)


def test_the_cache_of_the_older_cgroups_is_not_counted_either() -> None:
    assert sample_of({"memory_stats": {"usage": 9, "stats": {"total_inactive_file": 4}}}, 0.0).memory == 5


def test_use_is_what_counters_grew_by() -> None:
    samples = [Sample(10.0, 1.0, 100, 50, 0), Sample(12.0, 2.0, 300, 60, 8), Sample(13.0, 3.5, 200, 60, 8)]
    found = usage_of(samples).describe()
    assert found["cpu_series"] == [[2.0, 50.0], [3.0, 150.0]]
    assert (found["cpu_percent"], found["cpu_percent_max"]) == (100.0, 150.0)
    assert (found["memory"], found["memory_max"], found["network"], found["disk"]) == (200, 300, 10, 8)


def test_counters_of_a_container_that_was_made_anew_begin_again() -> None:
    found = usage_of([Sample(1.0, 9.0, 1, 900, 9), Sample(2.0, 0.5, 1, 20, 0), Sample(3.0, 1.0, 1, 30, 0)])
    assert [value for _at, value in found.cpu] == [0.0, 50.0]
    assert (found.network, found.disk) == (10, 0)


def test_a_container_that_was_never_there_is_no_error() -> None:
    assert usage_of([]).describe()["cpu_percent"] == 0.0
