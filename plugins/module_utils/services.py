# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service of a Compose configuration plays which role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .engine import ROLE_LABEL
from .errors import ComposeFailed, UnknownService, nearest
from .matrix import HOUSEKEEPING, MATRIX, PYTHON_ROLES, SCHEDULER, WEB, WORKER

_MANAGE = "manage.py"
DATABASE, REDIS = "database", "redis"
# What the workflow document restarts for a change of models, and for one of the configuration.
QUICK, FULL, ALL = "quick", "full", "all"
_SETS = {QUICK: MATRIX["models"]["reload"], FULL: MATRIX["settings"]["restart"]}


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


def all_roles(config: Mapping[str, Any]) -> dict[str, str]:
    """``{service: role}`` of every service; one that is neither Python, database nor Redis has its name for a role."""
    roles = python_services(config)
    for name in backing_services(config):
        image = str(config["services"][name].get("image", "")).rsplit("/", 1)[-1]
        redis = any(word in f"{image} {name}" for word in ("redis", "valkey"))
        roles[name] = DATABASE if name == database_service(config) else REDIS if redis else name
    return roles


def choose(config: Mapping[str, Any], asked: Iterable[str]) -> list[str]:
    """Names of the services that are asked for by name, by role, or as a set.

    Sets: ``quick`` (what models need), ``full`` (every Python service), ``all`` (database and Redis too). Raises
    UnknownService with the nearest word that means something here.
    """
    roles = all_roles(config)
    chosen: set[str] = set()
    # Typed with commas, with blanks, or both.
    for word in " ".join(asked).split():
        wanted = _SETS.get(word, (word,))
        # A name comes before a role: Redis is both.
        found = [word] if word in roles else [name for name, role in roles.items() if word == ALL or role in wanted]
        if not found:
            known = [*roles, *sorted(set(roles.values()) - set(roles)), QUICK, FULL, ALL]
            raise UnknownService(
                f"services: the stack has no service, role or set '{word}'{nearest(word, known)} "
                f"Known: {', '.join(known)}.",
                asked=word,
                known=known,
            )
        chosen.update(found)
    return sorted(chosen)


def web_service(roles: Mapping[str, str]) -> str:
    return next(name for name, role in roles.items() if role == WEB)


def supervised(words: list[str]) -> list[str]:
    """The supervisor's arguments for a service that used to run ``words``."""
    if role_of_command(words) == WEB:
        return ["web"]
    for index, word in enumerate(words):
        if word.rsplit("/", 1)[-1] == _MANAGE:
            return ["manage", *words[index + 1 :]]
    return ["script" if role_of_command(words) == HOUSEKEEPING else "exec", *words]


__all__ = ["PYTHON_ROLES", "backing_services", "command_words", "python_services", "supervised", "web_service"]
