# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A moment in which nobody is at the database: requests end and new ones wait, workers are paused between jobs."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from .beside import jobs
from .database import Database
from .errors import DatabaseBusy
from .hold import held_reloads, lease
from .running import Running
from .runtime.supervise import QUIET, QUIET_SINCE
from .services import python_services, web_service

# How long it may take to get there.
LIMIT_S = 10.0


@contextmanager
def quiet(running: Running, database: Database) -> Iterator[None]:
    """Nobody works in NetBox's database inside, so that idle sessions may be ended; afterwards everybody goes on.

    What a killed run held goes on by itself after some seconds (requests) or with the next run (workers). Raises
    DatabaseBusy, with everything going on, where a session is in the middle of something for too long.
    """
    roles = python_services(running.compose.config())
    web = web_service(roles)
    containers = running.engine.containers()
    live = {n: c for n, c in containers.items() if n in roles and c["State"]["Running"] and not c["State"]["Paused"]}
    others = {name: c for name, c in live.items() if name != web}
    with ExitStack() as stack, held_reloads(running.stack):
        _pause_between(running, database, others, str(live[web]["Id"]) if web in live else "")
        stack.callback(_unpause, running, _ids(others))
        if web in live:
            stack.enter_context(_held_requests(running, str(live[web]["Id"])))
        _wait_idle(database)
        yield


def _pause_between(running: Running, database: Database, others: dict[str, dict[str, Any]], web: str) -> None:
    """Pause workers while none is at a job or in a transaction. One that stays at a job is said, and paused in it."""
    deadline = time.monotonic() + LIMIT_S
    told = ""
    while True:
        at = ""
        try:
            _pause(running, _ids(others))
            with ThreadPoolExecutor(max_workers=1) as pool:
                asked = pool.submit(_at_job, running, others, web)
                busy = database.busy(among=_addresses(others))
            at = asked.result()
            late = time.monotonic() > deadline
            if late and at:
                running.reporter.say(f"{at} after {LIMIT_S:.0f} s; it goes on afterwards, and may fail")
            if busy and late:
                raise _busy(busy)
            if not busy and (not at or late):
                return
            at = at or busy
        except BaseException as error:
            _unpause(running, _ids(others))
            # On a busy machine the kernel may not freeze all at once.
            if not isinstance(error, OSError) or time.monotonic() > deadline:
                raise
        _unpause(running, _ids(others))
        if at and not told:
            told = at
            running.reporter.say(f"waiting: {at}")
        time.sleep(0.3)


def _pause(running: Running, containers: Sequence[str]) -> None:
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(running.engine.pause, containers))


def _unpause(running: Running, containers: Sequence[str]) -> None:
    def go_on(container: str) -> None:
        with contextlib.suppress(OSError):
            running.engine.unpause(container)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(go_on, containers))


def _at_job(running: Running, others: dict[str, dict[str, Any]], web: str) -> str:
    """Which worker is at a job; empty where none is, or nobody is there to be asked."""
    busy = jobs(running.engine, web)["busy"] if web else []
    names = {str(container["Id"])[:12]: name for name, container in others.items()}
    return ", ".join(f"{names[host]} is at a job" for host in busy if host in names)


def _ids(containers: dict[str, dict[str, Any]]) -> list[str]:
    return [str(container["Id"]) for container in containers.values()]


def _addresses(containers: dict[str, dict[str, Any]]) -> list[str]:
    networks = [one for container in containers.values() for one in container["NetworkSettings"]["Networks"].values()]
    return [str(network["IPAddress"]) for network in networks if network.get("IPAddress")]


@contextmanager
def _held_requests(running: Running, web: str) -> Iterator[None]:
    token = secrets.token_hex(8)
    since = running.stack.state / "run" / QUIET_SINCE
    with lease(running.stack, QUIET, token):
        running.engine.signal(web, "SIGUSR1")
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if since.read_text(encoding="ascii") == token:
                    break
            time.sleep(0.01)
        else:
            running.reporter.say(f"requests under way did not end in {LIMIT_S:.0f} s; they may fail")
        try:
            yield
        finally:
            since.unlink(missing_ok=True)


def _wait_idle(database: Database) -> None:
    deadline = time.monotonic() + LIMIT_S
    while True:
        busy = database.busy()
        if not busy:
            return
        if time.monotonic() > deadline:
            raise _busy(busy)
        time.sleep(0.05)


def _busy(session: str) -> DatabaseBusy:
    return DatabaseBusy(
        f"the database is in use: {session}. Waited {LIMIT_S:.0f} s; let that end and run again. Nothing was changed.",
        session=session,
    )
