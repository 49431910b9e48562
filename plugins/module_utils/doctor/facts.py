# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the checks look at, collected once and at the same time. Nothing is changed."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from .. import docker_host
from ..compose import BASE_FILES
from ..database import Database
from ..docker_host import Found as Host
from ..errors import EngineFailed, NetBoxDevError, TimeLimit
from ..events import Reporter
from ..freshness import disk_code, told_by
from ..oneoff import run_task
from ..override import PYTHON, RUNTIME_PACKAGE
from ..port import check_port
from ..running import Running
from ..safety import FILE as INTERRUPTED
from ..schema import inherited_drift, replacements
from ..services import backing_services, python_services, web_service
from ..stack import Stack, load
from ..state import lock_holder
from ..status import Status, look
from .checkout import Checkout, look_at_checkout
from .files import Files, look_at_files

MIN_ENGINE, MIN_COMPOSE = "20.10.0", "2.18.0"
_BUSY_LIMIT_S = 20.0
# What takes up a save says in the end whether it could; on a machine that has much to do that takes longer.
_TAKING_UP_LIMIT_S = 120.0
# After this, a service will not notice any more that a file was saved.
_NOTICED_S = 2.0
_TASK_LIMIT_S = 90.0
_DATABASE = """\
SELECT json_build_object(
 'encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype,
 'version', current_setting('server_version_num')::int, 'time', extract(epoch FROM clock_timestamp()),
 'limit', current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
 'used', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
 'users', (SELECT json_agg(row_to_json(one)) FROM (SELECT coalesce(nullif(application_name, ''), 'unnamed') AS name,
   coalesce(host(client_addr), 'local') AS address, count(*) AS number FROM pg_stat_activity
   WHERE backend_type = 'client backend' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 3) AS one),
 'empty', to_regclass('django_migrations') IS NULL)
FROM pg_database WHERE datname = current_database()"""


@dataclass
class Facts:
    """What was found; a part is empty where it could not be asked, mostly because of what another part says."""

    host: Host = field(default_factory=Host)
    host_verdict: docker_host.Verdict = field(default_factory=docker_host.Verdict)
    # Bytes; None where the system does not say.
    memory_free: int | None = None
    stack: Stack | None = None
    # What kept the stack, and what kept its freshness, from being looked at.
    no_stack: NetBoxDevError | None = None
    no_status: NetBoxDevError | None = None
    # ``docker compose config``, and the role of each Python service.
    config: Mapping[str, Any] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    # The image that the checkout alone would run.
    base_image: str = ""
    containers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    # Last log lines of services that do not run well.
    logs: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None
    status: Status | None = None
    # What each supervisor says that it runs.
    told: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    # Of runtime.surroundings, by service; of the task ``examine``; of the database (``error`` where it refuses).
    inside: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    database: Mapping[str, Any] = field(default_factory=dict)
    checkout: Checkout | None = None
    files: Files = field(default_factory=Files)
    # Who has the port that the web service wants.
    port: str = ""
    # The plugin's own page: a complaint.
    page: str = ""
    # Who works on the stack at the moment.
    run: str = ""
    # Whether the last run was killed while it migrated.
    interrupted: bool = False
    # When collecting began and ended.
    now: float = 0.0
    until: float = 0.0
    # Names of the checks that found something, as far as they ran.
    found: set[str] = field(default_factory=set)

    @property
    def package(self) -> str:
        return self.stack.plugin.package if self.stack else ""

    @property
    def backing(self) -> list[str]:
        return backing_services(self.config) if self.config else []


def collect(plugin_path: str | None, say: Callable[[str], None]) -> Facts:
    """Ask everything that can be asked; ``say`` is told what is waited for."""
    facts = Facts(now=time.time())
    with ThreadPoolExecutor(max_workers=12) as pool:
        host = pool.submit(docker_host.look, user_name())
        facts.memory_free = memory_free()
        try:
            facts.stack = load(plugin_path)
        except NetBoxDevError as error:
            facts.no_stack = error
        if facts.stack:
            _collect_stack(facts, facts.stack, say, pool)
        facts.host = host.result()
    facts.until = time.time()
    facts.host_verdict = docker_host.judge(facts.host, MIN_ENGINE, MIN_COMPOSE)
    return facts


def user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.geteuid())


def memory_free(path: str = "/proc/meminfo") -> int | None:
    """Bytes that programs could still have."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path(path).read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return None


def _collect_stack(facts: Facts, stack: Stack, say: Callable[[str], None], pool: ThreadPoolExecutor) -> None:
    files = pool.submit(look_at_files, stack)
    checkout = pool.submit(look_at_checkout, stack)
    facts.run = lock_holder(stack.state) or ""
    facts.interrupted = (stack.state / INTERRUPTED).exists()
    try:
        # What looking does is no step of a run.
        running = Running(stack, Reporter(), check=True)
        _collect_services(facts, running, say, pool)
    except NetBoxDevError as error:
        # The engine, or Compose's word on the files; what the checks of those say is better.
        facts.no_status = error
    except OSError as error:
        # The Docker SDK's errors are of this kind: a container that goes while it is asked.
        facts.no_status = EngineFailed(f"the Docker engine failed: {error}. Look again.")
    facts.files = files.result()
    with contextlib.suppress(OSError):
        # Git itself may be missing, or out of reach of who owns the checkout.
        facts.checkout = checkout.result()


def _collect_services(facts: Facts, running: Running, say: Callable[[str], None], pool: ThreadPoolExecutor) -> None:
    stack = running.stack
    facts.containers = running.engine.containers()
    facts.image = running.engine.image_id(stack.image)
    facts.config = running.compose.config()
    facts.roles = running.roles = python_services(facts.config)
    base = running.compose.config(files=BASE_FILES)
    facts.base_image = str(base["services"].get(web_service(facts.roles), {}).get("image", ""))
    _wait_while_busy(facts, running, say)
    facts.told = {name: told_by(stack, name) for name in facts.roles}
    down = running.backing_down()
    running_now = {name: str(facts.containers[name]["Id"]) for name in facts.roles if _runs(facts, name)}
    inside = {name: pool.submit(_surroundings, running, container) for name, container in running_now.items()}
    database = pool.submit(_database, running) if not down else None
    asked = pool.submit(_examine, running, facts) if not down and facts.image else None
    page = pool.submit(_page, running, facts.told) if _runs(facts, web_service(facts.roles)) else None
    facts.inside = {name: found for name, future in inside.items() if (found := future.result())}
    probed = {str(facts.containers[name]["Id"]): found for name, found in facts.inside.items()}
    try:
        facts.status = look(stack, running.reporter, lambda _converger, _stack: _looked(asked), probed)
    except NetBoxDevError as error:
        facts.no_status = error
    facts.logs = dict(_logs(facts, running))
    facts.database = database.result() if database else {}
    facts.asked = asked.result() if asked else {}
    facts.page = page.result() if page else ""
    # That took its time, and some may have ended a start of theirs meanwhile.
    facts.told = {name: _later(told, told_by(stack, name)) for name, told in facts.told.items()}
    try:
        check_port(stack, running.engine)
    except NetBoxDevError as error:
        facts.port = error.message


def _runs(facts: Facts, service: str) -> bool:
    state = (facts.containers.get(service) or {}).get("State", {})
    return bool(state.get("Running") and not state.get("Paused"))


def _wait_while_busy(facts: Facts, running: Running, say: Callable[[str], None]) -> None:
    """A file was just saved, or a container started: what is about to be fresh is not stale."""
    started = time.monotonic()
    code = disk_code(running.stack)
    said = False
    while True:
        waited = time.monotonic() - started
        told = {name: told_by(running.stack, name) for name in facts.roles if _runs(facts, name)}
        waiting = _waiting(facts, told, code, waited)
        if not waiting or waited > _TAKING_UP_LIMIT_S:
            return
        if waited > _BUSY_LIMIT_S and not said:
            said = True
            say(f"waiting for {', '.join(waiting)} to take up what was saved, {_TAKING_UP_LIMIT_S:.0f} s at most")
        time.sleep(0.3)
        facts.containers = running.engine.containers()


def _waiting(facts: Facts, told: Mapping[str, dict[str, Any]], code: str, waited: float) -> list[str]:
    """Services that are about to tell more; with the code's error told by one of them the others say nothing new."""
    if waited > _BUSY_LIMIT_S:
        known = any(one.get("error") and one.get("attempted") == code for one in told.values())
        return [] if known else [name for name, one in told.items() if one.get("busy")]
    waiting = [
        name
        for name, one in told.items()
        if one.get("busy")
        or not (one.get("since") or one.get("error"))
        or (code not in (one.get("code"), one.get("attempted")) and waited < _NOTICED_S)
    ]
    starting = [
        name
        for name, container in facts.containers.items()
        if (container["State"].get("Health") or {}).get("Status") == "starting" and _runs(facts, name)
    ]
    return list(dict.fromkeys([*waiting, *starting]))


def _later(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What a service tells now, where that is what keeps the code from starting; else what it told before."""
    return now if now.get("error") and not before.get("error") else before


def _logs(facts: Facts, running: Running) -> Iterator[tuple[str, str]]:
    verdicts = facts.status.outcome.verdicts if facts.status else []
    failing = {name for name, told in facts.told.items() if told.get("error")}
    failing |= {verdict.service for verdict in verdicts if verdict.told.get("error")}
    for name, container in facts.containers.items():
        state = container["State"]
        ill = not state["Running"] or (state.get("Health") or {}).get("Status") == "unhealthy"
        if ill or state.get("Restarting") or name in failing:
            yield name, running.engine.logs(container["Id"], lines=80)


def _surroundings(running: Running, container: str) -> dict[str, Any]:
    command = (PYTHON, "-m", f"{RUNTIME_PACKAGE}.surroundings", running.stack.plugin.distribution)
    with contextlib.suppress(OSError, ValueError, TimeLimit):
        status, output = running.engine.execute(container, *command)
        found = json.loads(output) if status == 0 else {}
        return found if isinstance(found, dict) else {}
    return {}


def _database(running: Running) -> dict[str, Any]:
    try:
        database = Database(running.engine, running.compose)
        found: dict[str, Any] = json.loads(database.ask(_DATABASE, database.name))
    except (NetBoxDevError, OSError, ValueError) as error:
        return {"error": str(error)}
    return {**found, "asked_at": time.time()}


def _examine(running: Running, facts: Facts) -> dict[str, Any]:
    stack = running.stack
    request: dict[str, Any] = {
        "inherited": inherited_drift(stack),
        "replacements": replacements(stack),
        "database_s": 10,
    }
    web = web_service(running.roles)
    # In the container that serves, unless that is of another image than will.
    served = _runs(facts, web) and facts.containers[web]["Image"] == facts.image
    try:
        return run_task(running.compose, web, "examine", timeout_s=_TASK_LIMIT_S, inside=served, **request)
    except NetBoxDevError as error:
        return {"error": error.message}


def _looked(asked: Future[dict[str, Any]] | None) -> Mapping[str, Any]:
    """The database and static files as status.look() wants them."""
    if asked is None:
        return {"error": "it was not asked"}
    found = asked.result()
    return found.get("look") or {"error": found.get("error", "")}


def _page(running: Running, told: Mapping[str, dict[str, Any]]) -> str:
    report = told.get(web_service(running.roles), {}).get("report", {})
    return running.look_at_plugin(report["base_url"]) if report.get("base_url") else ""
