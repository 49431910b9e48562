# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in lines that a person reads in five seconds."""

from __future__ import annotations

from collections import Counter

from .changes import printable
from .converge import Outcome
from .events import Reporter
from .stack import Stack

LISTED = 8


def summarize(outcome: Outcome, reporter: Reporter, stack: Stack, check: bool) -> list[str]:
    """Return what changed, what was (or would be) done, where, and how long it took."""
    counts = Counter(change.category for change in outcome.changes)
    lines = [f"changes: {', '.join(f'{n} {category}' for category, n in sorted(counts.items())) or 'none'}"]
    files = [change for change in outcome.changes if change.path]
    lines += [f"  {change.change:9}{change.category:14}{printable(change.path or '')}" for change in files[:LISTED]]
    if len(files) > LISTED:
        lines.append(f"  … and {len(files) - LISTED} more")
    if check:
        lines.append("would do:" if outcome.plan else "would do: nothing, every service is fresh")
        lines += [
            f"  {a.action:15}{', '.join(a.services) or '-':40} {a.reasons[0] if a.reasons else ''}"
            for a in outcome.plan
        ]
        return lines
    done = [step for step in reporter.steps if step.changed]
    lines.append("done:" if done else "done: nothing was needed")
    for step in done:
        lines.append(f"  {step.name:25}{', '.join(step.services) or '-'}: {step.detail} [{step.seconds:.1f} s]")
    total = sum(step.seconds for step in reporter.steps)
    lines.append(f"every service is fresh; {stack.url} is served [{total:.1f} s]")
    return lines
