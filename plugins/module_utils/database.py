# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to the stack's PostgreSQL: how databases are asked, copied, swapped and dropped in its container."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .compose import Compose
from .engine import Engine
from .errors import SchemaFailed
from .services import database_service

_SAFETY = "_safety_"
_REPLACED = "_replaced"
_NEXT = "_next"
# PostgreSQL cuts longer names off.
NAME_BYTES = 63
# Copying files costs two checkpoints, writing every page to the log costs by the page: where they cross.
_FILES_FROM_BYTES = 64 * 1024 * 1024
# What PostgreSQL's own entrypoint makes, whatever the stack's database is. Each statement is a transaction of its own.
_PSQL = 'psql -qAtX -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d "$0"'
_NAME = 'printf %s "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"'
# Where the server can share blocks instead of copying them (18 and later).
_CLONE_FILES = (
    "SELECT set_config(name, 'clone', false) FROM pg_settings "
    "WHERE name = 'file_copy_method' AND 'clone' = ANY(enumvals)"
)
# Analysing writes, too, in pg_statistic. Statistics are kept by number, and outlive a change of name.
_WRITES = """\
SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || ' ' ||
(SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)
FROM pg_stat_all_tables AS counted JOIN pg_class ON oid = relid
WHERE NOT relisshared AND counted.schemaname <> 'pg_toast' AND counted.relname NOT LIKE 'pg_statistic%') || ' ' ||
(SELECT coalesce(stats_reset::text, '') FROM pg_stat_bgwriter)"""


@dataclass(frozen=True)
class Described:
    """A database as its server describes it; ``said`` is empty where it was never finished."""

    name: str
    size: int
    said: dict[str, Any]


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
            raise SchemaFailed(f"the service '{service}' has no container. Start it with apply_change.yml.")
        if not found["State"]["Running"] or found["State"].get("Paused"):
            raise SchemaFailed(
                f"the service '{service}' is {found['State']['Status']}. Start it with apply_change.yml."
            )
        self.container = str(found["Id"])
        self.name = engine.execute(self.container, "sh", "-c", _NAME)[1].decode()

    def ask(self, statement: str, database: str = "postgres") -> str:
        """The rows of one statement, or of several in one transaction. Raises SchemaFailed with PostgreSQL's words."""
        return self._psql(f'{_PSQL} -c "$1"', database, statement)

    def ask_each(self, *statements: str) -> str:
        """The rows of statements that are each a transaction of its own, in one session."""
        words = " ".join(f'-c "${number}"' for number in range(1, len(statements) + 1))
        return self._psql(f"{_PSQL} {words}", "postgres", *statements)

    def _psql(self, command: str, database: str, *statements: str) -> str:
        status, output = self.engine.execute(self.container, "sh", "-c", f"exec 2>&1; {command}", database, *statements)
        text = output.decode("utf-8", "replace").strip()
        if status:
            raise SchemaFailed(f"PostgreSQL refused '{statements[-1][:80]}': {text}")
        return text

    def end_sessions(self, name: str) -> None:
        """What they have counted is in the statistics then."""
        self.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {literal(name)}")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self.ask(f"SELECT count(*) FROM pg_stat_activity WHERE datname = {literal(name)}") == "0":
                return
            time.sleep(0.05)

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

    def described(self, mark: str) -> dict[str, Described]:
        """Databases beside NetBox's whose names go on with ``mark``, by the rest of their names."""
        prefix = f"{self.name}{mark}"
        found = self.ask(
            "SELECT coalesce(json_agg(json_build_object('name', datname, 'size', pg_database_size(oid), "
            "'comment', shobj_description(oid, 'pg_database'))), '[]') FROM pg_database "
            f"WHERE starts_with(datname, {literal(prefix)})"
        )
        return {
            one["name"][len(prefix) :]: Described(one["name"], int(one["size"]), _said(one["comment"]))
            for one in json.loads(found)
        }

    def describe(self, name: str, said: Mapping[str, Any]) -> None:
        """Write what a database is on it; no copy of it has that."""
        self.ask(f"COMMENT ON DATABASE {identifier(name)} IS {literal(json.dumps(said, sort_keys=True))}")

    def applied(self, name: str) -> list[str]:
        """The migrations that a database has, ``app.name``; none where it is empty."""
        if self.ask("SELECT to_regclass('django_migrations') IS NULL", name) == "t":
            return []
        return self.ask("SELECT DISTINCT app || '.' || name FROM django_migrations ORDER BY 1", name).splitlines()

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
        self.end_sessions(self.name)
        self.clone(self.name, name)

    def clone(self, source: str, name: str) -> None:
        """Copy a database that nobody has a session in, the cheapest way that the server knows."""
        create = f"CREATE DATABASE {identifier(name)} TEMPLATE {identifier(source)}"
        if self.size(source) < _FILES_FROM_BYTES or self.version() < 150000:
            self.ask(create)
        else:
            self.ask_each(_CLONE_FILES, f"{create} STRATEGY FILE_COPY")

    def size(self, name: str) -> int:
        """In bytes; zero where there is no such database."""
        return int(self.ask(f"SELECT pg_database_size(oid) FROM pg_database WHERE datname = {literal(name)}") or 0)

    def free(self) -> int:
        """Bytes that are free where the server keeps its databases."""
        command = 'df -Pk "${PGDATA:-/var/lib/postgresql}"'
        lines = self.engine.execute(self.container, "sh", "-c", command)[1].decode().splitlines()
        return int(lines[-1].split()[3]) * 1024

    def version(self) -> int:
        """As PostgreSQL counts, such as 170004."""
        return int(self.ask("SHOW server_version_num"))

    def writes(self) -> str:
        """Stands for what was written to NetBox's database so far, whatever it was called meanwhile.

        It changes when a crash made the server forget its counts. Sessions tell what they counted when they end,
        else some seconds after it.
        """
        return self.ask(_WRITES, self.name)

    def content_types(self, name: str = "") -> str:
        """Stands for the numbers that NetBox's processes keep in mind."""
        statement = "SELECT md5(string_agg(id || app_label || model, ',' ORDER BY id)) FROM django_content_type"
        return self.ask(statement, name or self.name)

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

    def swap(self, name: str) -> None:
        """Let a database take the place of NetBox's, which is kept as ``replaced``. Sessions are ended."""
        self.drop(self.replaced)
        self.end_sessions(self.name)
        self.end_sessions(name)
        self.ask(
            f"BEGIN; ALTER DATABASE {identifier(self.name)} RENAME TO {identifier(self.replaced)}; "
            f"ALTER DATABASE {identifier(name)} RENAME TO {identifier(self.name)}; COMMIT"
        )

    def swap_back(self) -> None:
        """Let what was replaced have its place again, and drop what had it meanwhile."""
        self.drop(self.next)
        self.end_sessions(self.name)
        self.ask(
            f"BEGIN; ALTER DATABASE {identifier(self.name)} RENAME TO {identifier(self.next)}; "
            f"ALTER DATABASE {identifier(self.replaced)} RENAME TO {identifier(self.name)}; COMMIT"
        )
        self.drop(self.next)

    def put_back(self, name: str) -> None:
        """Let a copy take the place of NetBox's database, and drop what had it."""
        self.swap(name)
        self.drop(self.replaced)

    def rename(self, name: str, to: str) -> None:
        self.ask(f"ALTER DATABASE {identifier(name)} RENAME TO {identifier(to)}")

    def drop(self, name: str) -> None:
        self.ask(f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)")


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
