# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a stack fresh: the steps of a plan in their order, each proved before the run is recorded."""

from __future__ import annotations

import re
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .change import Change, Compilable, compilable
from .changes import Wanted, find_changes
from .compose import OVERRIDE, last_lines
from .database import Database
from .dumps import read as read_dump
from .errors import BrokenCode, BuildFailed, NetBoxDevError, SchemaFailed, StackNotSetUp
from .follow import came_to, remember_texts, where
from .freshness import OTHER_CODE, PAUSED, Disk, Verdict
from .hold import held_reloads
from .matrix import ACTIONS
from .migrating import PENDING, Migrating, notices_of
from .override import write_files
from .plan import Action, make_plan
from .pristine import keep_pristine
from .restoring import restore_into_empty
from .running import LEFT_OVER
from .runtime.digest import LOADED, tree_digest
from .schema import remember_drift
from .secret import keep_password, password_file, superuser_password
from .services import python_services, web_service
from .stack import PROJECT_FILE
from .state import read_json, write_atomic, write_json

_RANK = {"": 0, "start": 0, "reload": 1, "restart": 2, "recreate": 3}


@dataclass
class Outcome:
    """What a run found, planned and did."""

    changes: list[Change] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    plan: list[Action] = field(default_factory=list)
    changed: bool = False
    # Names of the migration files that the run wrote.
    written: list[str] = field(default_factory=list)
    # Of the schema step, as the task in the container returns it; empty where it did not run.
    schema: dict[str, Any] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    # In check mode, what a run would end with.
    refused: NetBoxDevError | None = None

    @property
    def base_url(self) -> str:
        """The plugin's part of its URLs, as the running NetBox has it; empty when nothing runs."""
        return next((v.told["report"]["base_url"] for v in self.verdicts if v.told.get("report")), "")


class Converger(Migrating):
    """One run over one stack."""

    # In check mode: whether what a run would end with is told among the notices.
    tolerant = False

    # -- the image ---------------------------------------------------------------------------------------------

    def _build_inputs(self) -> dict[str, Any]:
        arguments = self.compose.config()["services"][web_service(self.roles)]["build"]["args"]
        return {
            "context": tree_digest(str(self.stack.state / "image")),
            "base": self.engine.image_id(arguments["BASE_IMAGE"]) or arguments["BASE_IMAGE"],
        }

    def build_needed(self) -> bool:
        """Whether the image is missing or was built from something else than it would be now."""
        image = self.engine.image_id(self.stack.image)
        if image is None or not self._override_written():
            return True
        recorded = read_json(self.stack.state / "image.json") or {}
        # A build whose run was killed gave the name to another image than was recorded.
        return recorded.get("image") != image or recorded.get("inputs") != self._build_inputs()

    def _override_written(self) -> bool:
        return (self.stack.checkout / OVERRIDE).exists()

    def build(self) -> bool:
        """Build the development image; return whether it is another one than before.

        Raises BuildFailed with the installer's last lines; the image that was there stays in use.
        """
        before = self.engine.image_id(self.stack.image)
        service = web_service(self.roles)

        def progress(line: str) -> None:
            found = re.search(r"\[(\w+) +\d+/\d+\] (.*)|Step (\d+/\d+) : (.*)|netbox-dev: (.*)", line)
            if found:
                self.reporter.say(f"build: {' '.join(part for part in found.groups() if part)[:100]}")

        status, output, errors = self.compose.call(
            "build", service, timeout_s=self.limits.build_s, on_stdout=progress, on_stderr=progress
        )
        if status:
            kept = "the image in use was kept" if before else "no image was there before"
            raise BuildFailed(
                f"the development image could not be built, {kept}. The build's last lines:\n"
                f"{last_lines(_without_noise(output + chr(10) + errors), 20)}",
                status=status,
            )
        return self.engine.image_id(self.stack.image) != before

    def check_image(self, files: Compilable | None = None) -> None:
        """See that NetBox starts in the image with the code on disk and has the plugin, then record what it is from.

        Raises BrokenCode or PluginNotRegistered; the next run then checks again.
        """
        with self.reporter.step("check"):
            report = self.check_code(files)
            self.assert_registered(report)
        image = self.engine.image_id(self.stack.image)
        recorded = {"image": image, "inputs": self._build_inputs(), "packages": report["packages"]}
        write_json(self.stack.state / "image.json", recorded)

    # -- what roles do step by step ------------------------------------------------------------------------------

    def ensure_image(self) -> bool:
        """Build the image if that is needed and see that NetBox registers the plugin in it."""
        self.roles = python_services(self.compose.config())
        if not self.build_needed():
            return False
        if self.check:
            return True
        with self.reporter.step("build") as step:
            step.changed = self.build()
            step.detail = self.stack.image
        # NetBox 4.3 does not import its URLs without a database.
        self.up_backing()
        self.check_image()
        return True

    def prepare_database(self, password: str | None, dump: str | None = None) -> dict[str, Any]:
        """Start database and Redis and bring the database to what the code needs; an empty one begins with the dump."""
        self.roles = python_services(self.compose.config())
        result: dict[str, Any] = {"changed": True, "superuser_created": False, "applied": []}
        result["password_file"] = str(password_file(self.stack))
        given = read_dump(Path(dump)) if dump else None
        started = self.up_backing()
        if self.check and (started or self.build_needed()):
            return result
        empty = self.applied() == "" and not self.running_python()
        kept = password_file(self.stack).is_file()
        secret = None if self.check else superuser_password(self.stack, password)
        if not self.check:
            self.safety.recover()
        if given and empty and not self.check:
            restore_into_empty(self, given)
        request: dict[str, Any] = {
            "dry_run": self.check,
            "database_s": 60,
            "superuser_name": self.stack.superuser_name,
            "superuser_password": secret,
        }
        with self.reporter.step("prepare the database") as step:
            done = self._prepare(careful=not self.check, **request)
            if "risks" in done:
                self.reporter.say(f"the database is copied first: {done['risks'][0]}")
                with self.safety.guarded():
                    done = self._prepare(careful=False, **request)
            step.detail = f"{len(done['applied'])} migrations, {done['static']['copied']} static files"
        if done["superuser_created"] and secret:
            keep_password(self.stack, secret)
        elif not kept and not self.check:
            # The superuser is older than this state: nobody but the developer knows the password.
            password_file(self.stack).unlink(missing_ok=True)
            result["password_file"] = ""
        if not self.check:
            if empty and not given:
                keep_pristine(self.stack, Database(self.engine, self.compose))
            remember_drift(self.stack, done["drift"])
            remember_texts(self.stack, done["states"], done["applied"], done.get("texts"))
            if not self.known_schema():
                # Later, only a run that proved every service says of which branch the database is.
                self.remember_applied()
        changed = (
            started
            or bool(given and empty)
            or bool(done["applied"] or done["superuser_created"] or done["static"]["copied"])
        )
        return {
            **result,
            "changed": changed,
            "superuser_created": done["superuser_created"],
            "applied": done["applied"],
            "notices": ["the database is not empty, and the dump stays out of it; restore.yml -e dump=… replaces it"]
            if given and not empty
            else [],
        }

    def _prepare(self, **request: Any) -> dict[str, Any]:
        return self.run_task("prepare", self.reporter.say, timeout_s=self.limits.schema_s, **request)

    # -- the whole run -----------------------------------------------------------------------------------------

    def run(self, asked: Wanted) -> Outcome:
        """Find the changes, plan, act, prove and record. In check mode only the first two, with what is stale now."""
        stack, reporter = self.stack, self.reporter
        outcome = Outcome()
        scanned_ns = time.time_ns()
        # What is checked out while this run goes on is the next one's.
        place = where(stack)
        generated = write_files(stack, self.compose, self.engine.rootless, self.check)
        self.roles = python_services(generated["override"])
        found = find_changes(stack, asked, to_record=True)
        outcome.changes, outcome.notices = found.changes, found.notices
        outcome.plan = make_plan(outcome.changes, self.roles)
        wanted = {action.action for action in outcome.plan}
        commit = came_to(stack)
        self.adopts = bool(commit) and not found.edited(commit, "models", "migrations")
        if self.check:
            self._predict(outcome, wanted, generated)
            outcome.changed = bool(outcome.plan) or bool(generated["changed"])
            return outcome
        if found.differences or not found.known:
            # The services take them for code, too.
            lines = "".join(f"{path}\n" for path in found.facts.loaded())
            write_atomic(stack.state / "run" / LOADED, lines)
        self.remove_left_over()
        self.up_backing()
        self.safety.recover(self.wishes.put_back)
        files = compilable(outcome.changes, stack.plugin.package_path)
        built = False
        if self.build_needed():
            with reporter.step("build") as step:
                built = step.changed = self.build()
                step.detail = stack.image if step.changed else "the image is as before"
            self.check_image(files)
            files = {}
        elif any(_RANK[verdict.needs] > _RANK["reload"] for verdict in self.verdicts(self.disk())):
            # Nothing that serves is ended before the code on disk was seen to start.
            self.check_image(files)
            files = {}
        # Until every service is proved fresh again: a run that is killed in between leaves it to the next.
        pending = stack.state / PENDING
        moved = self.unfinished() or self.schema_moved() or bool(wanted & {"makemigrations", "migrate"})
        other = built or self.other_image()
        schema = moved or other
        if not schema:
            self.check_files(files)
        with held_reloads(stack) if schema else nullcontext():
            if schema:
                self._schema("makemigrations" in wanted or other or self.wishes.merge, outcome, files)
            disk = self.disk()
            verdicts = self._due(self.verdicts(disk), outcome.changes)
            if pending.exists():
                # A process that ran while the schema changed may hold what it read before.
                verdicts = [_at_least(v, "reload", "the schema changed") for v in verdicts]
            disk = self._refresh(verdicts, disk)
        if "collectstatic" in wanted or self.stale_static():
            with reporter.step("collectstatic") as step:
                static = self._static(dry_run=False)
                step.changed = static["copied"] > 0
                step.detail = f"{static['copied']} copied, {static['unmodified']} unmodified"
        with reporter.step("prove") as step:
            outcome.verdicts = self.prove(disk)
            outcome.notices += filter(None, [self.look_at_plugin(outcome.base_url)])
            outcome.notices += self.failed_checks()
            step.detail = f"{len(outcome.verdicts)} services fresh, {stack.url} served"
        pending.unlink(missing_ok=True)
        if schema or (found.settles is None and self.elsewhere(place)):
            # Of what was not named, migrations may wait that are the branch's own: the database is not its yet.
            self.remember_applied(place)
        found.record(scanned_ns, self.contents_on_node(outcome.schema))
        outcome.changed = reporter.changed or bool(generated["changed"])
        return outcome

    def change_schema(self) -> Outcome:
        """The schema step alone; in check mode what it would do. Services are left to the next run."""
        outcome = Outcome()
        self.roles = python_services(self.compose.config())
        if self.check:
            down = self.backing_down()
            if down or self.build_needed():
                why = f"{', '.join(down)} not running" if down else "the image is to be built"
                raise StackNotSetUp(
                    f"the schema cannot be looked at, {why}. Run hedgehog.netbox_dev.apply_change first."
                )
            request = self.schema_request(True, dry_run=True)
            outcome.schema = self.run_task("schema", **request)
            outcome.written = [path.rsplit("/", 1)[-1] for path in outcome.schema["written"]]
            outcome.changed = bool(outcome.written or outcome.schema["applied"])
            return outcome
        self.up_backing()
        self.safety.recover(self.wishes.put_back)
        with held_reloads(self.stack):
            self._schema(True, outcome)
        outcome.changed = self.reporter.changed
        return outcome

    def _predict(self, outcome: Outcome, wanted: set[str], generated: dict[str, Any]) -> None:
        """Reduce the plan to what would really be done, asking the stack without changing it.

        ``generated`` is what write_files() says that it would write first.
        """
        files = generated["changed"]
        config = self.compose.config_with(generated["after"]) if OVERRIDE in files else None
        kept = {action.action: action for action in outcome.plan if action.action not in _RANK}
        if self.build_needed() or any(name.startswith("image/") for name in files):
            why = ("what the image is built from changed",)
            kept["build"] = kept.get("build", Action("build", (), why))
        else:
            kept.pop("build", None)
        outcome.verdicts = [
            _after_writing(v, files) for v in self._due(self.verdicts(self.disk(config)), outcome.changes)
        ]
        down = self.backing_down()
        if "build" not in kept and not down:
            try:
                self._predict_data(outcome, wanted, kept)
            except (BrokenCode, SchemaFailed) as error:
                if not self.tolerant:
                    raise
                outcome.refused = error
                outcome.notices.append(error.message)
        schema = "migrate" in kept or self.unfinished()
        if self.safety.interrupted():
            why = ("a run was killed while it migrated; the database is put back first",)
            kept["migrate"] = Action("migrate", (), why)
        for action in ("recreate", "restart", "reload"):
            due = {v.service: v.why for v in outcome.verdicts if v.needs == action}
            if action == "recreate" and "build" in kept:
                due = {v.service: v.why or "the image is built anew" for v in outcome.verdicts}
            if action == "reload" and schema and "build" not in kept:
                due.update({v.service: "the schema changed" for v in outcome.verdicts if not v.needs})
            if due:
                kept[action] = Action(action, tuple(due), tuple(dict.fromkeys(due.values())))
            if action == "recreate" and "build" in kept:
                break
        paused = tuple(verdict.service for verdict in outcome.verdicts if verdict.needs == "start")
        start = [Action("start", tuple(down), ("not running or not healthy",))] if down else []
        start += [Action("start", paused, (PAUSED,))] if paused else []
        gone = tuple(sorted(self.left_over()))
        start = ([Action("remove", gone, (LEFT_OVER,))] if gone else []) + start
        outcome.plan = start + [kept[name] for name in ACTIONS if name in kept]

    def _predict_data(self, outcome: Outcome, wanted: set[str], kept: dict[str, Action]) -> None:
        """The same of what becomes of database and static files, in ``kept``; raises what a run would end with."""
        files = compilable(outcome.changes, self.stack.plugin.package_path)
        other = self.other_image()
        if wanted & {"makemigrations", "migrate"} or other or self.unfinished() or self.schema_moved():
            make = "makemigrations" in wanted or other or self.wishes.merge
            if other:
                why = ("the image is another than the models were last looked at in",)
                kept.setdefault("makemigrations", Action("makemigrations", (), why))
            kept.setdefault("migrate", Action("migrate", (), ("other migrations are applied than were last",)))
            result, way = self.predict_schema(make, files)
            outcome.schema = result
            leads = way is not None and way.leads
            outcome.notices += notices_of(result)
            if not result["written"]:
                kept.pop("makemigrations", None)
            if way and leads:
                kept["migrate"] = Action("migrate", (), (way.text,))
            elif not result["written"] and not result["applied"]:
                kept.pop("migrate", None)
        else:
            self.check_files(files)
        if "collectstatic" in wanted:
            if not self._static(dry_run=True)["copied"]:
                kept.pop("collectstatic")
        elif self.stale_static():
            kept["collectstatic"] = Action("collectstatic", (), ("other files are collected than are on disk",))

    def _static(self, dry_run: bool) -> dict[str, Any]:
        return self.run_task("static", self.reporter.say, dry_run=dry_run)

    def _schema(self, make: bool, outcome: Outcome, files: Compilable | None = None) -> None:
        outcome.schema, notices = self.schema_step(make, files)
        outcome.written = [path.rsplit("/", 1)[-1] for path in outcome.schema["written"]]
        outcome.notices += notices

    def _due(self, verdicts: list[Verdict], changes: list[Change]) -> list[Verdict]:
        """Raise verdicts by changes that no digest covers: of files beside the package, and by the project's rules."""
        inside = (f"{self.stack.plugin.package_path}/", "netbox-docker:", PROJECT_FILE)
        beside = [c for c in changes if c.path and (c.actions is not None or not c.path.startswith(inside))]
        for action in make_plan(beside, self.roles):
            if action.action in ("restart", "reload"):
                why = action.reasons[0]
                verdicts = [_at_least(v, action.action, why) if v.service in action.services else v for v in verdicts]
        return verdicts

    def _refresh(self, verdicts: list[Verdict], disk: Disk) -> Disk:
        """Do what the services need; return the disk with what is now known of their containers."""
        for action in ("recreate", "restart", "reload"):
            needing = [verdict for verdict in verdicts if verdict.needs == action]
            if not needing:
                continue
            with self.reporter.step(action, tuple(v.service for v in needing)) as step:
                self.act(needing, disk)
                step.changed = True
                step.detail = "; ".join(dict.fromkeys(v.why for v in needing))
        return self.disk() if any(verdict.needs == "recreate" for verdict in verdicts) else disk


def _at_least(verdict: Verdict, action: str, why: str) -> Verdict:
    """The verdict, or a new process for the reason given where less was needed."""
    known = verdict.needs if not verdict.why.startswith(OTHER_CODE) else ""
    return verdict if _RANK[known] >= _RANK[action] else Verdict(verdict.service, action, why, verdict.told)


def _after_writing(verdict: Verdict, files: list[str]) -> Verdict:
    """What a service would need once the generated files are written."""
    needs, why = verdict.needs, verdict.why
    if any(name.startswith("runtime/") for name in files) and _RANK[needs] < _RANK["restart"]:
        needs, why = "restart", "its settings would change"
    return Verdict(verdict.service, needs, why, verdict.told)


def _without_noise(text: str) -> str:
    return "\n".join(
        line for line in text.splitlines() if not re.match(r"#\d+ (sha256|extracting|CACHED|DONE)|\s*\^", line)
    )
