# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pristine database: all migrations, what they seeded, the superuser, and nothing else.

One is kept for each of the last few sets of applied migrations, made from the one that is nearest below it.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .database import Database, Described, Look
from .oneoff import run_task
from .running import Running
from .secret import superuser_password
from .services import python_services, web_service
from .stack import Stack

MARK = "_pristine_"
KEPT = 4
_NEW = "new"


def find_pristine(stack: Stack, look: Look, applied: Sequence[str] | None = None) -> str:
    """The pristine database with these migrations, or those that NetBox's has; empty where none was kept."""
    wanted = look.live.applied if applied is None else applied
    found = look.marked(MARK).get(_key(_description(stack, wanted)))
    return found.name if found and found.said else ""


def ensure_pristine(
    running: Running, applied: Sequence[str] | None = None, targets: Mapping[str, str | None] | None = None
) -> str:
    """The same, made if there is none; the stack's lock is held. Its services are left alone.

    Nobody may have a session in it for long: it is copied from. Where migrations on disk are not applied yet, it has
    them, but for the plugin's beyond ``targets`` (by app, see runtime/travel.py). Raises SchemaFailed, with NetBox's
    database as it was, where they cannot be applied.
    """
    stack = running.stack
    database = Database(running.engine, running.compose)
    look = database.look()
    wanted = look.live.applied if applied is None else applied
    found = find_pristine(stack, look, wanted)
    if found:
        return found
    new = f"{database.name}{MARK}{_NEW}"
    with running.reporter.step("pristine database") as step:
        database.drop(new)
        base = _nearest(_description(stack, wanted), look.marked(MARK))
        if base:
            database.clone(base.name, new)
        else:
            running.reporter.say("none was kept to begin with: all migrations are applied to an empty database")
            database.create(new)
        done = run_task(
            running.compose,
            web_service(python_services(running.compose.config())),
            "upgrade",
            running.reporter.say,
            timeout_s=running.limits.schema_s,
            database=new,
            database_s=60,
            targets=targets,
            superuser_name=stack.superuser_name,
            superuser_password=superuser_password(stack, None),
        )
        step.changed, step.detail = True, f"{len(done['applied'])} migrations applied"
        return _finish(stack, database, new)


def keep_pristine(stack: Stack, database: Database) -> str:
    """Keep NetBox's database, which was made just now and has no other rows, as pristine. Sessions are ended."""
    new = f"{database.name}{MARK}{_NEW}"
    database.drop(new)
    database.copy(new)
    return _finish(stack, database, new)


def _finish(stack: Stack, database: Database, new: str) -> str:
    """Give it its name, say on it what it is, and drop the oldest beyond a number."""
    content = database.content(new)
    description = _description(stack, content.applied)
    name = f"{database.name}{MARK}{_key(description)}"
    database.drop(name)
    database.rename(new, name)
    database.describe(name, {**description, "types": content.types, "made": time.time()})
    kept = database.look().marked(MARK).values()
    for old in sorted(kept, key=lambda one: float(one.said.get("made", 0)))[:-KEPT]:
        database.drop(old.name)
    return name


def _nearest(wanted: Mapping[str, Any], kept: Mapping[str, Described]) -> Described | None:
    """The one with the most of the wanted migrations, none besides, and none whose text is another now."""
    fitting = [
        one
        for one in kept.values()
        if one.said
        and one.said["netbox"] == wanted["netbox"]
        and set(one.said["applied"]) <= set(wanted["applied"])
        and one.said["texts"].items() <= wanted["texts"].items()
    ]
    return max(fitting, key=lambda one: len(one.said["applied"]), default=None)


def _description(stack: Stack, applied: Sequence[str]) -> dict[str, Any]:
    """``netbox``, ``applied`` and the ``texts`` of the plugin's own among them, as digests by path."""
    names = {name.partition(".")[2] for name in applied}
    package: Path = stack.plugin.package_dir
    texts = {
        path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for path in sorted(package.rglob("migrations/*.py"))
        if path.stem in names
    }
    return {"netbox": stack.release, "applied": sorted(applied), "texts": texts}


def _key(description: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:16]
