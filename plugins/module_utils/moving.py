# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's migrations to zero, to the newest on disk, or to a named one, after what goes with it was kept.

What cannot be taken back is left out of a database that is made anew, from a pristine one, and takes NetBox's place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import SchemaFailed, UnknownMigration
from .follow import texts_as_applied
from .migrating import Migrating
from .oneoff import run_task
from .pristine import ensure_pristine
from .restoring import Restoring
from .schema import replacements
from .services import web_service
from .snapshots import Snapshots

ZERO, CURRENT, NAMED = "zero", "current", "named"
_LISTED = 20
_NAME_LENGTH = 20


@dataclass
class Moved:
    """What a move does or would do; ``lost``: ``{table, column, rows}`` each, no column where the table goes."""

    where: str
    back: list[str]
    forward: list[str]
    lost: list[dict[str, Any]]
    # Operations that cannot be undone.
    stuck: list[str]
    snapshot: str = ""
    # Whether NetBox's database was made anew for it.
    anew: bool = False
    notices: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.back or self.forward)

    def foreseen(self) -> list[str]:
        """What will happen, and what is lost by it."""
        lines = []
        for names, text in ((self.back, "taken back"), (self.forward, "applied")):
            if names:
                lines.append(f"{text}: {len(names)} migration{'s' if len(names) > 1 else ''}, {_some(names, ', ')}")
        if self.stuck:
            lines.append(f"cannot be taken back: {_some(self.stuck)}")
            lines.append("so the database is made anew: every row is lost, NetBox's own too")
            return lines
        full = [one for one in self.lost if one["rows"]]
        empty = [_name(one) for one in self.lost if not one["rows"]]
        lost = [_loss(one) for one in sorted(full, key=lambda one: -int(one["rows"]))]
        lines += [f"lost: {one}" for one in lost[:_LISTED]]
        if len(lost) > _LISTED:
            lines.append(f"lost: {len(lost) - _LISTED} more tables and columns")
        if empty:
            lines.append(f"lost, and empty: {_some(empty, ', ')}")
        return lines if self.lost or not self.back else [*lines, "lost: no table and no column"]

    def say_how_to_come_back(self, to_the_newest: bool) -> None:
        if self.anew and not self.stuck:
            self.notices.append("these rows could not be taken along: the database was made anew, and all are gone")
        if not to_the_newest:
            self.notices.append(
                "the next apply_change applies what is on disk again, as migrations.yml -e state=current does; until "
                "then pages of the plugin may fail"
            )
        if self.snapshot:
            self.notices.append(f"restore.yml -e snapshot={self.snapshot} brings everything back as it was before")

    def for_people(self, check: bool) -> list[str]:
        if not self.changed:
            return [f"{self.where} already"]
        did = "would bring" if check else "brought"
        anew = ", in a database that was made anew" if self.anew else ""
        # A run has told before it began what it would do.
        foreseen = self.foreseen() if check else []
        return [*foreseen, *(f"note: {notice}" for notice in self.notices), f"{did} {self.where}{anew}"]


class Moving:
    """One move of a stack's plugin; the stack's lock is held."""

    def __init__(self, running: Migrating) -> None:
        self.running, self.stack, self.check = running, running.stack, running.check
        self.snapshots = Snapshots(running)

    def move(self, state: str, migration: str = "", app: str = "", anew: bool = False) -> Moved:
        """``anew``: also where the database has to be made anew for it, which nobody could foresee.

        Raises UnknownMigration; SchemaFailed with the database as before.
        """
        request = {
            "state": state,
            "migration": migration,
            "app": app,
            "replacements": replacements(self.stack),
            "database_s": 60,
        }
        found = self._ask(dry_run=True, **request)
        if found["missing"]:
            raise SchemaFailed(
                f"applied, and not on disk: {', '.join(found['missing'])}. Run "
                "hedgehog.netbox_dev.apply_change first, with which the database follows to what is on disk. "
                "Nothing was changed.",
                missing=found["missing"],
            )
        moved = Moved(described(found["targets"]), found["back"], found["forward"], found["lost"], found["stuck"])
        if not moved.changed or self.check:
            return moved
        for line in moved.foreseen():
            self.running.reporter.say(line)
        if moved.back or moved.lost:
            moved.snapshot = self._keep(state, found["targets"])
        with self.running.reporter.step("migrations") as step:
            why = self._why_not_taken_along(found, request)
            if why and not (moved.stuck or anew):
                raise SchemaFailed(
                    f"cannot be taken back: {why}\nThe database is as before. Without that it would have to be made "
                    "anew: every row is lost, NetBox's own too, but for what a snapshot has. To go on so: "
                    f"migrations.yml with what you gave, and -e anew=true. The snapshot '{moved.snapshot}' stays."
                )
            moved.anew = bool(why)
            if moved.anew:
                moved.notices += self._make_anew(found)
            step.changed, step.detail = True, moved.where
        moved.say_how_to_come_back(to_the_newest=state == CURRENT)
        return moved

    def _ask(self, **request: Any) -> dict[str, Any]:
        web, limit = web_service(self.running.roles), self.running.limits.schema_s
        try:
            return run_task(self.running.compose, web, "move", self.running.reporter.say, timeout_s=limit, **request)
        except SchemaFailed as error:
            unknown = error.message.partition("Unknown: ")[2].splitlines()
            if unknown:
                raise UnknownMigration(f"{unknown[0]} Nothing was changed.") from None
            raise

    def _keep(self, state: str, targets: Mapping[str, str | None]) -> str:
        """Make the snapshot that brings all back; return its name."""
        last = "-".join(sorted({str(name) for name in targets.values() if name})) if state == NAMED else state
        short = re.sub(r"[^A-Za-z0-9_-]", "-", last)[:_NAME_LENGTH]
        name = f"before-{short}-{time.strftime('%Y%m%d-%H%M%S')}"
        self.snapshots.make(name, f"before migrations.yml: {described(targets)}"[:80], [])
        return name

    def _why_not_taken_along(self, found: Mapping[str, Any], request: Mapping[str, Any]) -> str:
        """Do it where the rows are; where that cannot be done the database is as before, and the reason is returned."""
        if found["stuck"]:
            return _some(found["stuck"])
        texts = texts_as_applied(self.stack, found["back"], found["states"]["folders"])
        try:
            with self.running.safety.guarded():
                self._ask(dry_run=False, back=found["back"], texts=texts, **request)
        except SchemaFailed as error:
            if not found["back"] or "Irreversible: " not in error.message:
                raise
            why = error.message.partition("Irreversible: ")[2].splitlines()[0]
            self.running.reporter.say(f"cannot be taken back: {why}")
            return why
        return ""

    def _make_anew(self, found: Mapping[str, Any]) -> list[str]:
        """Let a database with no other migrations than these take the place of NetBox's; return what is to be known."""
        snapshots = self.snapshots
        name = ensure_pristine(self.running, found["applied"], found["targets"])
        look = snapshots.database.look()
        restoring = Restoring(self.running, snapshots.database, look.live, "database made anew", f"pristine {name}")
        restoring.upgrades = False
        said = look.databases[name].said
        restoring.restore(said["applied"], said.get("types", ""), lambda new: snapshots.database.clone(name, new))
        return restoring.notices


def described(targets: Mapping[str, str | None]) -> str:
    return ", ".join(f"{label} at {name or 'zero'}" for label, name in sorted(targets.items())) or "no migrations"


def _some(names: Sequence[str], between: str = "; ") -> str:
    return between.join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _name(one: Mapping[str, Any]) -> str:
    return f"column {one['table']}.{one['column']}" if one["column"] else f"table {one['table']}"


def _loss(one: Mapping[str, Any]) -> str:
    return f"{_name(one)}, {'filled in ' if one['column'] else ''}{one['rows']} rows"


def refuse_odd(state: str, migration: str) -> None:
    """Raises UnknownMigration where state and migration do not go together."""
    if state == NAMED and not migration:
        raise UnknownMigration("state=named needs migration=NAME, such as 0003, or app.0003_name.")
    if state != NAMED and migration:
        raise UnknownMigration(f"migration={migration} goes with state=named; state={state} has none.")
