# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The figures of a replay, and the commits that a person should look at."""

from __future__ import annotations

import difflib
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from replay.decide import Decision, is_doubtful, is_unclassified
from replay.history import Commit

MISSED, NEEDLESS, CORRECT, UNKNOWN = "missed", "needless", "correct", "unknown"


@dataclass
class Replayed:
    """One commit: what the engine decided and, when that was asked for, how it compares with the truth."""

    commit: Commit
    decision: Decision
    verdict: str = ""
    why: str = ""
    difference: list[str] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        return {
            "commit": self.commit.name,
            "subject": self.commit.subject,
            "package": self.decision.package,
            "changes": [change.describe() for change in self.decision.changes],
            "actions": list(self.decision.actions),
            "seconds": round(self.decision.seconds, 3),
            "error": self.decision.error,
            "verdict": self.verdict,
            "why": self.why,
            "difference": self.difference,
        }


def verdict(schema: bool, before: str | None, after: str | None) -> str:
    """``before`` and ``after`` stand for the parent's schema and the commit's; None where nobody knows it."""
    if before is None or after is None:
        return UNKNOWN
    if (before != after) == schema:
        return CORRECT
    return NEEDLESS if schema else MISSED


def changed_lines(before: str, after: str, most: int = 12) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    found = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return found[:most] + ([f"… and {len(found) - most} lines more"] if len(found) > most else [])


def _table(title: str, counts: Counter[Any], most: int = 0) -> Iterator[str]:
    if not counts:
        return
    yield f"\n{title}"
    listed = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    for name, count in listed[: most or None]:
        yield f"  {count:6}  {name}"
    if most and len(listed) > most:
        yield f"          … and {len(listed) - most} more"


def report(replayed: list[Replayed], skipped: int, how: str, most: int) -> Iterator[str]:
    """The lines of the report; ``most`` is how many files of a kind are listed."""
    decided = [one for one in replayed if not one.decision.error]
    changes = [change for one in decided for change in one.decision.changes]
    yield f"{len(replayed)} commits ({how}), {skipped} without a parent left out"
    yield from _table("Not decided", Counter(one.decision.error for one in replayed if one.decision.error))
    yield from _table("Changes by category and confidence", Counter(f"{c.category:14}{c.confidence}" for c in changes))
    yield from _table("Plans by actions", Counter(", ".join(one.decision.actions) or "nothing" for one in decided))
    yield from _table("Unclassified", Counter(f"{c.category}: {c.path}" for c in changes if is_unclassified(c)), most)
    yield from _table("By path alone", Counter(f"{c.category}: {c.path}" for c in changes if is_doubtful(c)), most)
    times = [one.decision.seconds for one in decided]
    if times:
        yield f"\nSeconds per commit: median {statistics.median(times):.3f}, most {max(times):.3f}"
    verdicts = Counter(one.verdict for one in decided if one.verdict)
    if verdicts:
        known = sum(verdicts.values()) - verdicts[UNKNOWN]
        yield f"\nAgainst the truth, {known} commits known:"
        for name in (CORRECT, MISSED, NEEDLESS, UNKNOWN):
            yield f"  {verdicts[name]:6}  {name}"
    yield from _surprises(decided)
    yield from _table("Unknown because", Counter(one.why for one in decided if one.verdict == UNKNOWN), most)


def _surprises(decided: Iterable[Replayed]) -> Iterator[str]:
    for name in (MISSED, NEEDLESS):
        for one in decided:
            if one.verdict != name:
                continue
            yield f"\n{name}: {one.commit.name[:10]} {one.commit.subject}"
            python = [c for c in one.decision.changes if (c.path or "").endswith(".py") and c.category != "tests"]
            told = one.decision.reasons or [f"{c.path}: {c.category}, {c.reason}" for c in python]
            yield from (f"    engine: {line}" for line in told)
            yield from (f"    django: {line}" for line in one.difference)
