# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack's services as they run: judged against the disk, started, reloaded, proved."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Callable

from .change import Compilable
from .compose import Compose, last_lines
from .engine import STACK_LABEL, Engine
from .errors import (
    BrokenCode,
    ComposeFailed,
    PluginNotRegistered,
    SavedMeanwhile,
    ServiceUnhealthy,
    StackLocked,
    TimeLimit,
)
from .events import Reporter
from .freshness import FRESH, Disk, Verdict, connected, created_from, disk_code, judge, read_disk, told_by
from .hold import allow, watched
from .oneoff import broken, run_task
from .override import PYTHON, RUNTIME_PACKAGE
from .port import taken
from .runtime.ask import UNDER_WAY
from .services import backing_services, database_service, python_services, web_service
from .stack import Stack
from .state import write_json

# In the database's own container, by its own variables. When each was applied says nothing, the names make the state.
_APPLIED = """\
psql -qAtX -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}" -c \
"SELECT md5(string_agg(name, chr(10) ORDER BY name)) FROM (SELECT DISTINCT app || '.' || name AS name \
FROM django_migrations) AS applied"
"""
_PSQL_STATEMENT_FAILED = 1
LEFT_OVER = "no such service is wanted any more"
# As long as this after it was told to go, a new process is not taken to have come up.
STEADY_S = 0.5
# As long as this the checks may take that a process makes once it serves.
_CHECKED_S = 3.0
# Lines of what they find.
_CHECKS = 6
# The kernel's is 128 KiB for each.
_ARGUMENT_LIMIT = 100_000


@dataclass
class Limits:
    """Time limits in seconds."""

    build_s: float = 1800
    schema_s: float = 1800
    serve_s: float = 180


class Running:
    """The services of one stack, for one run."""

    def __init__(self, stack: Stack, reporter: Reporter, limits: Limits | None = None, check: bool = False) -> None:
        self.stack = stack
        self.reporter = reporter
        self.limits = limits or Limits()
        self.check = check
        self.compose = Compose(stack.checkout, None if check else stack.state / "under-way")
        self.engine = Engine(stack.project_name)
        if not check:
            self._end_killed()
        self.roles: dict[str, str] = {}
        self.expected: dict[str, int] = {}
        # Services that this run ended, and when their processes before had begun.
        self.begun: dict[str, Any] = {}
        # By container.
        self._probed: dict[str, dict[str, Any]] = {}

    def _end_killed(self) -> None:
        """End what a run left that was killed: its one-off tasks, and the commands that may yet start one.

        Raises StackLocked where such a command, a build say, does not end in time.
        """
        started = time.monotonic()
        self.end_tasks()
        if self.compose.commands_under_way():
            self.reporter.say("waiting for a command of a run that was killed")
        while self.compose.commands_under_way():
            if time.monotonic() - started > self.limits.serve_s:
                raise StackLocked(
                    f"a command of a run that was killed did not end within {self.limits.serve_s:.0f} s; it holds "
                    f"'{self.compose.under_way}'. Let it end, and run again."
                )
            time.sleep(0.2)
            self.end_tasks()
        self.engine.remove_half_made()

    def end_tasks(self) -> None:
        """End one-off tasks and commands, in containers of their own and in the services'."""
        self.engine.remove_tasks()
        left = list((self.stack.state / "run").glob(f"{UNDER_WAY}*"))
        if not left:
            return
        for container in self.engine.containers().values():
            host = f"{UNDER_WAY}{container['Config']['Hostname']}-"
            if container["State"]["Status"] == "running" and any(path.name.startswith(host) for path in left):
                self.engine.execute(container["Id"], PYTHON, "-m", f"{RUNTIME_PACKAGE}.ask", "end")
        for path in left:
            # Of containers that are gone, or do not run.
            path.unlink(missing_ok=True)

    def disk(self, config: dict[str, Any] | None = None) -> Disk:
        """The disk as it is; with ``config``, were Compose's configuration that."""
        return read_disk(self.stack, self.engine.image_id(self.stack.image), config or self.compose.config())

    def verdicts(self, disk: Disk) -> list[Verdict]:
        """Every Python service against the disk."""
        containers = self.engine.containers()
        probed = self.probe(containers)
        return [
            judge(self.stack, name, containers.get(name), disk, probed.get(name, {}).get("packages"))
            for name in sorted(self.roles)
        ]

    def probe(self, containers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """What running Python services have installed and serve as static files; one that cannot say is left out."""
        running = {
            name: container["Id"]
            for name, container in containers.items()
            if name in self.roles and container["State"]["Running"]
        }

        def ask(container: str) -> dict[str, Any]:
            with contextlib.suppress(OSError, ValueError, TimeLimit):
                status, output = self.engine.execute(container, PYTHON, "-m", f"{RUNTIME_PACKAGE}.probe")
                found = json.loads(output) if status == 0 else {}
                return found if isinstance(found, dict) else {}
            return {}

        # Once in a run: nothing in it changes what a container was asked for, but another container.
        new = [container for container in running.values() if container not in self._probed]
        with ThreadPoolExecutor(max_workers=4) as pool:
            self._probed.update(zip(new, pool.map(ask, new)))
        return {name: self._probed[container] for name, container in running.items() if self._probed[container]}

    def know(self, probed: dict[str, dict[str, Any]]) -> None:
        """Take what containers told somebody else, by their ids, so that they are not asked again."""
        self._probed.update(probed)

    def stale_static(self) -> list[str]:
        """The plugin's static files of which the web service has another copy than is on disk."""
        containers = self.engine.containers()
        web = web_service(self.roles)
        return list(self.probe(containers).get(web, {}).get("static", []))

    def applied(self) -> str | None:
        """A digest of the applied migrations; empty where there are none, None where the database does not say."""
        container = self.engine.containers().get(database_service(self.compose.config()))
        if not container or not container["State"]["Running"]:
            return None
        status, output = self.engine.execute(container["Id"], "sh", "-c", _APPLIED)
        if status == _PSQL_STATEMENT_FAILED:
            return ""
        return output.decode("utf-8", "replace").strip() if status == 0 else None

    def up(self, services: Iterable[str], *options: str) -> None:
        """Create or recreate services and start them, with what they depend on."""
        names = sorted(services)
        status, output, errors = self.compose.call(
            *("up", "-d", "--no-build", *options, *names), timeout_s=self.limits.serve_s
        )
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

    def left_over(self) -> dict[str, str]:
        """Containers that we made of services that are no more, by service."""
        found = {name: c for name, c in self.engine.containers().items() if name not in self.roles}
        return {name: c["Id"] for name, c in found.items() if c["Config"]["Labels"].get(STACK_LABEL) == self.stack.id}

    def remove_left_over(self) -> None:
        gone = self.left_over()
        if gone:
            with self.reporter.step("remove", tuple(sorted(gone))) as step:
                for container in gone.values():
                    self.engine.remove(container)
                step.changed, step.detail = True, LEFT_OVER

    def up_backing(self) -> bool:
        """Start the database and Redis and wait until they are healthy; return whether anything was started."""
        names = self.backing_down()
        if not names:
            return False
        if not self.check:
            containers = self.engine.containers()
            # Compose takes one that runs outside of its network for as good as any.
            lost = any(name in containers and not connected(containers[name]) for name in names)
            with self.reporter.step("start", tuple(names)) as step:
                for name in names:
                    # Compose starts none that is paused.
                    if name in containers and containers[name]["State"].get("Paused"):
                        self.engine.unpause(containers[name]["Id"])
                self.up(names, *(["--force-recreate"] if lost else []))
                self._wait_healthy(names)
                step.changed = True
        return True

    def running_python(self) -> list[str]:
        """The Python services that run."""
        containers = self.engine.containers()
        return [
            n for n in python_services(self.compose.config()) if containers.get(n, {}).get("State", {}).get("Running")
        ]

    def backing_down(self) -> list[str]:
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
            self.assert_registered(self.check_code())

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
            self.begun[name] = told_by(self.stack, name).get("started")
            (self.stack.state / "run" / f"{name}.json").unlink(missing_ok=True)
        if needing.get("recreate"):
            self.up(needing["recreate"], "--force-recreate")
            self._record_created(disk, needing["recreate"])
        for name in needing.get("restart", []):
            self.engine.restart(containers[name]["Id"])
        allow(self.stack, disk.code)
        for verdict in verdicts:
            if verdict.needs == "reload" and not self._reloads_by_itself(verdict, disk):
                said = verdict.told if _same(verdict, containers) else {}
                self.expected[verdict.service] = said.get("attempts", 0) + 1
                self.engine.signal(containers[verdict.service]["Id"], "SIGHUP")

    @staticmethod
    def _reloads_by_itself(verdict: Verdict, disk: Disk) -> bool:
        """A supervisor sees a saved file; it must be told only when it tried and failed, or when no file changed."""
        told = verdict.told
        failed = told.get("error") and told.get("attempted") == disk.code
        return bool(told.get("code")) and told["code"] != disk.code and not failed

    def prove(self, disk: Disk) -> list[Verdict]:
        """Wait until every Python service is fresh, the web service answers and NetBox has the plugin.

        Raises BrokenCode when a new process cannot start from the code on disk (the old one goes on), SavedMeanwhile
        when a watch has to look at other code first, ServiceUnhealthy when one does not come up in time, and
        PluginNotRegistered with NetBox's reason.
        """
        deadline = time.monotonic() + self.limits.serve_s
        told = ""
        while True:
            containers = self.engine.containers()
            verdicts = [self._judged(name, containers.get(name), disk) for name in sorted(self.roles)]
            stale = [
                v for v in verdicts if v.needs or v.told["attempts"] < self.expected.get(v.service, 0) or v.told["busy"]
            ]
            if not stale:
                young = STEADY_S - min(self._told_ago(verdict.service) for verdict in verdicts)
                if young <= 0:
                    break
                # A command that cannot go on ends as soon as it may go.
                time.sleep(young)
                continue
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
            code = disk_code(self.stack)
            if code != disk.code and watched(self.stack):
                raise SavedMeanwhile("files were saved before the services had loaded what was there; run again.")
            # A file that was saved meanwhile is loaded already; the next run finds it as a change.
            disk = replace(disk, code=code)
        self._wait_served(deadline)
        self._look_again(disk)
        for verdict in verdicts:
            self.assert_registered(verdict.told.get("report", {}))
        return verdicts

    def _look_again(self, disk: Disk) -> None:
        """What took a moment to end did it while pages were asked for."""
        containers = self.engine.containers()
        for name in sorted(self.roles):
            verdict = self._judged(name, containers.get(name), disk)
            if _dead(containers.get(name)):
                raise self._unhealthy(name, "stopped right after its start")
            if verdict.needs and verdict.told.get("error") and verdict.told.get("attempted") == disk.code:
                raise self._broken(verdict, containers[name])

    def _judged(self, name: str, container: dict[str, Any] | None, disk: Disk) -> Verdict:
        verdict = judge(self.stack, name, container, disk)
        started = verdict.told.get("started")
        if verdict.needs == "restart" and name in self.begun and started != self.begun[name]:
            # It read what was saved after this run had looked; what was saved after that the next run finds.
            return judge(self.stack, name, container, replace(disk, config=verdict.told["config"]))
        return verdict

    def _told_ago(self, service: str) -> float:
        """Seconds since a service's supervisor told what it runs, or to it, for a clock may be set back."""
        try:
            return abs(time.time() - (self.stack.state / "run" / f"{service}.json").stat().st_mtime)
        except OSError:
            return 0.0

    def look_at_plugin(self, base_url: str) -> str:
        """Ask for the plugin's own page, and say what is wrong: it may be no page of its own that fails."""
        path = f"/plugins/{base_url}/"
        status = 0
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
            connection.request("GET", path)
            status = connection.getresponse().status
            connection.close()
        return (
            f"{self.stack.url}{path} answers {status}; 'docker compose logs netbox' says why" if status >= 500 else ""
        )

    def failed_checks(self) -> list[str]:
        """What the web service says of Django's checks of the plugin, which it makes once it serves, in a sentence."""
        deadline = time.monotonic() + _CHECKED_S
        web = web_service(self.roles)
        told = told_by(self.stack, web)
        while told.get("checks", "") is None and time.monotonic() < deadline:
            time.sleep(0.05)
            told = told_by(self.stack, web)
        return failed_checks(told)

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

    def run_task(self, task: str, progress: Callable[[str], None] | None = None, **more: Any) -> dict[str, Any]:
        """Run a task as a container of the wanted image would: forked from the web service's warm process, if that is
        what is wanted."""
        web = web_service(self.roles)
        return run_task(self.compose, web, task, progress, warm=self.is_warm(web), **more)

    def is_warm(self, service: str) -> bool:
        """Whether the service's container is as a wanted one would be, and has a warm process."""
        container = self.engine.containers().get(service)
        packages = self._probed.get(container["Id"], {}).get("packages") if container else None
        verdict = judge(self.stack, service, container, self.disk(), packages)
        return verdict.needs in (FRESH, "reload") and bool(verdict.told.get("warm"))

    def check_code(self, files: Compilable | None = None) -> dict[str, Any]:
        """NetBox's word on the plugin, from a process of its own; raises BrokenCode."""
        request: dict[str, Any] = {"compile": files or {}, "database_s": 60, "dry_run": self.check}
        return self.run_task("check", self.reporter.say, **request)

    def check_files(self, files: Compilable) -> None:
        """Raise BrokenCode where changed files do not compile: no process may have imported them yet."""
        python = json.dumps(files.get("python", []))
        container = self.engine.containers().get(web_service(self.roles))
        running = container and container["State"]["Running"] and not container["State"].get("Paused")
        if files.get("templates") or (files.get("python") and (not running or len(python) > _ARGUMENT_LIMIT)):
            with self.reporter.step("check"):
                self.check_code(files)
        elif files.get("python") and container:
            command = (PYTHON, "-m", f"{RUNTIME_PACKAGE}.compiles", python)
            status, output = self.engine.execute(container["Id"], *command)
            found = json.loads(output) if status == 0 else []
            if found:
                raise BrokenCode(broken("\n".join(found)))

    def assert_registered(self, report: dict[str, Any]) -> None:
        """Raise PluginNotRegistered with NetBox's reason where a process of it says so."""
        if report and not report["registered"]:
            raise PluginNotRegistered(
                f"NetBox {report['netbox']} runs without the plugin '{self.stack.plugin.package}': {report['why']}.",
                netbox=report["netbox"],
                reason=report["why"],
            )


def failed_checks(told: Mapping[str, Any]) -> list[str]:
    text = "\n".join(str(told.get("checks") or "").strip().splitlines()[:_CHECKS])
    return [f"Django's checks of the plugin fail, so that no command would start as it is: {text}"] if text else []


def _healthy(container: dict[str, Any] | None) -> bool:
    if not container or not container["State"]["Running"] or _dead(container) or not connected(container):
        return False
    if container["State"].get("Paused"):
        return False
    health = container["State"].get("Health")
    return health is None or health["Status"] == "healthy"


def _dead(container: dict[str, Any] | None) -> bool:
    return container is not None and container["State"]["Status"] in ("exited", "dead", "restarting")


def _same(verdict: Verdict, containers: dict[str, dict[str, Any]]) -> bool:
    container = containers.get(verdict.service)
    return container is not None and verdict.told.get("container") == container["Config"]["Hostname"]
