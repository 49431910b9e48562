# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema step of a run: migrations are written and applied, and the database follows a switch of branches."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .change import Compilable
from .database import Database
from .errors import BrokenCode, SchemaFailed, StackNotSetUp
from .follow import (
    KEPT,
    SCHEMA,
    TEXTS,
    Way,
    branch,
    find_way,
    keep,
    kept_databases,
    on_node,
    remember_texts,
    restore,
    switched,
    texts_elsewhere,
    where,
)
from .running import Running
from .safety import Safety
from .schema import Wishes, adopt_drift, remember_replacements
from .state import read_json, write_json

# Of the state: there from before a schema step until every service is proved fresh after it.
PENDING = "schema-changed"


ASK_FOR_MIGRATIONS = (
    "See it with plan.yml, keep the rows with snapshot.yml, and run apply-change.yml -e changed=migrations: it copies "
    "the database first"
)


class Migrating(Running):
    """The schema step over one stack."""

    wishes = Wishes()
    migrates = True
    # Whether migrations by which rows are lost, or may be, are left to a run that is asked for them.
    spares = False
    # Whether the texts of migrations are wanted.
    diff = False
    # Whether the models are as the commit that was checked out has them: what differs then is the commit's own.
    adopts = False

    @property
    def safety(self) -> Safety:
        return Safety(self.stack, self.engine, self.compose, self.reporter)

    def schema_request(self, make: bool, dry_run: bool, **more: Any) -> dict[str, Any]:
        """What the task ``schema`` is asked."""
        return {
            "makemigrations": make,
            "follow": False,
            "switched": switched(self.stack),
            "texts": texts_elsewhere(self.stack),
            "guarded": False,
            "again": False,
            "adopt": self.adopts and not self.wishes.inherited,
            "compile": {},
            "written": [],
            "migrate": self.migrates,
            "dry_run": dry_run,
            "sql": self.diff,
            "database_s": 60,
            **self.wishes.request(self.stack),
            **more,
        }

    def ask_schema(self, make: bool, **more: Any) -> dict[str, Any]:
        """Do the schema step in a container of the wanted image; what is risky only where ``guarded`` says so."""
        request = self.schema_request(make, dry_run=False, **more)
        return self.run_task("schema", self.reporter.say, timeout_s=self.limits.schema_s, **request)

    def predict_schema(self, make: bool, files: Compilable) -> tuple[dict[str, Any], Way | None]:
        """What the step would do, and how the database would follow first; raises what it would end with."""
        request = self.schema_request(make, dry_run=True, follow=True, compile=files)
        result = self.run_task("schema", **request)
        if "gone" not in result:
            if self.migrates and result["risks"]:
                self.safety.assert_room()
            return result, None
        way = self._way(result)
        if way.leads:
            self.safety.assert_room(_copies(way))
        result = self.run_task("schema", **self.schema_request(make, dry_run=True))
        return result, way

    def schema_step(self, make: bool, files: Compilable | None = None) -> tuple[dict[str, Any], list[str]]:
        """Write and apply migrations; return the task's result and what else is to be known."""
        pending = self.stack.state / PENDING
        notices: list[str] = []
        with self.reporter.step("migrate" if not make else "makemigrations, migrate") as step:
            before = pending.exists()
            pending.touch()
            try:
                result = self.ask_schema(make, follow=self.migrates, compile=files or {}, again=before)
            except (BrokenCode, SchemaFailed) as error:
                # What does not work, and what is to be decided, is seen before anything is done.
                if not before and (isinstance(error, BrokenCode) or error.details.get("undecided")):
                    pending.unlink()
                raise
            parts = []
            as_on_disk: list[str] = []
            if "gone" in result:
                way = self._way(result)
                if way.leads:
                    self._spare(before, [way.text])
                    parts.append(way.text)
                    result, kept = self._follow(way, result, make)
                    as_on_disk = result["states"]["applied"] if way.copy else []
                    notices.append(f"the database as it was is kept as {kept}")
                else:
                    result = self.ask_schema(make, again=before)
            if self.migrates and result["risks"] and not result["applied"]:
                with self._without_files(result):
                    self._spare(before, result["losing"])
                self.reporter.say(f"the database is copied first: {result['risks'][0]}")
                with self._without_files(result), self.safety.guarded():
                    done = self.ask_schema(False, guarded=True, written=result["written"])
                result.update({key: done[key] for key in ("applied", "missing", "texts") if key in done})
            remember_replacements(self.stack, result["replaced"])
            if result["adopted"]:
                adopt_drift(self.stack, result["adopted"]["operations"])
            if self.migrates:
                applied = [*result["applied"], *as_on_disk]
                # A container that runs since before an upgrade tells no texts.
                remember_texts(self.stack, result["states"], applied, result.get("texts"))
            names = [path.rsplit("/", 1)[-1] for path in result["written"]]
            step.changed = bool(names or result["applied"] or parts)
            parts += [f"wrote {name}" for name in names] + result["operations"]
            parts += [f"applied {name}" for name in result["applied"]]
            if result["inherited"]:
                parts.append(f"left {result['inherited']} inherited operations (inherited_drift=include takes them in)")
            step.detail = "; ".join(parts) or "the database matches"
        if not step.changed and not before:
            pending.unlink()
        return result, notices + notices_of(result)

    def _spare(self, before: bool, losing: Sequence[str]) -> None:
        """Raise SchemaFailed where that is asked for and there is anything by which rows may be lost.

        ``before``: whether a schema step was unfinished already.
        """
        if not (self.spares and losing):
            return
        if not before:
            (self.stack.state / PENDING).unlink()
        raise SchemaFailed(
            f"rows may be lost by what would be done to the database, and nobody asked for it: {'; '.join(losing)}. "
            f"{ASK_FOR_MIGRATIONS}.",
            losing=list(losing),
        )

    def _way(self, result: dict[str, Any]) -> Way:
        """Raises SchemaFailed where migrations are applied that nobody knows the files of."""
        existing = set()
        if kept_databases(self.stack):
            existing = set(Database(self.engine, self.compose).names())
        way = find_way(self.stack, result["gone"], result["states"], existing)
        if way.unknown and not way.copy:
            raise SchemaFailed(
                f"applied, and not on disk: {', '.join(way.unknown)}. Neither git nor an earlier run knows these "
                "files, so what they made cannot be taken back. Bring them back and run again; or keep the "
                "rows (snapshot.yml) and let reset.yml make the database anew, without them."
            )
        return way

    def _follow(self, way: Way, found: dict[str, Any], make: bool) -> tuple[dict[str, Any], str]:
        """Bring the database to where the migrations on disk begin, and from there on; all of it or nothing."""
        self.reporter.say(way.text)
        with self.safety.guarded(SCHEMA, TEXTS, copies=_copies(way)) as database:
            kept, dropped = keep(self.stack, database, found["states"]["applied"], self.reporter.say)
            self.reporter.say(f"the database as it was is kept as '{kept}'")
            if way.copy:
                restore(database, way.copy)
            else:
                request: dict[str, Any] = {"files": way.files, "renamed": way.renamed, "database_s": 60}
                self.run_task("back", self.reporter.say, **request)
            # From here on it is this branch's, whatever becomes of the run.
            states = found["states"]
            ours = [n for n in states["disk"] if way.copy or n in way.files or n not in states["applied"]]
            remember_texts(self.stack, states, ours)
            write_json(
                self.stack.state / SCHEMA,
                {**(read_json(self.stack.state / SCHEMA) or {}), "applied": None, "branch": branch(self.stack)},
            )
            gone = f"; {', '.join(dropped)} was dropped for it, for {KEPT} are kept" if dropped else ""
            return self.ask_schema(make, guarded=True), f"'{kept}', for when its migrations are back{gone}"

    def contents_on_node(self, result: dict[str, Any]) -> dict[str, str]:
        """What the step wrote into files, by their paths in the repository."""
        # A container that runs since before an upgrade tells none.
        contents = result.get("contents", {})
        return {path: text for where, text in contents.items() if (path := on_node(self.stack, where))}

    @contextmanager
    def _without_files(self, result: dict[str, Any]) -> Iterator[None]:
        """Take files that this run wrote away again when their migrations cannot even be begun."""
        try:
            yield
        except BaseException:
            for path in result["written"]:
                with contextlib.suppress(OSError):
                    Path(self.stack.plugin.root, on_node(self.stack, path)).unlink()
            raise

    def remember_applied(self, place: Mapping[str, str] | None = None) -> None:
        """What the next run compares with: which migrations are applied, and of which branch and commit."""
        looked = {"applied": self.applied(), "image": self.engine.image_id(self.stack.image)}
        write_json(self.stack.state / SCHEMA, {**looked, **(place or where(self.stack))})

    def other_image(self) -> bool:
        """Whether the image is another than the models were last looked at in: a dependency may have changed them."""
        image = self.engine.image_id(self.stack.image)
        return bool((read_json(self.stack.state / SCHEMA) or {}).get("image", image) != image)

    def known_schema(self) -> bool:
        """Whether it is recorded of which branch the database is."""
        return (self.stack.state / SCHEMA).is_file()

    def unfinished(self) -> bool:
        """Whether a run changed the schema, or began to, and did not prove every service after it."""
        return (self.stack.state / PENDING).exists()

    def elsewhere(self, place: Mapping[str, str]) -> bool:
        """Whether this is another branch or commit than is recorded."""
        recorded = read_json(self.stack.state / SCHEMA) or {}
        return any(recorded.get(key) != value for key, value in place.items())

    def schema_moved(self) -> bool:
        """Whether other migrations are applied than when the stack was last proved fresh.

        Raises StackNotSetUp for a database without any: nothing here makes a superuser.
        """
        applied = self.applied()
        if applied == "":
            raise StackNotSetUp(
                f"the database of '{self.stack.project_name}' is empty; was its volume removed? Prepare it with "
                "hedgehog.netbox_dev.dev_setup, then apply again."
            )
        return (read_json(self.stack.state / SCHEMA) or {}).get("applied") != applied


def _copies(way: Way) -> int:
    """Of the database that there must be room for: as it was, as it is kept, and what a kept one becomes."""
    return 3 if way.copy else 2


def notices_of(result: dict[str, Any]) -> list[str]:
    """What of a schema step is to be known besides what it did."""
    found = []
    if result["along"]:
        found.append(f"inherited drift of {', '.join(result['along'])} goes along, for the edit touches it")
    if result["adopted"] and result["adopted"]["new"]:
        found.append(
            f"the commit that was checked out differs from its migrations by {result['adopted']['new']} operations; "
            "they count as inherited (inherited_drift=include writes them)"
        )
    return found
