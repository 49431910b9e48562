# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the stack's services: there, running, well, with the plugin mounted, fresh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..freshness import OTHER_PACKAGES, connected
from .cause import cause_of
from .check import APPLY, Found, check, some
from .code import PLUGIN, backing_ill
from .facts import Facts
from .files import Files

# What ended by a signal that somebody sent, or well.
_ASKED_TO_END = (0, 130, 137, 143)
_INCOMPATIBLE_DATA = "database files are incompatible with server"


def state_of(container: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = container["State"]
    return state


def crashed(container: Mapping[str, Any]) -> bool:
    state = state_of(container)
    if state.get("Restarting") or state["Status"] == "restarting":
        return True
    return state["Status"] in ("exited", "dead") and state.get("ExitCode", 0) not in _ASKED_TO_END


def unhealthy(container: Mapping[str, Any]) -> bool:
    state = state_of(container)
    health = state.get("Health") or {}
    # Nothing in one that is paused can answer; one that was is called unhealthy until it is asked again.
    well = not state["Running"] or state.get("Paused") or not health.get("FailingStreak")
    return not well and health.get("Status") == "unhealthy"


def _services(facts: Facts) -> list[str]:
    return sorted([*facts.roles, *facts.backing])


@check(
    "port",
    "The stack's port is taken",
    looks_at="who listens on `port`, where the web service does not",
    remedy="end that, or choose another with `port` in netbox-dev.yml, and run dev-setup.yml",
)
def port(facts: Facts) -> Iterator[Found]:
    if facts.port and facts.stack:
        yield Found(f"port {facts.stack.port} is taken by something else", facts.port)


@check(
    "stopped",
    "Services do not run",
    looks_at="every service's container: missing, stopped, paused, or out of its network",
    remedy=APPLY,
    fix="apply",
)
def stopped(facts: Facts) -> Iterator[Found]:
    why = {name: text for name in _services(facts) if (text := _not_running(facts.containers.get(name)))}
    # Nothing to start as long as somebody else has its port: that is told.
    served = {name for name, role in facts.roles.items() if role == "web"} if "port" in facts.found else set()
    why = {name: text for name, text in why.items() if name not in served}
    if why and len(why) == len(_services(facts)) - len(served):
        yield Found("the stack is down: none of its services runs", some(_said(why)), about=tuple(why))
    elif why:
        yield Found(f"{len(why)} services do not run", some(_said(why)), about=tuple(why))


def _said(why: Mapping[str, str]) -> list[str]:
    return [f"{name}: {text}" for name, text in why.items()]


def _not_running(container: Mapping[str, Any] | None) -> str:
    if container is None:
        return "no container"
    if crashed(container):
        return ""
    state = state_of(container)
    if state.get("Paused"):
        return "paused"
    if not state["Running"]:
        return f"{state['Status']} ({state.get('ExitCode', 0)})"
    return "" if connected(container) else "its network is gone"


@check(
    "crash_loop",
    "A service ends right after its start",
    looks_at="containers that ended with an error or are started again and again, and their logs; what the services' "
    "own supervisors tell of a process that ends",
    remedy=f"mend what the log names, then {APPLY}",
    fix="apply",
)
def crash_loop(facts: Facts) -> Iterator[Found]:
    for name in _services(facts):
        container = facts.containers.get(name)
        if container is None or (name in facts.roles and facts.found & PLUGIN):
            continue
        log = facts.logs.get(name, "")
        told = _dying(facts, name)
        if crashed(container):
            state = state_of(container)
            times = f", started {container['RestartCount']} times" if container.get("RestartCount") else ""
            # The engine's own word where not even a process came up.
            cause = str(state.get("Error") or "") or cause_of(log, facts.package)
            yield Found(
                f"{name} ended with status {state.get('ExitCode')}{times}",
                cause,
                _OTHER_MAJOR if _INCOMPATIBLE_DATA in log else "",
                (name,),
                fixable=_INCOMPATIBLE_DATA not in log,
            )
        elif told and not backing_ill(facts):
            text = told["error"] if "Traceback" in told["error"] else log
            yield Found(
                f"{name} has no process that stays", cause_of(text, facts.package), about=(name,), fixable=False
            )


def _dying(facts: Facts, service: str) -> Mapping[str, Any]:
    """What a supervisor told while it had no process; it was asked twice, for in between there may be one."""
    if not state_of(facts.containers[service])["Running"]:
        return {}
    verdicts = facts.status.outcome.verdicts if facts.status else []
    told = [facts.told.get(service, {}), *(verdict.told for verdict in verdicts if verdict.service == service)]
    return next((one for one in told if one.get("error") and not one.get("since")), {})


_OTHER_MAJOR = (
    "the volume holds another PostgreSQL's files: set the image's old version again, dump the database, and restore it "
    "into a new volume"
)


@check(
    "unhealthy",
    "A service is unhealthy",
    looks_at="the health that the engine knows of every container, and what its last check said",
    remedy="`docker compose logs SERVICE` in the checkout says why; then run apply-change.yml",
)
def unhealthy_service(facts: Facts) -> Iterator[Found]:
    for name in _services(facts):
        container = facts.containers.get(name)
        if container is None or (name in facts.roles and facts.found & PLUGIN):
            continue
        if unhealthy(container) and not _dying(facts, name):
            results = state_of(container)["Health"].get("Log") or [{}]
            said = str(results[-1].get("Output", "")).strip() or f"exit status {results[-1].get('ExitCode')}"
            yield Found(f"{name} runs and is unhealthy", f"its last check: {said}", about=(name,))


@check(
    "mounts",
    "A service sees other files than are on disk",
    looks_at="the package's folder, in every service and on the node: one that was moved away and copied back, or "
    "cloned anew, is another, even where the files in it are alike; where the engine is in a virtual machine, which "
    "counts folders otherwise, their content",
    remedy="recreate the services: doctor.yml -e fix=true, or `docker compose up -d --force-recreate` in the checkout",
    fix="recreate",
)
def mounts(facts: Facts) -> Iterator[Found]:
    other = []
    for name, inside in sorted(facts.inside.items()):
        if inside.get("package") and _is_other(inside, facts.files):
            other.append(name)
    if other and len(other) < len(facts.inside):
        yield Found(f"{len(other)} services see other files than are on disk", some(other, 5), about=tuple(other))
    elif other:
        yield Found("no service sees the files that are on disk", some(other, 5), about=tuple(other))


def _is_other(inside: Mapping[str, Any], files: Files) -> bool:
    """Whether the package's folder in a service is not the one on the node.

    A folder that nobody makes anew tells whether both count folders alike: what saves, rsync and git do inside of the
    package's is seen by both then, and no reason for alarm.
    """
    package = inside["package"]
    if package.get("place") and files.place and tuple(inside["told_in"]) == files.told_in:
        return tuple(package["place"]) != files.place
    return bool(package["inode"] != files.inode and package["digest"] != files.digest)


@check(
    "shadowed",
    "A copy of the package lies in site-packages",
    looks_at="the file that an import of the package takes in every service, and what is installed beside it",
    remedy="recreate the services from their image: doctor.yml -e fix=true; do not `pip install .` in a container",
    fix="recreate",
)
def shadowed(facts: Facts) -> Iterator[Found]:
    for name, inside in sorted(facts.inside.items()):
        package = inside.get("package", {})
        mounted = f"/opt/netbox/netbox/{facts.package}/"
        if inside.get("copies"):
            yield Found(f"{name} has a copy of the package beside the mounted one", inside["copies"][0], about=(name,))
        elif "mounts" in facts.found:
            # It imports what it has for want of what belongs there.
            continue
        elif package.get("origin") and not package["origin"].startswith(mounted):
            yield Found(f"{name} imports the package from elsewhere", package["origin"], about=(name,))


@check(
    "editable",
    "The plugin's installation is broken",
    looks_at="the distribution's metadata in every service, and the folders that path files of editable installs name",
    remedy="recreate the services from their image: doctor.yml -e fix=true",
    fix="recreate",
)
def editable(facts: Facts) -> Iterator[Found]:
    distribution = facts.stack.plugin.distribution if facts.stack else ""
    for name, inside in sorted(facts.inside.items()):
        if not inside.get("installed"):
            yield Found(f"'{distribution}' is not installed in {name}", "it has no metadata there", about=(name,))
        elif inside.get("dead_paths"):
            yield Found(
                f"'{distribution}' is installed in {name} from a folder that is not there",
                inside["dead_paths"][0],
                about=(name,),
            )


@check(
    "stale",
    "Services run other code than is on disk",
    looks_at="the code, configuration, image and packages that every process was started from, as status.yml does",
    remedy=APPLY,
    fix="apply",
    unless=(*sorted(PLUGIN), "mounts", "override", "image", "ca_bundle", "proxy"),
)
def stale(facts: Facts) -> Iterator[Found]:
    if not facts.status:
        return
    explained = {OTHER_PACKAGES} if facts.found & {"shadowed", "editable"} else set()
    why: dict[str, list[str]] = {}
    for service, verdict in zip(facts.status.services, facts.status.outcome.verdicts):
        container = facts.containers.get(verdict.service)
        down = container is None or _not_running(container) or crashed(container) or _dying(facts, verdict.service)
        if verdict.needs and not down and verdict.why not in explained:
            why.setdefault(service["why"], []).append(verdict.service)
    for reason, names in why.items():
        yield Found(f"{some(names, 5)} stale", reason, about=tuple(names))
    build = [action for action in facts.status.outcome.plan if action.action in ("build", "remove")]
    for action in build:
        yield Found(
            f"a run would {action.action} {'the image' if action.action == 'build' else ''}".strip(), action.reasons[0]
        )


CHECKS = (port, stopped)
AFTER_PLUGIN = (crash_loop, unhealthy_service, mounts, shadowed, editable, stale)
