# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""From changes to the smallest ordered plan. The matrix is data: category → actions → service roles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .changes import Change, printable

WEB, WORKER, SCHEDULER, HOUSEKEEPING = "web", "worker", "scheduler", "housekeeping"
PYTHON_ROLES = (WEB, WORKER, SCHEDULER, HOUSEKEEPING)
_LOADING = (WEB, WORKER, SCHEDULER)

# The order in which actions are done.
ACTIONS = ("build", "makemigrations", "migrate", "recreate", "restart", "reload", "collectstatic")
# Where an action happens that concerns no running service.
NO_SERVICE: tuple[str, ...] = ()

# The workflow document's two tables. Python rows reload by themselves on a saved file; the action makes sure of it.
MATRIX: dict[str, dict[str, tuple[str, ...]]] = {
    "python": {"reload": _LOADING},
    "views": {"reload": _LOADING},
    "urls": {"reload": _LOADING},
    "models": {"makemigrations": NO_SERVICE, "migrate": NO_SERVICE, "reload": _LOADING},
    "templates": {},
    "static": {"collectstatic": NO_SERVICE},
    "settings": {"restart": PYTHON_ROLES},
    "migrations": {"migrate": NO_SERVICE, "reload": PYTHON_ROLES},
    "dependencies": {"build": NO_SERVICE, "recreate": PYTHON_ROLES},
    "plugin_config": {"restart": PYTHON_ROLES},
    "tests": {},
    "docs": {},
    "ignored": {},
}
# An action gives way, service by service, to one that does all it does and more.
SUBSUMED = {"reload": ("restart", "recreate"), "restart": ("recreate",)}


@dataclass(frozen=True)
class Action:
    """One step of a plan: what, where (names of services, sorted) and why."""

    action: str
    services: tuple[str, ...]
    reasons: tuple[str, ...]

    def describe(self) -> dict[str, Any]:
        return {"action": self.action, "services": list(self.services), "reasons": list(self.reasons)}


def make_plan(changes: Iterable[Change], roles: Mapping[str, str]) -> list[Action]:
    """Return the ordered actions for ``changes``; ``roles`` maps this stack's service names to their roles."""
    services: dict[str, set[str]] = {}
    reasons: dict[str, list[str]] = {}
    for change in changes:
        why = f"{change.category}: {printable(change.path) + ' ' + change.change if change.path else change.reason}"
        for action, wanted in MATRIX[change.category].items():
            services.setdefault(action, set()).update(name for name, role in roles.items() if role in wanted)
            listed = reasons.setdefault(action, [])
            if why not in listed:
                listed.append(why)
    for weaker, stronger in SUBSUMED.items():
        for action in stronger:
            if weaker in services and action in services:
                services[weaker] -= services[action]
                if not services[weaker]:
                    del services[weaker]
    return [
        Action(name, tuple(sorted(services[name])), tuple(sorted(reasons[name])))
        for name in ACTIONS
        if name in services
    ]
