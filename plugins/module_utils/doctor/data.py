# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what the code works on: database, migrations, static files, the plugin's files, Redis and its queues."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ..migrating import ASK_FOR_MIGRATIONS
from ..releases import missing_parent
from .cause import cause_of
from .check import APPLY, Found, check, some
from .code import PLUGIN
from .facts import Facts
from .files import may_change

# NetBox 4.1 needs 12, 4.2 needs 13, 4.3 and later need 14.
_POSTGRES = {"4.1": 12, "4.2": 13}
_POSTGRES_SINCE = 14
_USED_UP = 0.85
_FULL = ("too many clients", "remaining connection slots")


# -- database


@check(
    "connections",
    "The database's connections are used up",
    looks_at="sessions in pg_stat_activity against max_connections",
    remedy="end who holds them (a forgotten shell, a pool that is too large, tests that hang); `docker compose restart "
    "postgres` ends them all",
)
def connections(facts: Facts) -> Iterator[Found]:
    error = f"{facts.database.get('error', '')} {_look_error(facts)}"
    refusals = [words for words in _FULL if words in error]
    if refusals:
        yield Found("the database takes no further connection", refusals[0])
    elif facts.database.get("used", 0) > _USED_UP * facts.database.get("limit", 1):
        users = [f"{one['number']} of {one['name']} at {one['address']}" for one in facts.database.get("users") or []]
        yield Found(
            f"{facts.database['used']} of {facts.database['limit']} connections of the database are in use", some(users)
        )


@check(
    "encoding",
    "The database is not UTF-8",
    looks_at="encoding and locale of the stack's database: NetBox's migrations fail in SQL_ASCII",
    remedy="dump the database, remove its volume, let dev-setup.yml make a new one (the image's locale must be a UTF-8 "
    "one: `LANG: C.UTF-8`), and restore",
)
def encoding(facts: Facts) -> Iterator[Found]:
    found = facts.database.get("encoding")
    if found and found != "UTF8":
        yield Found(f"the database's encoding is {found}", f"encoding {found}, locale {facts.database.get('collate')}")


@check(
    "database_version",
    "PostgreSQL is too old for this NetBox",
    looks_at="the version of the server that answers",
    remedy="netbox-docker's release for this NetBox brings one that fits: dump, remove the database's volume, run "
    "dev-setup.yml, restore",
)
def database_version(facts: Facts) -> Iterator[Found]:
    version = int(facts.database.get("version", 0)) // 10000
    netbox = facts.stack.netbox if facts.stack else ""
    needed = _POSTGRES.get(netbox, _POSTGRES_SINCE)
    if 0 < version < needed:
        yield Found(f"PostgreSQL {version} is too old for NetBox {netbox}", f"{needed} or newer is needed")


@check(
    "database_empty",
    "The database is empty",
    looks_at="whether the stack's database has the table of applied migrations",
    remedy="run dev-setup.yml: it applies all migrations and makes the superuser. Was the volume removed, or a restore "
    "begun? Then restore first",
)
def database_empty(facts: Facts) -> Iterator[Found]:
    if facts.database.get("empty"):
        yield Found("the stack's database has no tables of NetBox", "there is no table django_migrations")


# -- migrations

_NO_SCHEMA = ("connections", "database_empty", *sorted(PLUGIN))


def _look(facts: Facts) -> Mapping[str, Any]:
    look: Mapping[str, Any] = facts.asked.get("look") or {}
    return look


def _look_error(facts: Facts) -> str:
    return str(_look(facts).get("error") or facts.asked.get("error") or "")


@check(
    "migration_parent",
    "A migration's parent is missing in this NetBox",
    looks_at="the graph of all migrations on disk",
    remedy="choose a NetBox that has it, or let the migration depend on one that this NetBox has",
    unless=_NO_SCHEMA,
)
def migration_parent(facts: Facts) -> Iterator[Found]:
    error = _look_error(facts)
    remedy = missing_parent(error)
    if remedy:
        (line, *_more) = (line for line in error.splitlines() if "nonexistent parent" in line)
        yield Found(
            "a migration depends on one that this NetBox does not have", line.partition(": ")[2] or line, remedy
        )


@check(
    "migration_conflict",
    "Several migrations come last",
    looks_at="the ends of the plugin's graph of migrations",
    remedy="where neither touches what the other does, apply-change.yml -e merge=true writes the one that merges them; "
    "else let one depend on the other",
    unless=_NO_SCHEMA,
)
def migration_conflict(facts: Facts) -> Iterator[Found]:
    for label, names in facts.asked.get("conflicts", {}).items():
        yield Found(f"migrations of '{label}' conflict", f"{' and '.join(names)} both come last")


_LEFT = (*_NO_SCHEMA, "migration_parent", "migration_conflict")


@check(
    "migration_missing",
    "Applied migrations are not on disk",
    looks_at="the plugin's and NetBox's migrations on record in the database against those on disk",
    remedy="check out the branch that has their files, or run apply-change.yml: it takes them back where it has seen "
    "their texts, and says what it cannot take back",
    unless=_LEFT,
)
def migration_missing(facts: Facts) -> Iterator[Found]:
    if _look(facts).get("missing"):
        yield Found("the database has migrations applied that are not on disk", some(_look(facts)["missing"]))
    if _look(facts).get("foreign"):
        yield Found(
            "the database is of another NetBox: migrations are applied that this one does not have",
            some(_look(facts)["foreign"]),
            "have that NetBox again, restore what this one made (restore.yml), or make the database anew (reset.yml)",
        )


@check(
    "migrations",
    "Migrations are not applied",
    looks_at="all migrations on disk against those on record in the database; those that remove a column or a table, "
    "or run SQL or Python of their own, are left to who asks for them",
    remedy=APPLY,
    fix="migrate",
    unless=(*_LEFT, "migration_missing"),
)
def migrations(facts: Facts) -> Iterator[Found]:
    if _look(facts).get("pending"):
        pending, losing = _look(facts)["pending"], _look(facts).get("losing")
        if losing:
            found = f"{len(pending)} migrations are not applied, and rows may be lost by them"
            yield Found(found, some(losing), ASK_FOR_MIGRATIONS, fixable=False)
        else:
            yield Found(f"{len(pending)} migrations are not applied", some(pending))


@check(
    "drift",
    "Models differ from their migrations",
    looks_at="what makemigrations would write, without the differences that were there when the stack was set up",
    remedy="run apply-change.yml -e changed=models: it writes and applies the migration",
    unless=(*_LEFT, "migration_missing"),
)
def drift(facts: Facts) -> Iterator[Found]:
    found = _look(facts).get("drift")
    if found:
        yield Found(f"models and migrations differ by {len(found)} operations", some(found, 1))


@check(
    "interrupted",
    "A run was killed while it migrated",
    looks_at="what the last run left in the stack's state",
    remedy="run apply-change.yml: it puts the database back first, and asks where rows were written since",
)
def interrupted(facts: Facts) -> Iterator[Found]:
    if facts.interrupted and not facts.run:
        yield Found("a run was killed in the middle of migrating", "the copy of the database from before it is kept")


# -- static files


@check(
    "static_access",
    "Static files cannot be collected",
    looks_at="whether the stack's user may write into the volume of static files",
    remedy="doctor.yml -e fix=true gives the image's group the right to (the volume is no folder of yours)",
    fix="static_access",
)
def static_access(facts: Facts) -> Iterator[Found]:
    denied = [name for name, inside in facts.inside.items() if inside.get("static_writable") is False]
    if denied:
        user = facts.inside[denied[0]].get("user")
        yield Found("collectstatic may not write", f"/opt/netbox/netbox/static, by user {user}", about=tuple(denied))


@check(
    "static_hidden",
    "Static files of the plugin are not found",
    looks_at="what `findstatic` finds for every file in a static/ folder of the package",
    remedy="put them under static/<package>/ (another app has a file of that name), in the folder static/ of an "
    "app that is in django_apps or of the package itself",
    unless=tuple(sorted(PLUGIN)),
)
def static_hidden(facts: Facts) -> Iterator[Found]:
    hidden = facts.asked.get("hidden_static", {})
    shadowed = {name: by for name, by in hidden.items() if by}
    if shadowed:
        name, by = min(shadowed.items())
        yield Found(f"{len(shadowed)} static files of the plugin are shadowed", f"'{name}' is served from {by}")
    lost = [name for name, by in hidden.items() if not by]
    if lost:
        yield Found(f"{len(lost)} static files are in a folder that Django does not look into", some(lost))


@check(
    "static",
    "Static files are not collected",
    looks_at="the collected files against those on disk, by content",
    remedy="run apply-change.yml -e changed=static (or doctor.yml -e fix=true)",
    fix="static",
    unless=("static_access", *sorted(PLUGIN)),
)
def static(facts: Facts) -> Iterator[Found]:
    number = _look(facts).get("static", 0)
    if number > 0:
        yield Found(
            f"{number} static files are served otherwise than they are on disk", "collectstatic would copy them"
        )


# -- the plugin's files


@check(
    "ownership",
    "Files in the plugin belong to root or an image's user",
    looks_at="the owner of every file in the package, and of those at the repository's top",
    remedy="give them back to who owns the repository: doctor.yml -e fix=true -b (never `chown unit:root`)",
    fix="owner",
)
def ownership(facts: Facts) -> Iterator[Found]:
    if facts.files.foreign:
        yield Found(
            f"{len(facts.files.foreign)} files of the plugin are not the developer's",
            some(facts.files.foreign),
            about=facts.files.foreign,
            # Nobody else can.
            fixable=os.geteuid() == 0,
        )


@check(
    "access",
    "The stack may not read the plugin's files",
    looks_at="whether the user that the services run as may read every file, and write into folders of migrations",
    remedy="doctor.yml -e fix=true lets that user in (an ACL, or the group where there are none); owners stay",
    fix="access",
)
def access(facts: Facts) -> Iterator[Found]:
    inner = f"{facts.stack.plugin.package_path}/" if facts.stack else ""
    denied: list[str] = next((inside["denied"] for inside in facts.inside.values() if inside.get("denied")), [])
    # What is given back is the stack's user's own again.
    denied = [path for path in denied if f"{inner}{path}" not in facts.files.foreign]
    if denied and facts.stack:
        fixable = any(may_change(facts.stack.plugin.package_dir / path) for path in denied)
        yield Found(
            f"the stack's user may not use {len(denied)} of the plugin's files",
            some(denied),
            "" if fixable else "only root and their owners can let that user in: doctor.yml -e fix=true -b",
            about=tuple(denied),
            fixable=fixable,
        )


# -- Redis


@check(
    "redis",
    "Redis does not answer",
    looks_at="a PING of NetBox's own connections for tasks and caching",
    remedy="see that host, port and password in env/netbox.env are those of env/redis.env; `docker compose restart "
    "redis redis-cache` in the checkout",
    unless=("stopped", "crash_loop", "unhealthy"),
)
def redis(facts: Facts) -> Iterator[Found]:
    for name, error in facts.asked.get("redis", {}).items():
        if error:
            yield Found(f"Redis does not answer for {name}", error)


@check(
    "queues",
    "A queue has no worker",
    looks_at="NetBox's and the plugin's queues against those that workers have said they serve",
    remedy='add a worker in netbox-dev.yml, such as `services: {netbox-rq-worker-mine: {command: "rqworker QUEUE"}}`, '
    "and run dev-setup.yml",
    unless=("redis", "stopped", "crash_loop", "import_error", "plugin_name"),
)
def queues(facts: Facts) -> Iterator[Found]:
    idle = {one["queue"]: one["length"] for one in facts.asked.get("queues", []) if not one["workers"]}
    if idle:
        waiting = [f"{name} ({number} jobs wait)" for name, number in idle.items()]
        yield Found(f"no worker serves {some(idle)}", some(waiting))


@check(
    "failed_jobs",
    "Jobs have failed",
    looks_at="the registry of failed jobs of every queue, with the last one's exception",
    remedy="mend the cause, then requeue or delete them: admin menu, Background Tasks; or all of a queue with "
    'hedgehog.netbox_dev.manage -e script=FILE, FILE being `import django_rq; q = django_rq.get_queue("QUEUE"); '
    "[q.failed_job_registry.requeue(i) for i in q.failed_job_registry.get_job_ids()]`",
    unless=("redis",),
)
def failed_jobs(facts: Facts) -> Iterator[Found]:
    for one in facts.asked.get("queues", []):
        if one["failed"]:
            last = (one["failures"] or [{"function": "unknown", "error": ""}])[-1]
            yield Found(
                f"{one['failed']} jobs of the queue '{one['queue']}' have failed",
                f"the last, {last['function']}: {cause_of(last['error'], facts.package)}",
            )


DATABASE = (connections, encoding, database_version, database_empty, interrupted)
SCHEMA = (migration_parent, migration_conflict, migration_missing, migrations, drift)
FILES = (ownership, access, static_access, static_hidden, static)
REDIS = (redis, queues, failed_jobs)
