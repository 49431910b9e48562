# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service of a Compose configuration plays which role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .engine import ROLE_LABEL
from .errors import ComposeFailed
from .matrix import HOUSEKEEPING, PYTHON_ROLES, SCHEDULER, WEB, WORKER

_MANAGE = "manage.py"


def command_words(service: Mapping[str, Any]) -> list[str]:
    """A service's command as words, empty when the image's own is used."""
    command = service.get("command") or []
    return command.split() if isinstance(command, str) else [str(word) for word in command]


def role_of_command(words: list[str]) -> str:
    """The role of a Python service, from what it runs."""
    text = " ".join(words)
    if "rqscheduler" in text:
        return SCHEDULER
    if "rqworker" in text:
        return WORKER
    if "housekeeping" in text:
        return HOUSEKEEPING
    return WEB if not words or "launch" in text or "runserver" in text else WORKER


def python_services(config: Mapping[str, Any]) -> dict[str, str]:
    """``{service: role}`` of the services that run NetBox's image; of ours by their label, of others by their command.

    Raises ComposeFailed when there is not exactly one web service.
    """
    services = config.get("services", {})
    labelled = {
        name: service["labels"][ROLE_LABEL]
        for name, service in services.items()
        if ROLE_LABEL in service.get("labels", {})
    }
    if labelled:
        return labelled
    image = services.get("netbox", {}).get("image")
    if image is None:
        raise ComposeFailed(
            f"the checkout's docker-compose.yml has no service 'netbox' with an image; found: {', '.join(services)}."
        )
    roles = {name: role_of_command(command_words(s)) for name, s in services.items() if s.get("image") == image}
    web = [name for name, role in roles.items() if role == WEB]
    if web != ["netbox"]:
        raise ComposeFailed(f"one web service named 'netbox' was expected, found: {', '.join(web) or 'none'}.")
    return roles


def backing_services(config: Mapping[str, Any]) -> list[str]:
    """Names of the services that are no Python service: database and Redis."""
    python = python_services(config)
    return sorted(name for name in config.get("services", {}) if name not in python)


def database_service(config: Mapping[str, Any]) -> str:
    """The service that runs PostgreSQL: by its image's name, else by its own."""
    names = backing_services(config)
    services = config.get("services", {})
    found = [name for name in names if "postgres" in str(services[name].get("image", "")).rsplit("/", 1)[-1]]
    return (found or [name for name in names if "postgres" in name] or ["postgres"])[0]


def web_service(roles: Mapping[str, str]) -> str:
    return next(name for name, role in roles.items() if role == WEB)


def supervised(words: list[str]) -> list[str]:
    """The supervisor's arguments for a service that used to run ``words``."""
    if role_of_command(words) == WEB:
        return ["web"]
    for index, word in enumerate(words):
        if word.rsplit("/", 1)[-1] == _MANAGE:
            return ["manage", *words[index + 1 :]]
    return ["exec", *words]


__all__ = ["PYTHON_ROLES", "backing_services", "command_words", "python_services", "supervised", "web_service"]
