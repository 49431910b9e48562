# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import monitoring
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    CommandFailed,
    InvalidProject,
    InvalidState,
    NetBoxDevError,
    PerformanceRegression,
    SchemaFailed,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.monitoring import (
    Monitor,
    Wanted,
    raise_found,
    report_file,
    write_report,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.secret import password_file
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import write_json

MakeStack = Callable[..., Stack]


def monitor(**wanted: Any) -> Monitor:
    found = Monitor.__new__(Monitor)
    found.wanted, found.check = Wanted(**wanted), False
    found.engine, found.compose = SimpleNamespace(), SimpleNamespace()  # type: ignore[assignment]
    return found


def test_statements_that_the_database_refuses_are_left_out_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_statement: str, _database: str) -> str:
        raise SchemaFailed(
            "PostgreSQL refused 'SELECT coalesce': ERROR:  pg_stat_statements must be loaded via "
            '"shared_preload_libraries"\nLINE 1'
        )

    monkeypatch.setattr(monitoring, "Database", lambda *_: SimpleNamespace(name="netbox", ask=ask))
    assert monitor()._statements(True) == {
        "statements": None,
        "no_statements": 'pg_stat_statements must be loaded via "shared_preload_libraries"',
    }
    assert monitor()._statements(False)["no_statements"] == "the extension pg_stat_statements is not there"


def run(words: list[str]) -> SimpleNamespace:
    if words[0] == "debug_sql":
        raise CommandFailed("'debug_sql' ended with status 1. Last lines:\nno table")
    return SimpleNamespace(seconds=1.0, stdout=" ".join(words))


def test_the_plugins_own_commands_have_the_options_that_they_take() -> None:
    found = monitor(baseline="save")
    found.manager = SimpleNamespace(run=run)  # type: ignore[assignment]
    there = ["performance_test", "debug_sql", "diagnostic_fgd_ingestion"]
    taken = {"performance_test": ["-h", "--baseline"], "diagnostic_fgd_ingestion": ["-h"]}
    done = found._own_commands(there, taken)
    assert [one["command"] for one in done] == ["performance_test --baseline", "debug_sql", "diagnostic_fgd_ingestion"]
    assert [one["ok"] for one in done] == [True, False, True]
    # What cannot be asked, a command that is broken, say, is given all.
    assert found._own_commands(there[2:], {})[0]["command"] == "diagnostic_fgd_ingestion --profile"
    found.check = True
    assert found._own_commands(there, taken) == []


WORSE = {"path": "/", "what": "queries", "before": 4, "after": 9}


@pytest.mark.parametrize(
    ("failures", "regressions", "raised", "words"),
    [
        (["debug_sql: no table"], [], CommandFailed, "debug_sql: no table\nThe report is 'x'."),
        ([], [WORSE], PerformanceRegression, "worse than the baseline of noon: / needs 9 queries, not 4. The report"),
        (["debug_sql: no"], [WORSE], CommandFailed, "debug_sql: no\nworse than the baseline of noon: / needs 9"),
    ],
)
def test_a_run_fails_with_all_that_went_wrong(
    failures: list[str], regressions: list[dict[str, Any]], raised: type[NetBoxDevError], words: str
) -> None:
    report = {"failures": failures, "regressions": regressions, "baseline": {"at": "noon"}}
    with pytest.raises(raised) as found:
        raise_found(report, "The report is 'x'.")
    assert found.value.message.startswith(words)
    raise_found({"failures": [], "regressions": []}, "")


@pytest.mark.parametrize("statuses", [{"500": 8}, {"200": 7, "502": 1}, {"0": 8}])
def test_a_page_that_fails_is_no_baseline(make_stack: MakeStack, statuses: dict[str, int]) -> None:
    found = monitor(baseline="save")
    found.stack = make_stack()
    pages = {"/": {"samples": [0.1], "statuses": {"200": 8}}, "/x": {"samples": [0.1], "statuses": statuses}}
    requests = [{"path": path, "queries": 1} for path in pages]
    report: dict[str, Any] = {"at": "noon", "pages": pages, "requests": requests, "failures": []}
    found._compare(None, report, {})  # type: ignore[arg-type]
    (failure,) = report["failures"]
    assert failure.startswith(f"baseline: /x answers {next(s for s in statuses if s != '200')}, and nothing was kept")
    kept = found.stack.state / "baseline.json"
    assert not kept.exists()
    report = {**report, "pages": {"/": pages["/"]}, "failures": []}
    found.check = True
    found._compare(None, report, {})  # type: ignore[arg-type]
    assert not kept.exists(), "check mode writes nothing"
    found.check = False
    found._compare(None, report, {})  # type: ignore[arg-type]
    assert kept.exists()
    assert report["failures"] == []


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"baseline": "compare", "samples": 1}, "samples: at least 8"),
        ({"baseline": "save", "samples": 7}, "samples: at least 8"),
        ({"profile": "nbshell"}, "wants a terminal"),
        ({"profile": "a 'b"}, "command: "),
    ],
)
def test_what_tells_nothing_is_refused_before_anything(wanted: dict[str, Any], words: str) -> None:
    with pytest.raises(NetBoxDevError, match=words):
        Wanted(**wanted).refuse_bad()
    Wanted(samples=1).refuse_bad()


def test_check_mode_says_what_it_leaves_out() -> None:
    assert Wanted(baseline="save", profile="check").would("/r") == [
        "would write: /r, and its data beside it",
        "would keep: this as the baseline",
        "would run: those of the plugin's own commands that it has",
        "would profile: check",
    ]
    assert Wanted(commands=False).would("/r") == ["would write: /r, and its data beside it"]


def test_a_baseline_is_compared_with_its_own_pages_where_none_are_named(make_stack: MakeStack) -> None:
    stack = make_stack()
    pages: dict[str, Any] = {"/a/": {}, "/b/": {}}
    write_json(stack.state / "baseline.json", {"at": "then", "pages": pages})
    found = monitor(baseline="compare")
    found.stack, found.paths = stack, []
    assert found._pages(found._baseline(), None) == ["/a/", "/b/"]  # type: ignore[arg-type]
    found.paths = ["/b/"]
    assert found._pages(found._baseline(), None) == ["/b/"]  # type: ignore[arg-type]
    found.paths = ["/c/"]
    with pytest.raises(InvalidState, match="it has no /c/; it has /a/, /b/"):
        found._baseline()


def test_the_data_never_takes_the_place_of_a_neighbour(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("mine")
    write_report(tmp_path / "out.html", {"at": "now"}, "<html>")
    assert (tmp_path / "out.json").read_text() == "mine"
    assert (tmp_path / "out.html").read_text() == "<html>"
    assert (tmp_path / "out.html.json").read_text() == '{\n "at": "now"\n}\n'


def test_a_report_is_an_html_file(make_stack: MakeStack) -> None:
    stack = make_stack()
    assert report_file(stack, None) == stack.state / "reports" / "monitor.html"
    assert report_file(stack, "/tmp/out.HTML") == Path("/tmp/out.HTML")
    for name in ("/tmp/out.json", "/tmp/package"):
        with pytest.raises(InvalidProject, match=f"report: .*'{name}'"):
            report_file(stack, name)


class Browser:
    def log_in(self, _name: str, _password: str) -> bool:
        return True


def test_check_mode_logs_nobody_in_for_that_writes_rows(make_stack: MakeStack) -> None:
    found = monitor()
    found.stack = make_stack()
    path = password_file(found.stack)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("secret")
    assert found._log_in(Browser())  # type: ignore[arg-type]
    found.check = True
    assert not found._log_in(Browser())  # type: ignore[arg-type]


def test_check_mode_compares_the_queries_alone() -> None:
    """They are counted as the superuser, in a transaction that is rolled back; the pages are not."""
    found = monitor(baseline="compare")
    found.check, found.paths = True, ["/"]
    known = {"at": "then", "pages": {"/": {"samples": [0.1] * 8, "statuses": ["200"], "queries": 1}}}
    pages = {"/": {"samples": [9.0] * 8, "statuses": {"302": 8}, "p50": 9.0}}
    report: dict[str, Any] = {"pages": pages, "requests": [{"path": "/", "queries": 2}], "failures": []}
    assert [one["what"] for one in found._compare(None, report, known)] == ["queries"]  # type: ignore[arg-type]
    assert "would compare: times and statuses; queries were compared" in Wanted(baseline="compare").would("/r")
