# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""From changes to the smallest ordered plan, by the matrix and the project file's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .change import Change, printable
from .matrix import ACTIONS, MATRIX, SUBSUMED

# Reasons by action and service; an action that concerns no service has the service "".
Needs = dict[tuple[str, str], frozenset[str]]


@dataclass(frozen=True)
class Action:
    """One step of a plan: what, where (names of services, sorted) and why."""

    action: str
    services: tuple[str, ...]
    reasons: tuple[str, ...]

    def describe(self) -> dict[str, Any]:
        return {"action": self.action, "services": list(self.services), "reasons": list(self.reasons)}


def needs_of(changes: Iterable[Change], roles: Mapping[str, str]) -> Needs:
    """What ``changes`` need, reduced; ``roles`` maps this stack's service names to their roles."""
    return merge(*(_needs_of_one(change, roles) for change in changes))


def _needs_of_one(change: Change, roles: Mapping[str, str]) -> Needs:
    needs: Needs = {}
    for action, wanted in (MATRIX[change.category] if change.actions is None else change.actions).items():
        if action == "reload" and change.roles is not None:
            wanted = tuple(role for role in wanted if role in change.roles)
        services = [name for name, role in roles.items() if role in wanted] if ACTIONS[action] else [""]
        needs.update({(action, service): frozenset([reason_of(change)]) for service in services})
    return needs


def merge(*parts: Needs) -> Needs:
    """The needs of several sets of changes are those of all their changes."""
    needs: Needs = {}
    for part in parts:
        for key, why in part.items():
            needs[key] = needs.get(key, frozenset()) | why
    return _reduced(needs)


def _reduced(needs: Needs) -> Needs:
    """Without what gives way, service by service, to an action that does all it does and more."""
    return {
        (action, service): why
        for (action, service), why in needs.items()
        if not any((stronger, service) in needs for stronger in SUBSUMED.get(action, ()))
    }


def ordered(needs: Needs) -> list[Action]:
    """The actions in the order in which they are done."""
    plan = []
    for name in ACTIONS:
        services = sorted(service for action, service in needs if action == name)
        if services:
            reasons = frozenset().union(*(needs[name, service] for service in services))
            plan.append(Action(name, tuple(filter(None, services)), tuple(sorted(reasons))))
    return plan


def make_plan(changes: Iterable[Change], roles: Mapping[str, str]) -> list[Action]:
    """Return the ordered actions for ``changes``."""
    return ordered(needs_of(changes, roles))


def reason_of(change: Change) -> str:
    """``category: file: why``, in one line."""
    if change.path is None:
        return f"{change.category}: {change.reason}"
    name = printable(change.path)
    return f"{change.category}: {change.reason if name in change.reason else name + ': ' + change.reason}"
