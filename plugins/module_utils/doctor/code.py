# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the plugin's code: whether NetBox can import it, takes it, and serves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..errors import BrokenCode
from .cause import cause_of
from .check import Found, check, some
from .facts import Facts

# Any of these explains services that do not start or do not run what is on disk.
PLUGIN = {"plugin_name", "import_error", "not_in_plugins", "incompatible", "refused"}
_PARENT = "NodeNotFoundError"
_VERSION = re.compile(r"\b(min|max)imum version\b|is not compatible|requires NetBox", re.I)
_NOT_TAKEN = re.compile(r"^NetBox \S+ does not take the plugin: (.*)", re.S)
_LACKS_SETTING = re.compile(r"ImproperlyConfigured: (Plugin \S+ requires .*)")
_TRIAL = "a trial run"


def _errors(facts: Facts) -> dict[str, str]:
    """What keeps code from starting, by who said it: services, a run that would be refused, a process of its own."""
    found = {name: told["error"] for name, told in facts.told.items() if told.get("error")}
    refused = facts.status.outcome.refused if facts.status else None
    if isinstance(refused, BrokenCode):
        found[_TRIAL] = refused.message
    if facts.asked.get("error"):
        found["a process of its own"] = facts.asked["error"]
    return found


def backing_ill(facts: Facts) -> bool:
    """Whether database or Redis do not run well: code that needs them fails for that."""
    for name in facts.backing:
        state = (facts.containers.get(name) or {}).get("State", {})
        health = (state.get("Health") or {}).get("Status", "healthy")
        if not state.get("Running") or state.get("Paused") or health == "unhealthy":
            return True
    return False


def report_of(facts: Facts) -> dict[str, Any]:
    """What NetBox says of the plugin, from a process that started just now, else from one that runs."""
    if facts.asked.get("report"):
        return dict(facts.asked["report"])
    return next((dict(told["report"]) for told in facts.told.values() if told.get("report")), {})


@check(
    "plugin_name",
    "The PluginConfig names another package",
    looks_at="`name` in the PluginConfig against the folder that it is in",
    remedy="let `name` be the package's own: Django imports what it says",
)
def plugin_name(facts: Facts) -> Iterator[Found]:
    named = facts.files.named
    if named and named != facts.package:
        yield Found(
            f"the PluginConfig of '{facts.package}' says that its name is '{named}'",
            f'{facts.package}/__init__.py: name = "{named}"',
        )


@check(
    "import_error",
    "The code on disk does not start",
    looks_at="what the services say of the last code and configuration that they tried, and a process that loads all "
    "that they would",
    remedy="mend the line that is named and save: the services take it up by themselves; until then the last good code "
    "is served",
    unless=("plugin_name",),
)
def import_error(facts: Facts) -> Iterator[Found]:
    if backing_ill(facts):
        return
    for who, text in _errors(facts).items():
        if _why_left_out(text) or _PARENT in text or not (who == _TRIAL or "Traceback" in text):
            continue
        told = text if "Traceback" in text else text.strip().splitlines()[-1]
        yield Found("the code on disk does not start", cause_of(told, facts.package))
        return


@check(
    "not_in_plugins",
    "The plugin is not in PLUGINS",
    looks_at="whether NetBox has registered the plugin, and its settings",
    remedy="take PLUGINS out of `settings` in netbox-dev.yml: the plugin is added to what the checkout's configuration "
    "lists; then run apply-change.yml",
)
def not_in_plugins(facts: Facts) -> Iterator[Found]:
    why = _why_not(facts)
    if why.startswith("it is not in PLUGINS"):
        yield Found(f"NetBox runs without '{facts.package}'", why)


@check(
    "incompatible",
    "The plugin does not fit this NetBox",
    looks_at="NetBox's word on the plugin's min_version and max_version: since 4.3 it only warns and goes without it",
    remedy='choose a NetBox that fits with `netbox: "4.x"` in netbox-dev.yml and run dev-setup.yml, or mend '
    "min_version and max_version in the PluginConfig",
    unless=("not_in_plugins",),
)
def incompatible(facts: Facts) -> Iterator[Found]:
    why = _why_not(facts)
    if _VERSION.search(why):
        yield Found(f"NetBox {report_of(facts).get('netbox', '')} leaves '{facts.package}' out", why)


@check(
    "refused",
    "NetBox refuses the plugin",
    looks_at="NetBox's word on the plugin's settings, such as required ones that are missing",
    remedy="give what it asks for with `plugin_settings` in netbox-dev.yml, and run apply-change.yml",
    unless=("not_in_plugins", "incompatible", "plugin_name"),
)
def refused(facts: Facts) -> Iterator[Found]:
    why = _why_not(facts)
    if why:
        yield Found(f"NetBox runs without '{facts.package}'", why)


def _why_not(facts: Facts) -> str:
    """NetBox's reason for leaving the plugin out, of the code on disk; empty where it has it."""
    reasons = filter(None, map(_why_left_out, _errors(facts).values()))
    report = report_of(facts)
    left_out = report and not report.get("registered")
    return next(reasons, str(report.get("why") or "it is not registered") if left_out else "")


def _why_left_out(text: str) -> str:
    """NetBox's reason in what it ended with; empty where the text is of something else."""
    match = _NOT_TAKEN.match(text) or _LACKS_SETTING.search(text)
    return match.group(1).strip() if match else ""


@check(
    "page",
    "The plugin's page fails",
    looks_at="the answer to a request for the plugin's own page",
    remedy="`docker compose logs netbox` in the checkout has the traceback; a page that fails is no start that fails",
    unless=(*sorted(PLUGIN), "stale", "stopped", "crash_loop", "unhealthy", "connections", "migrations", "redis"),
)
def page(facts: Facts) -> Iterator[Found]:
    if facts.page:
        yield Found("the plugin's own page fails", facts.page)


@check(
    "debug",
    "Development settings are off",
    looks_at="DEBUG and DEVELOPER as NetBox has them: without DEVELOPER makemigrations refuses, without DEBUG "
    "templates and static files are not read afresh",
    remedy="take them out of `settings` in netbox-dev.yml, for both are on in a development stack; then run "
    "apply-change.yml",
)
def debug(facts: Facts) -> Iterator[Found]:
    off = [name for name in ("debug", "developer") if facts.asked.get(name) is False]
    if off:
        names = " and ".join(name.upper() for name in off)
        yield Found(f"{names} {'are' if len(off) > 1 else 'is'} off", some(f"{name.upper()} = False" for name in off))


CHECKS = (plugin_name, import_error, not_in_plugins, incompatible, refused)
AFTER_SERVICES = (debug,)
LAST = (page,)
