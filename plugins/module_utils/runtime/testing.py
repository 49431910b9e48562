# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's tests apart from the services: Django's runner or pytest, over a copy of a kept database."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import re
import signal
import sys
import time
import traceback
import unittest
from functools import partial
from typing import Any, Callable

from . import plugin_coverage
from .configuration import TEST_RUN
from .netbox import NETBOX_DIR, explain_registration, set_up
from .outcomes import Outcomes, Refused, refuse_nothing
from .task import progress, serve, wait_for_database
from .testdb import TestDatabases, empty_redis, use

TESTS, COMMAND = "tests", "command"
_AGAIN_S = 10.0


class TimeUp(KeyboardInterrupt):
    """The tests have run for as long as they may. Of a kind that no runner takes for a test's own error."""


class Limit:
    """Interrupts whatever runs after some seconds, and again where that was not heard."""

    def __init__(self, seconds: float, outcomes: Outcomes) -> None:
        self.seconds, self.outcomes = seconds, outcomes
        # What was interrupted, and where.
        self.stopped = ""

    def _up(self, _signum: int, frame: Any) -> None:
        places = [one for one in traceback.extract_stack(frame) if one.filename.startswith(roots())]
        where = f" at {places[-1].filename}:{places[-1].lineno}" if places else ""
        self.stopped = self.stopped or f"{self.outcomes.current or 'the preparation'}{where}"
        raise TimeUp(self.stopped)

    def said(self) -> str:
        return self.stopped and f"it did not end within {self.seconds:.0f} s"

    def __enter__(self) -> Limit:
        signal.signal(signal.SIGALRM, self._up)
        signal.setitimer(signal.ITIMER_REAL, self.seconds, _AGAIN_S)
        return self

    def __exit__(self, *_raised: object) -> bool:
        """Whatever came of the interruption is no error."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        return bool(self.stopped)


def roots() -> tuple[str, ...]:
    """Where the plugin's files are, each with a slash at its end."""
    return (f"{NETBOX_DIR}/{os.environ['NETBOX_DEV_PACKAGE']}/", f"{os.environ['NETBOX_DEV_REPOSITORY']}/")


def databases() -> TestDatabases:
    """Test databases of the run whose name the environment has, for Django to use."""
    from django.db import connection

    # A session with the developer's own database would be in the way of whoever copies that.
    connection.close()
    made = TestDatabases(connection, os.environ["NETBOX_DEV_PACKAGE"], progress)
    use(made, f"{made.own}_test_{os.environ[TEST_RUN]}")
    return made


def as_typed(request: dict[str, Any]) -> list[str]:
    """What Django's own command for tests is called with, for whoever looks: NetBox does, and settings may."""
    parallel = ["--parallel", str(request["parallel"])] if request["parallel"] > 1 else []
    return [os.path.join(NETBOX_DIR, "manage.py"), "test", *parallel]


def tests(begin: Callable[[], object], request: dict[str, Any]) -> dict[str, Any]:
    """Run tests, or with ``dry_run`` only list them; ``begin`` sets NetBox up.

    ``request``: ``runner`` (django or pytest), ``labels``, ``failfast``, ``parallel`` (processes), ``time_limit``
    (seconds), ``coverage`` (None, or what plugin_coverage.measured takes), ``dry_run``, ``database_s``. Returns
    ``{tests: as Outcomes has them, listed: names, stopped: why, if before the end, database: {how, seconds} or None,
    coverage}``, or
    ``{refused: why}``.
    """
    dry_run = request["dry_run"]
    if request["runner"] != "pytest":
        sys.argv = as_typed(request)
    with plugin_coverage.measured(None if dry_run else request["coverage"], progress) as coverage:
        begin()
        report = explain_registration()
        if not report["registered"]:
            raise LookupError(f"NetBox runs without the plugin: {report['why']}")
        if request["parallel"] > 1:
            # Python's newer default starts processes that know nothing of this one.
            multiprocessing.set_start_method("fork", force=True)
        outcomes, made, listed = Outcomes(progress, roots()), None, []
        if not dry_run:
            wait_for_database(request["database_s"])
            empty_redis()
            made = databases()
        try:
            with Limit(request["time_limit"], outcomes) as limit:
                listed = (_run_pytest if request["runner"] == "pytest" else _run_django)(request, outcomes)
        except Refused as error:
            return {"refused": str(error)}
        outcomes.flush()
    if not dry_run:
        empty_redis()
    how = {"how": made.how, "seconds": round(made.seconds, 3)} if made and made.how else None
    return {"tests": outcomes.found, "listed": listed, "stopped": limit.stopped, "database": how, "coverage": coverage}


class Told(Exception):
    """What a test raised, by its words: tracebacks do not go from one process to another."""

    def __init__(self, is_failure: bool, message: str, text: str) -> None:
        super().__init__(is_failure, message, text)
        self.is_failure, self.message, self.text = is_failure, message, text


def _tell(result: Any, test: Any, error: Any) -> Told:
    """``error`` is what sys.exc_info() gives; ``result`` knows what the test printed."""
    if isinstance(error[1], Told):
        return error[1]
    lines = "".join(traceback.format_exception_only(error[0], error[1])).strip().splitlines()
    is_failure = issubclass(error[0], test.failureException)
    # Django's own results of other processes have no words for it.
    words = unittest.TestResult._exc_info_to_string(result, error, test)  # type: ignore[attr-defined]
    return Told(is_failure, lines[0] if lines else "", words)


class _Result(unittest.TestResult):
    """Tells outcomes as they come, also those that other processes hand over."""

    def __init__(self, outcomes: Outcomes, buffer: bool) -> None:
        super().__init__()
        self.outcomes = outcomes
        # What tests print is shown with those that fail.
        self.buffer = buffer

    def startTest(self, test: Any) -> None:
        super().startTest(test)
        self.outcomes.start(test.id())

    def _add(self, test: Any, outcome: str, message: str = "", text: str = "") -> None:
        # Where a subtest has no message, its name has an address instead.
        name = re.sub(r" \[<object object at \w+>\]", "", test.id())
        self.outcomes.add(name, outcome, time.monotonic() - self.outcomes.started, message, text)

    def _bad(self, test: Any, outcome: str, error: Any, of: Any = None) -> None:
        told = _tell(self, of or test, error)
        self._add(test, outcome or ("failed" if told.is_failure else "error"), told.message, told.text)

    def addSuccess(self, test: Any) -> None:
        super().addSuccess(test)
        self._add(test, "passed")

    def addError(self, test: Any, err: Any) -> None:
        self._bad(test, "error", err, unittest.TestCase())
        super().addError(test, err)

    def addFailure(self, test: Any, err: Any) -> None:
        self._bad(test, "failed", err)
        super().addFailure(test, err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        if err is not None:
            self._bad(subtest, "", err, test)
        super().addSubTest(test, subtest, err)

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        self._add(test, "skipped", reason)

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self._add(test, "expected failure")

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self._add(test, "unexpected success", "it is marked as one that fails, and does not")


def _run_django(request: dict[str, Any], outcomes: Outcomes) -> list[str]:
    from django.conf import settings
    from django.test.runner import RemoteTestResult, RemoteTestRunner
    from django.test.utils import get_runner

    class Remote(RemoteTestResult):  # type: ignore[misc]
        def addError(self, test: Any, err: Any) -> None:
            super().addError(test, self._words(test, err))

        def addFailure(self, test: Any, err: Any) -> None:
            super().addFailure(test, self._words(test, err))

        def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
            super().addSubTest(test, subtest, err and self._words(test, err))

        def _words(self, test: Any, err: Any) -> Any:
            return Told, _tell(self, test if isinstance(test, unittest.TestCase) else unittest.TestCase(), err), None

    # The classes of the processes' own are named to them: no other one can take its place.
    RemoteTestRunner.resultclass = Remote

    labels = request["labels"]

    class Runner(get_runner(settings)):  # type: ignore[misc]  # what the settings name
        def build_suite(self, *arguments: Any, **options: Any) -> Any:
            suite = super().build_suite(*arguments, **options)
            outcomes.total = suite.countTestCases()
            if request["explicit"]:
                _refuse_unknown(_each(suite))
                refuse_nothing(outcomes.total)
            return suite

        def run_suite(self, suite: Any, **_options: Any) -> Any:
            result = _Result(outcomes, buffer=not hasattr(suite, "processes"))
            result.failfast = self.failfast
            result.startTestRun()
            try:
                return suite.run(result)
            finally:
                result.stopTestRun()

        def teardown_databases(self, old_config: Any, **options: Any) -> None:
            # Sessions of processes that were stopped are still there: whoever asked removes what is left.
            with contextlib.suppress(Exception):
                super().teardown_databases(old_config, **options)

    os.chdir(NETBOX_DIR)
    runner = Runner(
        verbosity=0,
        interactive=False,
        failfast=request["failfast"],
        parallel=request["parallel"],
        buffer=True,
    )
    if request["dry_run"]:
        runner.setup_test_environment()
        return [test.id() for test in _each(runner.build_suite(labels))]
    runner.run_tests(labels)
    return []


def _each(suite: Any) -> list[Any]:
    """The tests of a suite, also of one that is split for several processes."""
    if isinstance(suite, unittest.TestCase):
        return [suite]
    return [test for inner in getattr(suite, "subsuites", suite) for test in _each(inner)]


def _refuse_unknown(found: list[Any]) -> None:
    """A class or a method that is not there; what cannot be imported is a test that fails."""
    for test in found:
        error = getattr(test, "_exception", None)
        if isinstance(test, unittest.loader._FailedTest) and isinstance(error, AttributeError):  # type: ignore[attr-defined]
            raise Refused(f"'{test._testMethodName}' is no test: {str(error).strip().splitlines()[-1]}")


def _run_pytest(request: dict[str, Any], outcomes: Outcomes) -> list[str]:
    from . import pytests

    return pytests.run(request, outcomes)


def command(begin: Callable[[], object], request: dict[str, Any]) -> dict[str, Any]:
    """Run one of the plugin's own management commands on the stack's own database, its output told by lines."""
    begin()
    from django.apps import apps
    from django.core.management import call_command, get_commands

    from .drift import plugin_labels

    names = [apps.get_app_config(label).name for label in plugin_labels(os.environ["NETBOX_DEV_PACKAGE"])]
    known = sorted(name for name, app in get_commands().items() if app in names)
    if request["dry_run"] or request["command"] not in known:
        return {"known": known}
    wait_for_database(request["database_s"])
    out = _Lines()
    started = time.monotonic()
    failed = ""
    try:
        with contextlib.redirect_stdout(out), Limit(request["time_limit"], Outcomes(progress, roots())) as limit:
            call_command(request["command"], *request["arguments"], stdout=out, stderr=out)
        failed = limit.said()
    except SystemExit as end:
        failed = "" if end.code in (0, None) else f"it ended with status {end.code}"
    except Exception as error:  # noqa: BLE001 - whatever the command raises is what came of it
        failed = "".join(traceback.format_exception_only(error)).strip()
        for line in traceback.format_exc().splitlines()[-25:]:
            progress(f"    {line}")
    out.end()
    return {"known": known, "failed": failed, "seconds": round(time.monotonic() - started, 2)}


class _Lines(io.TextIOBase):
    """Tells what is written, line by line."""

    def __init__(self) -> None:
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            progress(f"  {line.rstrip()}")
        return len(text)

    def end(self) -> None:
        if self._rest:
            self.write("\n")


def tasks(begin: Callable[[], object]) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    return {TESTS: partial(tests, begin), COMMAND: partial(command, begin)}


if __name__ == "__main__":
    serve(tasks(set_up), lambda: None)
