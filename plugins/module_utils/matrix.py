# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workflow document's two tables as data: category → actions → service roles. Nothing else knows them."""

from __future__ import annotations

WEB, WORKER, SCHEDULER, HOUSEKEEPING = "web", "worker", "scheduler", "housekeeping"
PYTHON_ROLES = (WEB, WORKER, SCHEDULER, HOUSEKEEPING)
_LOADING = (WEB, WORKER, SCHEDULER)

# Where an action happens that concerns no running service.
NO_SERVICE: tuple[str, ...] = ()
# In the order in which they are done; with each, whether it happens in services.
ACTIONS = {
    "build": False,
    "makemigrations": False,
    "migrate": False,
    "recreate": True,
    "restart": True,
    "reload": True,
    "collectstatic": False,
}
# An action gives way, service by service, to one that does all it does and more.
SUBSUMED = {"reload": ("restart", "recreate"), "restart": ("recreate",)}

# Python rows reload by themselves on a saved file; the action makes sure of it. A reload is a new process that reads
# all settings anew: it does for a plugin's configuration what the document has a restart for.
MATRIX: dict[str, dict[str, tuple[str, ...]]] = {
    "python": {"reload": _LOADING},
    "models": {"makemigrations": NO_SERVICE, "migrate": NO_SERVICE, "reload": _LOADING},
    "views": {"reload": _LOADING},
    "urls": {"reload": _LOADING},
    "templates": {},
    "static": {"collectstatic": NO_SERVICE},
    "settings": {"restart": PYTHON_ROLES},
    "migrations": {"migrate": NO_SERVICE, "reload": PYTHON_ROLES},
    "dependencies": {"build": NO_SERVICE, "recreate": PYTHON_ROLES},
    "plugin_config": {"reload": PYTHON_ROLES},
    "tests": {},
    "docs": {},
    "ignored": {},
}
CATEGORIES = tuple(MATRIX)
