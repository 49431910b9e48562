# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containers use of the machine over a time, from the engine's counters."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .engine import Engine

PERIOD_S = 1.0


@dataclass(frozen=True)
class Sample:
    """One container's counters: ``at`` and ``cpu`` in seconds, the rest in bytes."""

    at: float
    cpu: float
    memory: int
    network: int
    disk: int


@dataclass
class Usage:
    """One service over the time: per cent of one CPU and bytes, each as pairs of (second, value)."""

    cpu: list[tuple[float, float]] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    network: int = 0
    disk: int = 0

    def describe(self) -> dict[str, Any]:
        cpu = [value for _at, value in self.cpu]
        memory = [value for _at, value in self.memory]
        return {
            "cpu_percent": round(sum(cpu) / len(cpu), 1) if cpu else 0.0,
            "cpu_percent_max": round(max(cpu), 1) if cpu else 0.0,
            "memory": int(memory[-1]) if memory else 0,
            "memory_max": int(max(memory)) if memory else 0,
            "network": self.network,
            "disk": self.disk,
            "cpu_series": [[round(at, 1), round(value, 1)] for at, value in self.cpu],
            "memory_series": [[round(at, 1), int(value)] for at, value in self.memory],
        }


def sample_of(stats: Mapping[str, Any], at: float) -> Sample:
    """The counters of what the engine says of a container; zeros where it does not run."""
    memory = stats.get("memory_stats") or {}
    details = memory.get("stats") or {}
    # As 'docker stats' has it: what can be given back at once is not used (cgroup 2, then 1).
    cache = details.get("inactive_file", details.get("total_inactive_file", 0))
    networks = (stats.get("networks") or {}).values()
    blocks = (stats.get("blkio_stats") or {}).get("io_service_bytes_recursive") or []
    return Sample(
        at=at,
        cpu=((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage", 0) / 1e9,
        memory=max(0, memory.get("usage", 0) - cache),
        network=sum(one.get("rx_bytes", 0) + one.get("tx_bytes", 0) for one in networks),
        disk=sum(one["value"] for one in blocks if one["op"].lower() in ("read", "write")),
    )


def usage_of(samples: list[Sample]) -> Usage:
    """Use between samples; counters that went back, for a container was made anew, begin again."""
    usage = Usage()
    if not samples:
        return usage
    start = samples[0].at
    usage.memory = [(sample.at - start, float(sample.memory)) for sample in samples]
    for before, after in zip(samples, samples[1:]):
        passed = after.at - before.at
        if passed > 0:
            usage.cpu.append((after.at - start, max(0.0, after.cpu - before.cpu) / passed * 100))
        usage.network += max(0, after.network - before.network)
        usage.disk += max(0, after.disk - before.disk)
    return usage


class Sampler:
    """Samples every service of a stack in the background for as long as it is entered."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._samples: dict[str, list[Sample]] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sampler:
        self._once()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def usage(self) -> dict[str, Usage]:
        return {name: usage_of(samples) for name, samples in sorted(self._samples.items())}

    def _run(self) -> None:
        while not self._done.wait(PERIOD_S):
            self._once()
        self._once()

    def _once(self) -> None:
        running = {n: c["Id"] for n, c in self._engine.containers().items() if c["State"]["Running"]}
        with ThreadPoolExecutor(max_workers=8) as pool:
            found = pool.map(lambda container: (self._engine.stats(container), time.monotonic()), running.values())
            for name, (stats, at) in zip(running, found):
                if stats:
                    self._samples.setdefault(name, []).append(sample_of(stats, at))
