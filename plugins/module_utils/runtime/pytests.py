# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugin's tests by pytest with pytest-django; a pytest plugin too, also in processes that pytest-xdist starts."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
from typing import Any

from .outcomes import Outcomes, Refused, refuse_nothing

_NO_TESTS = 5


class _Collector:
    def __init__(self, outcomes: Outcomes) -> None:
        self.outcomes = outcomes
        self.listed: list[str] = []

    def pytest_collection_finish(self, session: Any) -> None:
        self.listed = [str(item.nodeid) for item in session.items]
        self.outcomes.total = self.outcomes.total or len(self.listed)

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.outcomes.add(report.nodeid, "error", 0.0, _message(report), str(report.longrepr))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.outcomes.start(nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        expected = hasattr(report, "wasxfail")
        if report.when == "call" and report.passed:
            outcome = "unexpected success" if expected else "passed"
        elif report.failed:
            outcome = "failed" if report.when == "call" else "error"
        elif report.skipped:
            outcome = "expected failure" if expected else "skipped"
        else:
            return
        text = "\n".join([str(report.longrepr or ""), *(f"{name}\n{text}" for name, text in report.sections)])
        message = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else _message(report)
        self.outcomes.add(report.nodeid, outcome, report.duration, message, text if report.failed else "")


def _message(report: Any) -> str:
    crash = getattr(getattr(report.longrepr, "reprcrash", None), "message", "")
    lines = str(crash or report.longrepr or "").strip().splitlines()
    return lines[0] if crash and lines else lines[-1] if lines else ""


def pytest_configure() -> None:
    """In every process that runs tests."""
    from django.db import connection

    from .testing import databases

    if "create_test_db" not in vars(connection.creation):
        # One that pytest-xdist started.
        databases()


def run(request: dict[str, Any], outcomes: Outcomes) -> list[str]:
    """As ``testing.tests`` has the request. Raises Refused with what pytest says."""
    import pytest

    os.chdir(os.environ["NETBOX_DEV_REPOSITORY"])
    collector = _Collector(outcomes)
    # Nothing is written into the repository; NetBox is set up already, with the stack's settings.
    arguments = ["-p", "no:cacheprovider", "-p", __name__, "--ds=netbox.settings", "-q"]
    if request["failfast"]:
        arguments.append("-x")
    if request["dry_run"]:
        arguments.append("--collect-only")
    elif request["parallel"] > 1:
        if importlib.util.find_spec("xdist") is None:
            raise Refused(
                "parallel needs pytest-xdist, which the image has not: add it to 'packages' of netbox-dev.yml and run "
                "apply_change"
            )
        arguments += ["-n", str(request["parallel"])]
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = int(pytest.main([*arguments, *request["labels"]], plugins=[collector]))
    if status not in (0, 1, 2, _NO_TESTS) or (status == 2 and not outcomes.found):
        raise Refused("\n".join(said.getvalue().strip().splitlines()[-12:]))
    if request["explicit"]:
        refuse_nothing(len(collector.listed) + len(outcomes.found))
    return collector.listed if request["dry_run"] else []
