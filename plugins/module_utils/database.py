# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to the stack's PostgreSQL: how databases are asked, copied, swapped and dropped in its container."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .compose import Compose
from .engine import Engine
from .errors import SchemaFailed
from .services import database_service

_SAFETY = "_safety_"
_REPLACED = "_replaced"
_NEXT = "_next"
# So much more than a database takes must be free to copy it: a server whose log finds no room can drop nothing either.
_ROOM = 1.1
_ROOM_FOR_LOG = 96 << 20
# For a copy, a dump or a checkpoint.
LIMIT_S = 1800
# PostgreSQL cuts longer names off.
NAME_BYTES = 63
# From where on copying files is cheaper.
_FILES_FROM_BYTES = 64 * 1024 * 1024
# What PostgreSQL's own entrypoint makes, whatever the stack's database is. Each statement is a transaction of its own.
_PSQL = 'psql -qAtX -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$0"'
_QUIET = "export PGOPTIONS='-c client_min_messages=error';"
# A script of statements and psql's own commands, which says with \\connect where it goes on.
_SCRIPT = 'printf %s "$1" | psql -qAtX -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$0" -f -'
# Where the server can share blocks instead of copying them (18 and later).
_CLONE_FILES = (
    "SELECT set_config(name, 'clone', false) FROM pg_settings "
    "WHERE name = 'file_copy_method' AND 'clone' = ANY(enumvals) \\g /dev/null"
)
# Bytes that are free where the server keeps its databases.
_FREE = "\\set free `df -Pk \"${PGDATA:-/var/lib/postgresql}\" | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4`"
# Analysing writes, too, in pg_statistic. Statistics are kept by number, and outlive a change of name.
_WRITES = """\
SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || ' ' ||
(SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
FROM pg_stat_all_tables AS counted JOIN pg_class ON oid = relid
WHERE NOT relisshared AND counted.schemaname <> 'pg_toast' AND counted.relname NOT LIKE 'pg_statistic%') || ' ' ||
(SELECT coalesce(stats_reset::text, '') FROM pg_stat_bgwriter);"""


@dataclass(frozen=True)
class Described:
    """A database as its server describes it; ``said`` is empty where it was never finished."""

    name: str
    size: int
    said: dict[str, Any]


@dataclass(frozen=True)
class Content:
    """What is in a database: ``applied`` migrations, none where it is empty.

    ``writes`` stands for what was written so far, whatever the database was called meanwhile, and for the counting: a
    crash makes the server forget. Sessions tell what they counted when they end, else some seconds after it.
    ``types`` stands for the numbers of content types, which NetBox's processes keep in mind.
    """

    applied: list[str]
    writes: str
    types: str


@dataclass(frozen=True)
class Look:
    """What the server has; ``free`` are the bytes that it has room for."""

    name: str
    version: int
    databases: Mapping[str, Described]
    live: Content
    free: int

    def marked(self, mark: str) -> dict[str, Described]:
        """Databases whose names go on with ``mark`` after NetBox's, by the rest of their names."""
        prefix = f"{self.name}{mark}"
        return {name[len(prefix) :]: one for name, one in self.databases.items() if name.startswith(prefix)}

    def changed(self, gone: str, made: Described | None = None) -> Look:
        """The same without one database, and with another."""
        left = {name: one for name, one in self.databases.items() if name != gone}
        return replace(self, databases={**left, made.name: made} if made else left)


def _said(comment: str | None) -> dict[str, Any]:
    try:
        found = json.loads(comment or "")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Database:
    """The stack's PostgreSQL, asked in its own container. ``name`` is the database that NetBox has."""

    def __init__(self, engine: Engine, compose: Compose) -> None:
        self.engine = engine
        service = database_service(compose.config())
        found = engine.containers().get(service)
        if not found:
            raise SchemaFailed(
                f"the service '{service}' has no container. Start it with hedgehog.netbox_dev.apply_change."
            )
        if not found["State"]["Running"] or found["State"].get("Paused"):
            raise SchemaFailed(
                f"the service '{service}' is {found['State']['Status']}. Start it with "
                "hedgehog.netbox_dev.apply_change."
            )
        self.container = str(found["Id"])
        variables = dict(line.partition("=")[::2] for line in found["Config"]["Env"])
        self.name = variables.get("POSTGRES_DB") or variables.get("POSTGRES_USER") or "postgres"

    def ask(self, statement: str, database: str = "postgres") -> str:
        """The rows of one statement, or of several in one transaction. Raises SchemaFailed with PostgreSQL's words."""
        return self._psql(f'{_PSQL} -c "$1"', database, statement)

    def script(self, *lines: str) -> list[str]:
        """The rows of a script for psql, each statement a transaction of its own.

        Begun anew where somebody came back to a database whose sessions it had ended.
        """
        for last in (False, False, True):
            try:
                return self._psql(_SCRIPT, "postgres", "\n".join(lines) + "\n").splitlines()
            except SchemaFailed as error:
                if last or "is being accessed by other users" not in error.message:
                    raise
        return []

    def _psql(self, command: str, database: str, *statements: str) -> str:
        words = ("sh", "-c", f"exec 2>&1; {_QUIET} {command}", database, *statements)
        status, output = self.engine.execute(self.container, *words, limit_s=LIMIT_S)
        text = output.decode("utf-8", "replace").strip()
        if status:
            raise SchemaFailed(f"PostgreSQL refused '{statements[-1].strip()[:80]}': {text}")
        return text

    def end_sessions(self, name: str) -> None:
        """What they have counted is in the statistics then."""
        self.script(*_end_sessions(name))

    def busy(self, among: Sequence[str] | None = None) -> str:
        """What a session is in the middle of, of those from the addresses if given; empty when all are idle."""
        known = ", ".join(map(literal, among or []))
        return self.ask(
            "SELECT coalesce(application_name, '') || ' ' || state || ': ' || left(query, 80) FROM pg_stat_activity "
            f"WHERE datname = {literal(self.name)} AND state <> 'idle' AND backend_type = 'client backend' "
            f"{f'AND host(client_addr) IN ({known}) ' if known else ''}{'AND false ' if among == [] else ''}LIMIT 1"
        )

    def names(self) -> list[str]:
        return self.ask("SELECT datname FROM pg_database").splitlines()

    def look(self) -> Look:
        """All databases that begin with the name of NetBox's, and what is in that one."""
        server, *live = self.script(
            _FREE,
            "SELECT jsonb_build_object('version', current_setting('server_version_num')::int, "
            "'free', :'free'::bigint * 1024, 'databases', "
            "jsonb_agg(jsonb_build_object('name', datname, 'size', pg_database_size(oid), "
            "'comment', shobj_description(oid, 'pg_database')))) "
            f"FROM pg_database WHERE starts_with(datname, {literal(self.name)});",
            *_content(self.name),
        )
        found = json.loads(server)
        databases = [Described(one["name"], int(one["size"]), _said(one["comment"])) for one in found["databases"]]
        by_name = {one.name: one for one in databases}
        return Look(self.name, int(found["version"]), by_name, _content_of(live), int(found["free"]))

    def content(self, name: str) -> Content:
        return _content_of(self.script(*_content(name)))

    def describe(self, name: str, said: Mapping[str, Any]) -> None:
        """Write what a database is on it; no copy of it has that."""
        self.ask(_comment(name, said))

    def finish(self, name: str, to: str, said: Mapping[str, Any]) -> None:
        """Write what a new database is on it, and let it have its name, in place of one that has it."""
        self.script(f"{_comment(name, said)};", f"{_drop(to)};", f"{_rename(name, to)};")

    def applied(self, name: str) -> list[str]:
        """The migrations that a database has, ``app.name``; none where it is empty."""
        return self.content(name).applied

    def copies(self) -> list[str]:
        """Names of the safety copies, the oldest first."""
        mine = re.compile(rf"{re.escape(self.name)}{_SAFETY}\d+")
        return sorted(name for name in self.names() if mine.fullmatch(name))

    def new_copy_name(self) -> str:
        return f"{self.name}{_SAFETY}{time.time_ns() // 1_000_000}"

    def create(self, name: str) -> None:
        self.ask(f"CREATE DATABASE {identifier(name)}")

    def copy(self, name: str) -> None:
        """Copy NetBox's database. Sessions are ended."""
        self.clone(self.name, name)

    def copy_and_hold_off(self, name: str) -> None:
        """Copy it, and let nobody but our tasks write to it from then on."""
        self.clone(self.name, name, _hold_off(self.name))

    def hold_off(self, name: str) -> None:
        """Let new sessions in a database only read, but for those of our tasks."""
        self.ask(_hold_off(name))

    def held_off(self) -> bool:
        """Whether nobody has written to NetBox's database since it was copied, but our tasks."""
        among = f"WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = {literal(self.name)})"
        found = self.ask(f"SELECT array_to_string(setconfig, ' ') FROM pg_db_role_setting {among} AND setrole = 0")
        return "default_transaction_read_only=on" in found

    def let_write(self) -> None:
        """Let everybody write to NetBox's database again."""
        self.ask(f"ALTER DATABASE {identifier(self.name)} RESET default_transaction_read_only")

    def lacks_room(self, copies: int = 1) -> str:
        """What is wrong where the disk has no room for copies of NetBox's database; empty where it has."""
        sizes = self.script(_FREE, f"SELECT pg_database_size({literal(self.name)}) || ' ' || :'free'::bigint * 1024;")
        size, free = map(int, sizes[0].split())
        return lacks_room(size * copies, free)

    def clone(self, source: str, name: str, first: str = "") -> None:
        """Copy a database, the cheapest way that the server knows. Sessions in it are ended.

        ``first`` is a statement that counts for all sessions that come after those that were ended. Copying files costs
        two checkpoints, writing every page to the log costs by the page.
        """
        create = f"CREATE DATABASE {identifier(name)} TEMPLATE {identifier(source)}"
        self.script(
            f"SELECT current_setting('server_version_num')::int >= 150000 AND "
            f"pg_database_size({literal(source)}) >= {_FILES_FROM_BYTES} AS files \\gset",
            _CLONE_FILES,
            *_end_sessions(source),
            # Whoever came before it took hold keeps the copy from being made, and is ended with the next try.
            *([f"{first};"] if first else []),
            "\\if :files",
            f"{create} STRATEGY FILE_COPY;",
            "\\else",
            f"{create};",
            "\\endif",
        )

    def size(self, name: str) -> int:
        """In bytes; zero where there is no such database."""
        return int(self.ask(f"SELECT pg_database_size(oid) FROM pg_database WHERE datname = {literal(name)}") or 0)

    def recently_used(self, seconds: float) -> bool:
        """Whether a session did anything in this time."""
        found = self.ask(
            f"SELECT count(*) FROM pg_stat_activity WHERE datname = {literal(self.name)} "
            f"AND pid <> pg_backend_pid() AND state_change > now() - interval '{seconds:.1f} s'"
        )
        return found != "0"

    @property
    def next(self) -> str:
        """Where what is to take the place of NetBox's database, or to be kept, is made."""
        return f"{self.name}{_NEXT}"

    @property
    def replaced(self) -> str:
        """What has that name was NetBox's database until another took its place."""
        return f"{self.name}{_REPLACED}"

    def swap(self, name: str) -> Content:
        """Let a database take the place of NetBox's, which is kept as ``replaced``; return what is in it.

        Sessions are ended.
        """
        rows = self.script(
            f"{_drop(self.replaced)};",
            *_end_sessions(name),
            *self._renames((self.name, self.replaced), (name, self.name)),
            *_content(self.name),
        )
        return _content_of(rows)

    def swap_back(self) -> None:
        """Let what was replaced have its place again, and drop what had it meanwhile."""
        self.script(
            f"{_drop(self.next)};",
            *self._renames((self.name, self.next), (self.replaced, self.name)),
            f"{_drop(self.next)};",
        )

    def _renames(self, *renames: tuple[str, str]) -> list[str]:
        """Statements by which both take place or none."""
        each = [f"{_rename(old, new)};" for old, new in renames]
        return [*_end_sessions(self.name), "BEGIN;", *each, "COMMIT;"]

    def put_back(self, name: str) -> None:
        """Let a copy take the place of NetBox's database, and drop what had it."""
        self.swap(name)
        self.drop(self.replaced)

    def rename(self, name: str, to: str) -> None:
        self.ask(_rename(name, to))

    def drop(self, name: str) -> None:
        self.ask(_drop(name))


def size_text(count: float) -> str:
    """Bytes for a person."""
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GB"


def lacks_room(needed: int, free: int) -> str:
    """What is wrong where so many bytes are free, and a copy takes that many; empty where they do."""
    if free >= needed * _ROOM + _ROOM_FOR_LOG:
        return ""
    return (
        f"no room: a copy of the database takes {size_text(needed)}, and as much as {size_text(_ROOM_FOR_LOG)} "
        f"meanwhile; {size_text(free)} are free where PostgreSQL keeps it. Remove snapshots (state=absent; "
        "snapshot.yml -e list=true shows their sizes) or make room. Nothing was changed."
    )


def _hold_off(name: str) -> str:
    return f"ALTER DATABASE {identifier(name)} SET default_transaction_read_only = on"


def _comment(name: str, said: Mapping[str, Any]) -> str:
    return f"COMMENT ON DATABASE {identifier(name)} IS {literal(json.dumps(said, sort_keys=True))}"


def _drop(name: str) -> str:
    return f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)"


def _rename(name: str, to: str) -> str:
    return f"ALTER DATABASE {identifier(name)} RENAME TO {identifier(to)}"


def _end_sessions(name: str) -> list[str]:
    """Statements that end all sessions in a database and wait until they are gone."""
    among = f"FROM pg_stat_activity WHERE datname = {literal(name)} AND pid <> pg_backend_pid()"
    return [f"SELECT count(pg_terminate_backend(pid, 5000)) AS ended {among} \\gset"]


def _content(name: str) -> list[str]:
    """Statements that say in three rows what is in a database."""
    return [
        f"\\connect {identifier(name)}",
        _WRITES,
        "SELECT num_nulls(to_regclass('django_migrations'), to_regclass('django_content_type')) = 0 AS there \\gset",
        "\\if :there",
        "SELECT jsonb_agg(DISTINCT app || '.' || name) FROM django_migrations;",
        "SELECT md5(string_agg(id || app_label || model, ',' ORDER BY id)) FROM django_content_type;",
        "\\else",
        "SELECT 'null';",
        "SELECT '';",
        "\\endif",
        "\\connect postgres",
    ]


def _content_of(rows: Sequence[str]) -> Content:
    writes, applied, types = [*rows, "", "", ""][:3]
    return Content(sorted(json.loads(applied or "null") or []), writes, types)


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
