# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a stack is fresh, and what of it is not: the same judgement by which a run in check mode plans."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable

from .changes import Wanted
from .compose import last_lines
from .converge import Converger, Outcome
from .errors import NetBoxDevError
from .events import Reporter
from .follow import kept_databases
from .freshness import OTHER_CODE, Verdict
from .hold import refused, watched
from .manifest import FILE
from .running import failed_checks
from .runtime.digest import loaded, signature
from .schema import inherited_drift, replacements
from .stack import Stack
from .state import lock_holder

_SHORT_ID = 12
_REFUSED_LINES = 6


@dataclass
class Status:
    """What was found. ``fresh`` is False where anything is stale or cannot be told."""

    outcome: Outcome
    services: list[dict[str, Any]] = field(default_factory=list)
    database: dict[str, Any] = field(default_factory=dict)
    static: dict[str, Any] = field(default_factory=dict)
    plugin: dict[str, Any] = field(default_factory=dict)
    # Who is at it, if a run is under way.
    run: str = ""
    # Whether a watch runs, and what it refuses of what was saved.
    watch: dict[str, Any] = field(default_factory=dict)
    last_apply: str = ""

    @property
    def fresh(self) -> bool:
        parts = [*(service["state"] for service in self.services), self.database["state"], self.static["state"]]
        return not self.outcome.plan and set(parts) == {"fresh"} and bool(self.plugin["registered"])


Ask = Callable[[Converger, Stack], Mapping[str, Any]]


def look(
    stack: Stack, reporter: Reporter, ask: Ask | None = None, probed: dict[str, dict[str, Any]] | None = None
) -> Status:
    """Ask everything that can be asked; nothing is changed.

    ``ask`` is who knows database and static files, ``probed`` what containers have told already.
    """
    converger = Converger(stack, reporter, check=True)
    converger.tolerant = True
    converger.know(probed or {})
    status = Status(converger.run(Wanted()))
    containers = converger.engine.containers()
    for verdict in status.outcome.verdicts:
        status.services.append(_service(stack, converger.roles, verdict, containers.get(verdict.service)))
    status.outcome.notices += _cold(status.outcome.verdicts)
    for verdict in status.outcome.verdicts:
        status.outcome.notices += failed_checks(verdict.told)
    down = converger.backing_down()
    if down:
        asked: Mapping[str, Any] = {"error": f"not running: {', '.join(down)}"}
    elif converger.build_needed():
        asked = {"error": "the image is to be built first"}
    else:
        asked = (ask or _ask)(converger, stack)
    status.database, status.static = _database(asked), _static(asked)
    status.database["kept"] = kept_databases(stack)
    report: dict[str, Any] = next((v.told["report"] for v in status.outcome.verdicts if v.told.get("report")), {})
    status.plugin = {
        "package": stack.plugin.package,
        "registered": report.get("registered"),
        "netbox": report.get("netbox", ""),
        "url": f"{stack.url}/plugins/{report['base_url']}/" if report.get("base_url") else "",
    }
    status.run = lock_holder(stack.state) or ""
    status.watch = {"running": watched(stack), "refused": refused(stack)}
    recorded = stack.state / FILE
    if recorded.is_file():
        moment = datetime.fromtimestamp(recorded.stat().st_mtime, timezone.utc)
        status.last_apply = moment.isoformat(timespec="seconds")
    return status


def _ask(converger: Converger, stack: Stack) -> dict[str, Any]:
    try:
        request: dict[str, Any] = {
            "inherited": inherited_drift(stack),
            "replacements": replacements(stack),
            "database_s": 10,
        }
        return converger.run_task("look", **request)
    except NetBoxDevError as error:
        lines = error.message.strip().splitlines()
        return {"error": lines[0] if lines else error.code}


def _cold(verdicts: list[Verdict]) -> list[str]:
    """Why services start from nothing that would bind the plugin to a NetBox that is set up already."""
    whys: dict[str, list[str]] = {}
    for verdict in verdicts:
        # What runs may be of before, and come back; only what it began with says what the next reload will be like.
        if verdict.told.get("cold") and not verdict.told.get("warm"):
            whys.setdefault(verdict.told["cold"], []).append(verdict.service)
    return [f"reloads of {', '.join(names)} start NetBox from nothing: {why}" for why, names in whys.items()]


def _database(asked: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in asked:
        nothing: dict[str, Any] = {key: [] for key in ("pending", "missing", "foreign", "drift")}
        return {"state": "unknown", "why": asked["error"], **nothing, "inherited": 0}
    why = []
    if asked["pending"]:
        why.append(f"not applied: {_some(asked['pending'])}")
    if asked["missing"]:
        why.append(f"applied and not on disk: {_some(asked['missing'])}")
    # A stack that was set up by an older version does not tell.
    foreign = asked.get("foreign", [])
    if foreign:
        why.append(f"applied and not in this NetBox: {_some(foreign)}")
    if asked["drift"]:
        why.append(f"{len(asked['drift'])} operations differ between models and migrations")
    state = "stale" if why else "fresh"
    kept = {key: asked[key] for key in ("pending", "missing", "inherited")}
    return {"state": state, "why": "; ".join(why), "foreign": foreign, "drift": asked["drift"], **kept}


def _static(asked: Mapping[str, Any]) -> dict[str, Any]:
    if "error" in asked:
        return {"state": "unknown", "why": asked["error"], "stale": 0}
    number = asked["static"]
    why = f"{number} files are to be collected" if number else ""
    return {"state": "stale" if number else "fresh", "why": why, "stale": number}


def _some(names: list[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _service(
    stack: Stack, roles: Mapping[str, str], verdict: Verdict, container: Mapping[str, Any] | None
) -> dict[str, Any]:
    state = container["State"] if container else {}
    since = verdict.told.get("since") if container and state.get("Running") else None
    why = verdict.why
    if why.startswith(OTHER_CODE) and since:
        why = _saved_after(stack, since) or why
    if verdict.told.get("error") and verdict.needs:
        why = f"{why}; the code on disk does not start: {verdict.told['error'].strip().splitlines()[-1]}"
    return {
        "service": verdict.service,
        "role": roles[verdict.service],
        "state": "stale" if verdict.needs else "fresh",
        "needs": verdict.needs,
        "why": why,
        "health": (state.get("Health") or {}).get("Status") or state.get("Status") or "absent",
        "uptime_s": round(time.time() - since, 1) if since else None,
        "image": container["Image"].rpartition(":")[2][:_SHORT_ID] if container else "",
        "container": container["Id"][:_SHORT_ID] if container else "",
    }


def _saved_after(stack: Stack, since: float) -> str:
    """The first file that was saved after a process started; empty where none was (one that is gone, or came back)."""
    package = stack.plugin.package_dir
    later = [
        (mtime, path)
        for path, (_size, mtime, _inode) in signature(str(package), also=loaded(str(stack.state / "run"))).items()
        if mtime > since * 1e9
    ]
    if not later:
        return ""
    more = f" and {len(later) - 1} more" if len(later) > 1 else ""
    return f"{Path(package.name, min(later)[1]).as_posix()}{more} saved since its start"


def for_people(status: Status, stack: Stack) -> list[str]:
    """One table and what is behind it, for a screen."""
    rows = [("service", "state", "health", "up", "image", "")]
    for one in status.services:
        up = _duration(one["uptime_s"]) if one["uptime_s"] is not None else "-"
        rows.append((one["service"], one["state"], one["health"], up, one["image"] or "-", one["why"]))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[5]]).rstrip() for row in rows]
    database = status.database
    left = f" ({database['inherited']} inherited operations left)" if database["inherited"] else ""
    lines.append(f"database: {database['state']}{left}{_because(database['why'])}")
    kept = [f"{one['branch'] or 'no branch'} ({one['database']})" for one in database.get("kept", [])]
    lines += [f"databases kept of: {_some(kept)}"] if kept else []
    lines.append(f"static files: {status.static['state']}{_because(status.static['why'])}")
    registered = {True: "registered", False: "not registered", None: "unknown, no service has told"}
    lines.append(
        f"plugin: {status.plugin['package']}, {registered[status.plugin['registered']]}"
        + (f" in NetBox {status.plugin['netbox']}, {status.plugin['url']}" if status.plugin["url"] else "")
    )
    lines.append(f"last apply: {status.last_apply or 'none'}{f'; under way: {status.run}' if status.run else ''}")
    why = status.watch.get("refused", "")
    if status.watch.get("running"):
        lines.append(f"watch: runs{' and refuses what was saved:' if why else ''}")
        lines += [f"  {line}" for line in last_lines(why, _REFUSED_LINES).splitlines()]
    lines += [f"note: {notice}" for notice in status.outcome.notices if notice not in why]
    if status.fresh:
        return [*lines, f"fresh: {stack.url} runs what is on disk"]
    doing = ", ".join(dict.fromkeys(action.action for action in status.outcome.plan))
    return [*lines, f"stale: apply_change would do {doing}" if doing else "stale: see above"]


def _because(why: str) -> str:
    return f", {why}" if why else ""


def _duration(seconds: float) -> str:
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"


def describe(status: Status) -> dict[str, Any]:
    """Plain data for machines."""
    return {
        "fresh": status.fresh,
        "services": status.services,
        "database": status.database,
        "static": status.static,
        "plugin": status.plugin,
        "run": status.run,
        "watch": status.watch,
        "last_apply": status.last_apply,
        "plan": [action.describe() for action in status.outcome.plan],
        "notices": status.outcome.notices,
    }
