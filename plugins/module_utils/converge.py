# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a stack fresh: the steps of a plan in their order, each proved before the run is recorded."""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .change import Change
from .changes import Wanted, find_changes
from .compose import OVERRIDE, Compose, last_lines
from .engine import Engine
from .errors import BrokenCode, BuildFailed, ComposeFailed, PluginNotRegistered, ServiceUnhealthy, TimeLimit
from .events import Reporter
from .freshness import OTHER_CODE, Disk, Verdict, created_from, judge, read_disk
from .hold import held_reloads
from .matrix import ACTIONS
from .oneoff import run_task
from .override import write_files
from .plan import Action, make_plan
from .port import taken
from .runtime.digest import code_digest, tree_digest
from .secret import keep_password, password_file, superuser_password
from .services import backing_services, python_services, web_service
from .stack import PROJECT_FILE, Stack
from .state import VERSION, read_json, write_json

_RANK = {"": 0, "reload": 1, "restart": 2, "recreate": 3}


@dataclass
class Limits:
    """Time limits in seconds."""

    build_s: float = 1800
    schema_s: float = 1800
    serve_s: float = 180


@dataclass
class Outcome:
    """What a run found, planned and did."""

    changes: list[Change] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    plan: list[Action] = field(default_factory=list)
    changed: bool = False
    written: list[str] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        """The plugin's part of its URLs, as the running NetBox has it; empty when nothing runs."""
        return next((v.told["report"]["base_url"] for v in self.verdicts if v.told.get("report")), "")


class Converger:
    """One run over one stack."""

    def __init__(self, stack: Stack, reporter: Reporter, limits: Limits | None = None, check: bool = False) -> None:
        self.stack = stack
        self.reporter = reporter
        self.limits = limits or Limits()
        self.check = check
        self.compose = Compose(stack.checkout)
        self.engine = Engine(stack.project_name)
        if not check:
            self.engine.remove_tasks()
        self.roles: dict[str, str] = {}
        self.expected: dict[str, int] = {}

    # -- the image ---------------------------------------------------------------------------------------------

    def _build_inputs(self) -> dict[str, Any]:
        arguments = self.compose.config()["services"][web_service(self.roles)]["build"]["args"]
        return {
            "context": tree_digest(str(self.stack.state / "image")),
            "base": self.engine.image_id(arguments["BASE_IMAGE"]) or arguments["BASE_IMAGE"],
        }

    def build_needed(self) -> bool:
        """Whether the image is missing or was built from something else than it would be now."""
        if self.engine.image_id(self.stack.image) is None or not self._override_written():
            return True
        return read_json(self.stack.state / "image.json") != {"version": VERSION, **self._build_inputs()}

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

    def check_image(self) -> None:
        """See that NetBox starts in the image with the code on disk and has the plugin, then record what it is from.

        Raises BrokenCode or PluginNotRegistered; the next run then checks again.
        """
        with self.reporter.step("check"):
            self._assert_registered(self._check())
        write_json(self.stack.state / "image.json", self._build_inputs())

    def _check(self) -> dict[str, Any]:
        """NetBox's word on the plugin, from a process of its own; raises BrokenCode."""
        return run_task(self.compose, web_service(self.roles), "check", self.reporter.say, database_s=60)

    # -- the services ------------------------------------------------------------------------------------------

    def disk(self) -> Disk:
        return read_disk(self.stack, self.engine.image_id(self.stack.image), self.compose.config())

    def verdicts(self, disk: Disk) -> list[Verdict]:
        """Every Python service against the disk."""
        containers = self.engine.containers()
        return [judge(self.stack, name, containers.get(name), disk) for name in sorted(self.roles)]

    def up(self, services: Iterable[str]) -> None:
        """Create or recreate services and start them, with what they depend on."""
        names = sorted(services)
        status, output, errors = self.compose.call("up", "-d", "--no-build", *names, timeout_s=self.limits.serve_s)
        if status:
            text = output + errors
            if "port is already allocated" in text or "address already in use" in text:
                raise taken(self.stack, self.engine)
            unhealthy = re.search(rf"container {re.escape(self.stack.project_name)}-(\S+)-\d+ is unhealthy", text)
            if unhealthy:
                raise self._unhealthy(unhealthy.group(1), "is unhealthy")
            raise ComposeFailed(
                f"the services {', '.join(names)} could not be started:\n{last_lines(text)}", status=status
            )

    def _record_created(self, disk: Disk, services: Iterable[str]) -> None:
        containers = self.engine.containers()
        made = {name: created_from(disk, name, containers[name]) for name in services if name in containers}
        write_json(self.stack.state / "services.json", {"services": {**disk.created, **made}})

    def up_backing(self) -> bool:
        """Start the database and Redis and wait until they are healthy; return whether anything was started."""
        names = self._backing_down()
        if not names:
            return False
        if not self.check:
            with self.reporter.step("start", tuple(names)) as step:
                self.up(names)
                self._wait_healthy(names)
                step.changed = True
        return True

    def _backing_down(self) -> list[str]:
        containers = self.engine.containers()
        return [name for name in backing_services(self.compose.config()) if not _healthy(containers.get(name))]

    def _wait_healthy(self, names: list[str]) -> None:
        deadline = time.monotonic() + self.limits.serve_s
        told = ""
        while True:
            containers = self.engine.containers()
            waiting = [name for name in names if not _healthy(containers.get(name))]
            if not waiting:
                return
            if time.monotonic() > deadline or any(_dead(containers.get(n)) for n in waiting):
                raise self._unhealthy(waiting[0], "is not healthy")
            if told != ", ".join(waiting):
                told = ", ".join(waiting)
                self.reporter.say(f"waiting for {told}")
            time.sleep(0.3)

    def _unhealthy(self, service: str, what: str) -> ServiceUnhealthy:
        container = self.engine.containers().get(service)
        log = self.engine.logs(container["Id"]) if container else "(there is no container)"
        return ServiceUnhealthy(f"the service '{service}' {what}. Its last log lines:\n{log}", service=service)

    def _explain(self) -> None:
        """Raise PluginNotRegistered if that is what NetBox says of the code on disk: no log explains it as well."""
        with contextlib.suppress(BrokenCode, ComposeFailed, TimeLimit):
            self._assert_registered(self._check())

    def _broken(self, verdict: Verdict, container: dict[str, Any]) -> BrokenCode:
        text = last_lines(verdict.told["error"], 10)
        if "Traceback" not in verdict.told["error"]:
            self._explain()
            text += f". Its last log lines:\n{self.engine.logs(container['Id'])}"
        kept = "; the last good state goes on serving" if verdict.told.get("code") else ""
        return BrokenCode(
            f"the code on disk does not start in '{verdict.service}'{kept}:\n{text}", service=verdict.service
        )

    def act(self, verdicts: list[Verdict], disk: Disk) -> None:
        """Do what each service needs."""
        needing: dict[str, list[str]] = {}
        for verdict in verdicts:
            needing.setdefault(verdict.needs, []).append(verdict.service)
        containers = self.engine.containers()
        for name in [*needing.get("recreate", []), *needing.get("restart", [])]:
            # What the old process said is no word of the new one.
            (self.stack.state / "run" / f"{name}.json").unlink(missing_ok=True)
        if needing.get("recreate"):
            self.up(needing["recreate"])
            self._record_created(disk, needing["recreate"])
        for name in needing.get("restart", []):
            self.engine.restart(containers[name]["Id"])
        for verdict in verdicts:
            if verdict.needs == "reload" and not self._reloads_by_itself(verdict):
                said = verdict.told if _same(verdict, containers) else {}
                self.expected[verdict.service] = said.get("attempts", 0) + 1
                self.engine.signal(containers[verdict.service]["Id"], "SIGHUP")

    @staticmethod
    def _reloads_by_itself(verdict: Verdict) -> bool:
        """A supervisor sees a saved file; it must be told only when it tried and failed, or when no file changed."""
        return verdict.why.startswith(OTHER_CODE) and not verdict.told.get("error")

    def prove(self, disk: Disk) -> list[Verdict]:
        """Wait until every Python service is fresh, the web service answers and NetBox has the plugin.

        Raises BrokenCode when a new process cannot start from the code on disk (the old one goes on),
        ServiceUnhealthy when one does not come up in time, PluginNotRegistered with NetBox's reason.
        """
        deadline = time.monotonic() + self.limits.serve_s
        told = ""
        while True:
            containers = self.engine.containers()
            verdicts = [judge(self.stack, name, containers.get(name), disk) for name in sorted(self.roles)]
            stale = [
                v for v in verdicts if v.needs or v.told["attempts"] < self.expected.get(v.service, 0) or v.told["busy"]
            ]
            if not stale:
                break
            for verdict in stale:
                if _dead(containers.get(verdict.service)):
                    self._explain()
                    raise self._unhealthy(verdict.service, "stopped right after its start")
                if (
                    verdict.told.get("error")
                    and verdict.told.get("attempted") == disk.code
                    and (
                        _same(verdict, containers) and verdict.told["attempts"] >= self.expected.get(verdict.service, 0)
                    )
                ):
                    raise self._broken(verdict, containers[verdict.service])
            if time.monotonic() > deadline:
                why = stale[0].why or "its new process is not ready"
                raise self._unhealthy(stale[0].service, f"is not fresh after {self.limits.serve_s:.0f} s ({why})")
            names = ", ".join(verdict.service for verdict in stale)
            if names != told:
                told = names
                self.reporter.say(f"waiting for {names}")
            time.sleep(0.1)
            # A file that was saved meanwhile is loaded already; the next run finds it as a change.
            disk = replace(disk, code=code_digest(str(self.stack.plugin.package_dir)))
        self._wait_served(deadline)
        for verdict in verdicts:
            self._assert_registered(verdict.told.get("report", {}))
        return verdicts

    def look_at_plugin(self, outcome: Outcome) -> None:
        """Ask for the plugin's own page; one that fails is told, for it may be no page of its own that fails."""
        path = f"/plugins/{outcome.base_url}/"
        status = 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
            connection.request("GET", path)
            status = connection.getresponse().status
            connection.close()
        if status >= 500:
            outcome.notices.append(f"{self.stack.url}{path} answers {status}; 'docker compose logs netbox' says why")

    def _wait_served(self, deadline: float) -> None:
        found = "nothing"
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=30)
                connection.request("GET", "/login/")
                found = f"status {connection.getresponse().status}"
                connection.close()
                if found == "status 200":
                    return
            except (OSError, http.client.HTTPException) as error:
                found = str(error)
            if time.monotonic() > deadline:
                raise self._unhealthy(web_service(self.roles), f"does not serve {self.stack.url}/login/ ({found})")
            time.sleep(0.2)

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

    def prepare_database(self, password: str | None) -> dict[str, Any]:
        """Start database and Redis and bring the database to what the code needs."""
        self.roles = python_services(self.compose.config())
        result: dict[str, Any] = {"changed": True, "superuser_created": False, "applied": []}
        result["password_file"] = str(password_file(self.stack))
        started = self.up_backing()
        if self.check and (started or self.build_needed()):
            return result
        kept = password_file(self.stack).is_file()
        secret = None if self.check else superuser_password(self.stack, password)
        with self.reporter.step("prepare the database") as step:
            done = run_task(
                self.compose,
                web_service(self.roles),
                "prepare",
                self.reporter.say,
                timeout_s=self.limits.schema_s,
                dry_run=self.check,
                database_s=60,
                superuser_name=self.stack.superuser_name,
                superuser_password=secret,
            )
            step.detail = f"{len(done['applied'])} migrations, {done['static']['copied']} static files"
        if done["superuser_created"] and secret:
            keep_password(self.stack, secret)
        elif not kept and not self.check:
            # The superuser is older than this state: nobody but the developer knows the password.
            password_file(self.stack).unlink(missing_ok=True)
            result["password_file"] = ""
        if done["drift"] is not None:
            remember_drift(self.stack, done["drift"])
        changed = started or bool(done["applied"] or done["superuser_created"] or done["static"]["copied"])
        return {
            **result,
            "changed": changed,
            "superuser_created": done["superuser_created"],
            "applied": done["applied"],
        }

    def _assert_registered(self, report: dict[str, Any]) -> None:
        if report and not report["registered"]:
            raise PluginNotRegistered(
                f"NetBox {report['netbox']} runs without the plugin '{self.stack.plugin.package}': {report['why']}.",
                netbox=report["netbox"],
                reason=report["why"],
            )

    # -- the whole run -----------------------------------------------------------------------------------------

    def run(self, asked: Wanted) -> Outcome:
        """Find the changes, plan, act, prove and record. In check mode only the first two, with what is stale now."""
        stack, reporter = self.stack, self.reporter
        outcome = Outcome()
        scanned_ns = time.time_ns()
        files = write_files(stack, self.compose, self.engine.rootless, self.check)
        self.roles = python_services(files["override"])
        found = find_changes(stack, asked)
        outcome.changes, outcome.notices = found.changes, found.notices
        outcome.plan = make_plan(outcome.changes, self.roles)
        wanted = {action.action for action in outcome.plan}
        if self.check:
            self._predict(outcome, wanted, files["changed"])
            outcome.changed = bool(outcome.plan) or bool(files["changed"]) or bool(self._backing_down())
            return outcome
        self.up_backing()
        built = False
        if self.build_needed():
            with reporter.step("build") as step:
                built = step.changed = self.build()
                step.detail = stack.image if step.changed else "the image is as before"
            self.check_image()
        elif any(_RANK[verdict.needs] > _RANK["reload"] for verdict in self.verdicts(self.disk())):
            # Nothing that serves is ended before the code on disk was seen to start.
            self.check_image()
        # Until every service is proved fresh again: a run that is killed in between leaves it to the next.
        pending = stack.state / "schema-changed"
        schema = built or bool(wanted & {"makemigrations", "migrate"})
        with held_reloads(stack) if schema else nullcontext():
            if schema:
                self._schema("makemigrations" in wanted, outcome, pending)
            disk = self.disk()
            verdicts = self._due(self.verdicts(disk), outcome.changes)
            if pending.exists():
                # A process that ran while the schema changed may hold what it read before.
                verdicts = [_at_least(v, "reload", "the schema changed") for v in verdicts]
            disk = self._refresh(verdicts, disk)
        if "collectstatic" in wanted:
            with reporter.step("collectstatic") as step:
                static = self._static(dry_run=False)
                step.changed = static["copied"] > 0
                step.detail = f"{static['copied']} copied, {static['unmodified']} unmodified"
        with reporter.step("prove") as step:
            outcome.verdicts = self.prove(disk)
            self.look_at_plugin(outcome)
            step.detail = f"{len(outcome.verdicts)} services fresh, {stack.url} served"
        pending.unlink(missing_ok=True)
        found.record(scanned_ns, outcome.written)
        outcome.changed = reporter.changed or bool(files["changed"])
        return outcome

    def _predict(self, outcome: Outcome, wanted: set[str], files: list[str]) -> None:
        """Reduce the plan to what would really be done, asking the stack without changing it.

        ``files`` are the generated files that would be written first.
        """
        kept = {action.action: action for action in outcome.plan if action.action not in _RANK}
        if self.build_needed() or any(name.startswith("image/") for name in files):
            why = ("what the image is built from changed",)
            kept["build"] = kept.get("build", Action("build", (), why))
        else:
            kept.pop("build", None)
        outcome.verdicts = [_after_writing(v, files) for v in self._due(self.verdicts(self.disk()), outcome.changes)]
        web = web_service(self.roles)
        down = self._backing_down()
        running = "build" not in kept and not down
        if running and wanted & {"makemigrations", "migrate"}:
            make = "makemigrations" in wanted
            result = run_task(self.compose, web, "schema", **self._schema_request(make, dry_run=True))
            if result["missing"]:
                outcome.notices.append(_not_on_disk(result["missing"]))
            if not result["written"]:
                kept.pop("makemigrations", None)
            if not result["written"] and not result["applied"]:
                kept.pop("migrate", None)
        if running and "collectstatic" in wanted and not self._static(dry_run=True)["copied"]:
            kept.pop("collectstatic")
        schema = "migrate" in kept
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
        outcome.plan = [kept[name] for name in ACTIONS if name in kept]

    def _static(self, dry_run: bool) -> dict[str, Any]:
        return run_task(self.compose, web_service(self.roles), "static", self.reporter.say, dry_run=dry_run)

    def _schema_request(self, make: bool, dry_run: bool) -> dict[str, Any]:
        return {
            "makemigrations": make,
            "migrate": True,
            "dry_run": dry_run,
            "inherited": inherited_drift(self.stack),
            "database_s": 60,
        }

    def _due(self, verdicts: list[Verdict], changes: list[Change]) -> list[Verdict]:
        """Raise verdicts by changes that no digest covers: of files beside the package, and by the project's rules."""
        inside = (f"{self.stack.plugin.package_path}/", "netbox-docker:", PROJECT_FILE)
        beside = [c for c in changes if c.path and (c.actions is not None or not c.path.startswith(inside))]
        for action in make_plan(beside, self.roles):
            if action.action in ("restart", "reload"):
                why = action.reasons[0]
                verdicts = [_at_least(v, action.action, why) if v.service in action.services else v for v in verdicts]
        return verdicts

    def _schema(self, make: bool, outcome: Outcome, pending: Path) -> None:
        with self.reporter.step("migrate" if not make else "makemigrations, migrate") as step:
            before = pending.exists()
            pending.touch()
            result = run_task(
                self.compose,
                web_service(self.roles),
                "schema",
                self.reporter.say,
                timeout_s=self.limits.schema_s,
                **self._schema_request(make, dry_run=False),
            )
            outcome.written = [path.rsplit("/", 1)[-1] for path in result["written"]]
            if result["missing"]:
                outcome.notices.append(_not_on_disk(result["missing"]))
            step.changed = bool(outcome.written or result["applied"])
            parts = [f"wrote {name}" for name in outcome.written] + result["operations"]
            parts += [f"applied {name}" for name in result["applied"]]
            if result["inherited"]:
                parts.append(f"left {result['inherited']} inherited operations")
            step.detail = "; ".join(parts) or "the database matches"
        if not step.changed and not before:
            pending.unlink()

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


def _not_on_disk(migrations: list[str]) -> str:
    return (
        f"applied, and not on disk: {', '.join(migrations)}. What they made is still in the database; bring the files "
        "back and migrate backwards, or start from a new database"
    )


def inherited_drift(stack: Stack) -> list[str]:
    """The operations by which the models differed from their migrations when the stack was set up."""
    data = read_json(stack.state / "drift.json")
    return list(data["operations"]) if data else []


def remember_drift(stack: Stack, operations: list[str]) -> bool:
    """Keep them, unless some were kept for this NetBox before: an edit since then is not inherited."""
    before = read_json(stack.state / "drift.json")
    if before and before.get("netbox") == stack.netbox:
        return False
    return write_json(stack.state / "drift.json", {"operations": operations, "netbox": stack.netbox})


def _at_least(verdict: Verdict, action: str, why: str) -> Verdict:
    """The verdict, or a new process for the reason given where less was needed."""
    known = verdict.needs if not verdict.why.startswith(OTHER_CODE) else ""
    return verdict if _RANK[known] >= _RANK[action] else Verdict(verdict.service, action, why, verdict.told)


def _after_writing(verdict: Verdict, files: list[str]) -> Verdict:
    """What a service would need once the generated files are written."""
    needs, why = verdict.needs, verdict.why
    if OVERRIDE in files:
        needs, why = "recreate", "its Compose configuration would change"
    elif any(name.startswith("runtime/") for name in files) and _RANK[needs] < _RANK["restart"]:
        needs, why = "restart", "its settings would change"
    return Verdict(verdict.service, needs, why, verdict.told)


def _healthy(container: dict[str, Any] | None) -> bool:
    if not container or not container["State"]["Running"]:
        return False
    health = container["State"].get("Health")
    return health is None or health["Status"] == "healthy"


def _dead(container: dict[str, Any] | None) -> bool:
    return container is not None and container["State"]["Status"] in ("exited", "dead")


def _same(verdict: Verdict, containers: dict[str, dict[str, Any]]) -> bool:
    container = containers.get(verdict.service)
    return container is not None and verdict.told.get("container") == container["Config"]["Hostname"]


def _without_noise(text: str) -> str:
    return "\n".join(
        line for line in text.splitlines() if not re.match(r"#\d+ (sha256|extracting|CACHED|DONE)|\s*\^", line)
    )
