# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""One visit: look, tell, and where that is asked for, mend and look again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ..errors import NetBoxDevError
from ..events import Reporter
from ..running import Limits
from ..stack import Stack
from ..state import lock
from .check import Finding, examine
from .facts import Facts, collect
from .mend import WAYS, mend
from .registry import CHECKS


@dataclass
class Visit:
    """``findings``: what is wrong now; ``mended``: what no longer is, or in check mode what would not be."""

    findings: list[Finding] = field(default_factory=list)
    mended: list[Finding] = field(default_factory=list)
    # What kept mending from its end.
    failed: str = ""
    # Who works on the stack meanwhile.
    run: str = ""
    changed: bool = False
    seconds: float = 0.0
    url: str = ""

    def describe(self) -> dict[str, Any]:
        return {
            "healthy": not self.findings,
            "findings": [finding.describe() for finding in self.findings],
            "mended": [finding.describe() for finding in self.mended],
            "mending_failed": self.failed,
            "run": self.run,
            "seconds": round(self.seconds, 1),
        }


def visit(
    plugin_path: str | None,
    reporter: Reporter,
    fix: bool = False,
    check: bool = False,
    lock_s: float = 5.0,
    limits: Limits | None = None,
) -> Visit:
    """Check a stack; with ``fix`` mend what is safe, with ``check`` only say what that would be."""
    started = time.monotonic()
    facts, made = _look(plugin_path, reporter)
    fixable = [finding for finding in made.findings if finding.fix]
    if fix and fixable and check:
        made.mended, made.changed = fixable, True
        made.findings = [finding for finding in made.findings if not finding.fix]
    elif fix and fixable and facts.stack:
        before = made.findings
        failed = _mend(facts.stack, fixable, reporter, lock_s, limits or Limits())
        made = _look(plugin_path, reporter)[1]
        made.failed, made.changed = failed, reporter.changed
        left = {finding.check for finding in made.findings}
        made.mended = [finding for finding in before if finding.check not in left]
    made.seconds = time.monotonic() - started
    return made


def _look(plugin_path: str | None, reporter: Reporter) -> tuple[Facts, Visit]:
    facts = collect(plugin_path, reporter.say)
    findings = examine(CHECKS, facts)
    reporter.say(f"looked: {len(findings)} found")
    return facts, Visit(findings, run=facts.run, url=facts.stack.url if facts.stack else "")


def _mend(stack: Stack, fixable: list[Finding], reporter: Reporter, lock_s: float, limits: Limits) -> str:
    """What mending failed with; empty where it did not."""
    try:
        with lock(stack.state, lock_s, "stack_check"):
            mend(stack, fixable, reporter, limits)
    except NetBoxDevError as error:
        return error.message
    return ""


def for_people(made: Visit, check: bool = False) -> list[str]:
    """Three short lines for each finding, and one that says how many."""
    lines = []
    for finding in made.mended:
        done = "would be mended" if check else "mended"
        lines += [f"{finding.finding} [{finding.check}]: {done}", f"    found: {finding.evidence}"]
        lines += [f"    by: {WAYS[finding.fix]}"] if finding.fix else []
    for finding in made.findings:
        lines += [
            f"{finding.finding} [{finding.check}]",
            f"    found: {finding.evidence}",
            f"    to do: {finding.remedy}",
        ]
    if made.failed:
        lines.append(f"mending ended with: {made.failed}")
    if made.run:
        lines.append(f"note: a run is under way ({made.run}); look again when it has ended")
    mendable = sum(1 for finding in made.findings if finding.fix)
    hint = f", {mendable} of them mended by -e fix=true" if mendable and not made.mended else ""
    found = f"{len(made.findings)} found{hint}" if made.findings else f"nothing is wrong with {made.url or 'the stack'}"
    return [*lines, f"{found} ({made.seconds:.1f} s)"]
