# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of checks: each a short function from facts to what it found, with what the docs tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Callable

from .facts import Facts

_LONGEST = 240
# What most remedies are.
APPLY = "run apply-change.yml (or doctor.yml -e fix=true)"


@dataclass(frozen=True)
class Found:
    """What a check found: one sentence, what shows it, and the remedy where it is another than the check's own.

    ``about`` is for who mends it: services, or paths. ``fixable`` is None where the check's own way of mending does.
    """

    finding: str
    evidence: str
    remedy: str = ""
    about: tuple[str, ...] = ()
    fixable: bool | None = None


Finds = Callable[[Facts], Iterable[Found]]


@dataclass(frozen=True)
class Check:
    """``fix`` names the way of mending (see mend.py), empty where only a person can.

    ``unless``: checks that explain what this one would find, when they found something.
    """

    name: str
    title: str
    looks_at: str
    remedy: str
    find: Finds
    fix: str = ""
    unless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, as it is reported."""

    check: str
    finding: str
    evidence: str
    remedy: str
    fix: str = ""
    about: tuple[str, ...] = field(default=(), compare=False)

    def describe(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "finding": self.finding,
            "evidence": self.evidence,
            "remedy": self.remedy,
            "fixable": bool(self.fix),
        }


def check(
    name: str, title: str, *, looks_at: str, remedy: str, fix: str = "", unless: tuple[str, ...] = ()
) -> Callable[[Finds], Check]:
    """Make a check of a function."""
    return lambda find: Check(name, title, looks_at, remedy, find, fix, unless)


def examine(checks: Iterable[Check], facts: Facts) -> list[Finding]:
    """Run checks in their order, causes before what follows from them."""
    findings: list[Finding] = []
    for one in checks:
        if not facts.found.intersection(one.unless):
            found = list(_findings(one, facts))
            findings += found
            facts.found |= {one.name} if found else set()
    return findings


def _findings(one: Check, facts: Facts) -> Iterator[Finding]:
    for found in one.find(facts):
        fixable = bool(one.fix) if found.fixable is None else found.fixable
        yield Finding(
            one.name,
            _line(found.finding),
            _line(found.evidence),
            _line(found.remedy or one.remedy),
            one.fix if fixable else "",
            found.about,
        )


def _line(text: str) -> str:
    """A text on one line, cut where it is long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else f"{flat[: _LONGEST - 1]}…"


def some(names: Iterable[str], most: int = 3) -> str:
    """The first few of many."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
