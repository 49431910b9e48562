# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in lines that a person reads in five seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .change import Change, printable
from .converge import Outcome
from .events import Reporter
from .matrix import MATRIX
from .plan import Action
from .stack import Stack

LISTED = 8
FOR_NOTHING = [category for category, actions in MATRIX.items() if not actions]


def list_changes(changes: Sequence[Change], notices: Sequence[str], why: bool) -> list[str]:
    """Return what changed: counts, then files; with ``why`` every file, and what made it relevant."""
    counts = Counter(change.category for change in changes)
    lines = [f"note: {notice}" for notice in notices]
    lines.append(f"changes: {', '.join(f'{n} {category}' for category, n in sorted(counts.items())) or 'none'}")
    needing = sorted((c for c in changes if c.path), key=lambda change: change.category in FOR_NOTHING)
    for change in needing if why else needing[:LISTED]:
        lines.append(f"  {change.change:9}{change.category:14}{printable(change.path or '')}")
        if why:
            roles = f", for {', '.join(change.roles)}" if change.roles is not None else ""
            found = f"by {change.confidence}, from {' and '.join(change.sources)}{roles}"
            lines.append(f"  {'':23}{change.reason} ({found})")
    if len(needing) > LISTED and not why:
        lines.append(f"  … and {len(needing) - LISTED} more")
    return lines


def list_plan(plan: Sequence[Action], verb: str) -> list[str]:
    """Return a plan as a table: action, services, the first of its reasons and how many more there are."""
    if not plan:
        return [f"{verb}: nothing"]
    rows = [(action.action, ", ".join(action.services) or "-", action.reasons) for action in plan]
    width = min(max(len(where) for _action, where, _reasons in rows), 60)
    lines = [f"{verb}:"]
    for action, where, reasons in rows:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
        lines.append(f"  {action:15}{where:{width}}  {reasons[0] if reasons else ''}{more}")
    return lines


def schema_diff(result: Mapping[str, Any]) -> list[dict[str, str]]:
    """The migrations of a schema step, with their SQL, as Ansible shows differences."""
    return [
        {
            "before_header": "(no file)",
            "after_header": file["path"],
            "before": "",
            "after": "".join([file["text"], *(f"-- {line}\n" for line in file["sql"])]),
        }
        for file in result.get("files", [])
    ]


def summarize(outcome: Outcome, reporter: Reporter, stack: Stack, check: bool, why: bool = False) -> list[str]:
    """Return what changed, what was (or would be) done, where, and how long it took."""
    lines = list_changes(outcome.changes, outcome.notices, why)
    if check:
        if outcome.plan:
            return lines + list_plan(outcome.plan, "would do")
        return [*lines, "would do: nothing, every service is fresh"]
    done = [step for step in reporter.steps if step.changed]
    lines.append("done:" if done else "done: nothing was needed")
    for step in done:
        lines.append(f"  {step.name:25}{', '.join(step.services) or '-'}: {step.detail} [{step.seconds:.1f} s]")
    total = sum(step.seconds for step in reporter.steps)
    lines.append(f"every service is fresh; {stack.url} is served [{total:.1f} s]")
    return lines
