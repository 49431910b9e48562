# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the plugin's tests in the stack: each in a database of its own, gone when it ends.

Forked from the web service's warm process, or in a container of its own. A run has a number and holds that number's
lock. Whatever a number left whose lock is free is of a run that was killed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shlex
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .affected import find_affected
from .database import Database
from .engine import TESTS_LABEL, Engine
from .errors import ComposeFailed, StackLocked, StackNotSetUp, UnknownCommand, UnknownTest, nearest
from .events import Reporter
from .freshness import told_by
from .junit import junit
from .labels import DJANGO, Label, find_labels, runner_of, spelled, within
from .oneoff import run_task
from .override import NETBOX_DIR, PYTHON, REPOSITORIES, RUNTIME_PACKAGE
from .running import Running
from .runtime import ask
from .runtime.configuration import TEST_RUN
from .runtime.outcomes import BAD
from .services import python_services, web_service
from .stack import Stack
from .state import lock, make_dir, write_atomic

# At a time: Redis has sixteen databases, and each run takes two.
RUNS = 6
AUTO = "auto"
# Beyond the tests' own limit, for what comes before and after them.
_GRACE_S = 300.0
# As long as this Docker may take to say of a container that has ended that it has.
_ENDED_S = 0.5
# Failures in the summary.
_LISTED = 8


@dataclass(frozen=True)
class Wish:
    """Which tests, and how. ``command`` is one of the plugin's own, with its arguments, in place of tests."""

    labels: Sequence[str] = ()
    affected: bool = False
    since: str = "HEAD"
    runner: str = AUTO
    failfast: bool = False
    parallel: int = 1
    time_limit_s: float = 1800.0
    coverage: bool = False
    junit: str | None = None
    command: str | None = None


class PluginTests:
    """Tests of one stack's plugin."""

    def __init__(self, stack: Stack, reporter: Reporter, check: bool, lock_timeout_s: float) -> None:
        self.stack, self.reporter, self.check, self.lock_timeout_s = stack, reporter, check, lock_timeout_s

    def run(self, wish: Wish) -> dict[str, Any]:
        """Returns what the module test_run does. Raises UnknownTest for what surely is none before anything starts."""
        if wish.command:
            return self._command(wish, wish.command)
        runner = runner_of(self.stack.plugin.root) if wish.runner == AUTO else wish.runner
        labels = find_labels(self.stack, wish.labels)
        if not wish.affected:
            return self._tests(wish, runner, labels)
        affected = find_affected(self.stack, wish.since)
        if affected.paths is None:
            self.reporter.say(f"all tests: {affected.why}")
            return self._tests(wish, runner, labels)
        self.reporter.say(affected.why)
        touched = within(labels, affected.paths)
        if touched:
            return self._tests(wish, runner, touched)
        return {"changed": False, "counts": {}, "listed": [], "summary": [f"no test to run: {affected.why}"]}

    def _command(self, wish: Wish, line: str) -> dict[str, Any]:
        """Raises UnknownCommand with those that the plugin has."""
        try:
            name, *arguments = shlex.split(line)
        except ValueError as error:
            raise UnknownCommand(f"command: '{line}' is no command with its arguments: {error}") from error
        result = self._ask("command", wish, command=name, arguments=arguments)
        known = result["known"]
        if name not in known:
            listed = f"It has: {', '.join(known)}." if known else "It has none."
            raise UnknownCommand(
                f"command: the plugin has no management command '{name}'{nearest(name, known)} {listed}", known=known
            )
        if self.check:
            return {"changed": False, "summary": [f"would run {line}"]}
        failed = result["failed"]
        end = f"{name} failed: {failed}" if failed else f"{name} passed [{result['seconds']:.1f} s]"
        return {"changed": False, "failed": bool(failed), "msg": end, "summary": [end]}

    def _tests(self, wish: Wish, runner: str, labels: list[Label]) -> dict[str, Any]:
        plugin = self.stack.plugin
        repository = f"{REPOSITORIES}/{plugin.distribution}"
        measured = {
            "repository": repository,
            "package_path": plugin.package_path,
            "root": str(plugin.root),
            "parallel": wish.parallel > 1,
        }
        started = time.monotonic()
        result = self._ask(
            "tests",
            wish,
            runner=runner,
            labels=spelled(self.stack, labels, runner),
            explicit=bool(labels),
            failfast=wish.failfast,
            parallel=wish.parallel,
            coverage=measured if wish.coverage else None,
        )
        if result.get("refused"):
            raise UnknownTest(f"labels: {result['refused']}" if labels and runner == DJANGO else result["refused"])
        for one in result["tests"]:
            one.update({key: self._on_node(one[key]) for key in ("path", "text")})
        result["stopped"] = self._on_node(result["stopped"])
        seconds = time.monotonic() - started
        bad = [one for one in result["tests"] if one["outcome"] in BAD]
        files = list(result["coverage"].get("files", []))
        if wish.junit and not self.check:
            files.append(self._write_junit(wish.junit, result["tests"], seconds))
        return {
            "changed": bool(files),
            "failed": bool(bad or result["stopped"]),
            "msg": _said(result, bad),
            "runner": runner,
            "failures": [{key: one[key] for key in one if key != "text"} for one in bad],
            "counts": dict(Counter(one["outcome"] for one in result["tests"])),
            "listed": result["listed"],
            "database": result["database"] or {},
            "coverage": result["coverage"].get("percent"),
            "written": files,
            "summary": summarize(result, bad, files, seconds, self.check, wish.time_limit_s),
        }

    def _on_node(self, text: str) -> str:
        """A text with the plugin's files named as its repository has them."""
        plugin = self.stack.plugin
        text = text.replace(f"{NETBOX_DIR}/{plugin.package}/", f"{plugin.package_path}/")
        return text.replace(f"{REPOSITORIES}/{plugin.distribution}/", "")

    def _write_junit(self, name: str, tests: list[dict[str, Any]], seconds: float) -> str:
        path = self.stack.plugin.root / Path(name).expanduser()
        missing = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for folder in missing:
                os.chown(folder, self.stack.plugin.uid, self.stack.plugin.gid)
        write_atomic(path, junit(self.stack.plugin.package, tests, seconds), 0o644)
        return name

    # -- the container

    def _ask(self, task: str, wish: Wish, **request: Any) -> dict[str, Any]:
        """Run one task of ``runtime.testing`` with a number of its own."""
        running = Running(self.stack, self.reporter, check=True)
        config = running.compose.config()
        running.roles = python_services(config)
        if running.engine.image_id(self.stack.image) is None:
            raise StackNotSetUp(f"the image '{self.stack.image}' is not there. Run dev-setup.yml: it builds it.")
        if not (self.stack.state / "runtime" / RUNTIME_PACKAGE / "testing.py").is_file():
            raise StackNotSetUp("the stack was set up by an older version of this collection. Run apply_change first.")
        if running.backing_down():
            with lock(self.stack.state, self.lock_timeout_s, "tests"):
                Running(self.stack, self.reporter).up_backing()
        database = Database(running.engine, running.compose)
        web = web_service(running.roles)
        # Coverage is measured from before NetBox is set up.
        warm = not request.get("coverage") and running.is_warm(web)
        why = told_by(self.stack, web).get("cold")
        if not warm and why and not request.get("coverage"):
            self.reporter.say(f"a start from nothing for this run, as for reloads: {why}")
        with self._numbered(running.engine, database) as number:
            # A command of the plugin's is no test: queues, cache and files are the stack's own.
            apart = ("-e", f"{TEST_RUN}={number}") if task == "tests" else ()

            def run(warm: bool) -> dict[str, Any]:
                return run_task(
                    running.compose,
                    web,
                    task,
                    lambda line: self.reporter.say(self._on_node(line)),
                    wish.time_limit_s + _GRACE_S,
                    module="testing",
                    options=("--label", f"{TESTS_LABEL}={number}", *apart),
                    warm=warm,
                    number=number,
                    time_limit=wish.time_limit_s,
                    dry_run=self.check,
                    database_s=60,
                    **request,
                )

            before = _began(running.engine, web)
            try:
                return run(warm)
            except ComposeFailed:
                time.sleep(_ENDED_S)
                if not warm or _began(running.engine, web) == before:
                    raise
                self.reporter.say(f"'{web}' was started anew meanwhile, which ended them: once more, without it")
                return run(warm=False)

    @contextmanager
    def _numbered(self, engine: Engine, database: Database) -> Iterator[int]:
        """A number that no other run has; what runs left that were killed is removed first."""
        folder = self.stack.state / "tests"
        make_dir(folder, (self.stack.plugin.uid, self.stack.plugin.gid))
        left = self._left(engine, database)
        mine, handle = 0, -1
        for number in range(1, RUNS + 1):
            if mine and number not in left:
                continue
            locked = _locked(folder / f"{number}.lock")
            if locked is None:
                continue
            if number in left:
                self._remove(engine, database, number)
            if mine:
                os.close(locked)
            else:
                mine, handle = number, locked
        if not mine:
            raise StackLocked(f"{RUNS} runs of tests are under way, and there is no room for another: let one end.")
        try:
            yield mine
        finally:
            try:
                self._remove(engine, database, mine)
            finally:
                os.close(handle)

    def _forked(self) -> dict[Path, int]:
        """Numbers of runs by what tells, in the state, that they were forked."""
        found = {path: path.name.split("-") for path in (self.stack.state / "run").glob(f"{ask.TESTS}*")}
        return {path: int(words[1]) for path, words in found.items() if words[1].isdigit()}

    def _left(self, engine: Engine, database: Database) -> set[int]:
        """Numbers of which there is a container, a forked process or a database."""
        labels = engine.labelled(TESTS_LABEL).values()
        numbers = {int(label) for label in labels if label.isdigit()}
        return numbers | set(self._forked().values()) | set(_databases(database).values())

    def _remove(self, engine: Engine, database: Database, number: int) -> None:
        for made, label in engine.labelled(TESTS_LABEL).items():
            if label == str(number):
                engine.remove(made)
        forked = [path for path, of in self._forked().items() if of == number]
        for container in engine.containers().values() if forked else ():
            host = f"{ask.TESTS}{number}-{container['Config']['Hostname']}-"
            state = container["State"]
            if state["Running"] and not state["Paused"] and any(path.name.startswith(host) for path in forked):
                engine.execute(container["Id"], PYTHON, "-m", f"{RUNTIME_PACKAGE}.ask", ask.END, str(number))
        for path in forked:
            # Of containers that are gone, or do not run.
            path.unlink(missing_ok=True)
        for name, of in _databases(database).items():
            if of == number:
                database.drop(name)


def _locked(path: Path) -> int | None:
    """A handle that holds the lock as long as it is open; None where another process holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"pid {os.getpid()}\n".encode(), 0)
    return handle


def _databases(database: Database) -> dict[str, int]:
    """Numbers of runs by the databases that they made."""
    pattern = re.compile(rf"{re.escape(database.name)}_test_([1-9])(_\w+)?")
    found = {name: pattern.fullmatch(name) for name in database.ask("SELECT datname FROM pg_database").splitlines()}
    return {name: int(match.group(1)) for name, match in found.items() if match}


def _began(engine: Engine, service: str) -> tuple[Any, ...]:
    """What stands for a start of a service that goes on."""
    container = engine.containers().get(service)
    state = container["State"] if container else {}
    return (container["Id"], state["StartedAt"], state["Running"]) if container else ()


def _counts(result: dict[str, Any]) -> str:
    counts = Counter(one["outcome"] for one in result["tests"])
    parts = [f"{counts[name]} {name}" for name in dict.fromkeys(("passed", *BAD, *counts)) if counts[name]]
    return f"{_number(len(result['tests']))}: {', '.join(parts)}" if parts else "no tests"


def _number(tests: int) -> str:
    return f"{tests} test{'' if tests == 1 else 's'}"


def _said(result: dict[str, Any], bad: list[dict[str, Any]]) -> str:
    if result["stopped"]:
        return f"the tests did not end within their time limit, and were stopped in {result['stopped']}"
    if bad:
        first = f"{bad[0]['test']}: {bad[0]['message']}"
        return f"{len(bad)} of {_number(len(result['tests']))} did not pass, the first: {first}"
    return _counts(result)


def summarize(
    result: dict[str, Any], bad: list[dict[str, Any]], files: list[str], seconds: float, check: bool, limit_s: float
) -> list[str]:
    """Failures first; no more than a screen."""
    if check:
        names = result["listed"]
        more = [f"  … and {len(names) - 15} more"] if len(names) > 15 else []
        return [f"would run {_number(len(names))}", *(f"  {name}" for name in names[:15]), *more]
    lines = []
    for one in bad[:_LISTED]:
        where = f"{one['path']}:{one['line']}: " if one["path"] else ""
        lines += [f"{one['outcome'].upper()} {one['test']}", f"  {where}{one['message'][:200]}"]
    if len(bad) > _LISTED:
        lines.append(f"… and {len(bad) - _LISTED} more that did not pass")
    if result["stopped"]:
        lines.append(f"STOPPED after {limit_s:.0f} s in {result['stopped']}")
    database = result["database"]
    made = f"; test database {database['how']} in {database['seconds']:.2f} s" if database else ""
    lines.append(f"{_counts(result)} [{seconds:.1f} s{made}]")
    if result["coverage"]:
        lines.append(f"coverage: {result['coverage']['percent']} %")
    if files:
        lines.append(f"written: {', '.join(files)}")
    return lines
