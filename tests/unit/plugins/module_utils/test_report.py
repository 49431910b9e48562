# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import html.parser
import json
import re
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import plots, report
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.monitoring import otherwise, said

HOSTILE = "</script><script>alert('x')</script>"


def measured() -> dict[str, Any]:
    usage = {
        "cpu_percent": 5.0,
        "cpu_percent_max": 9.0,
        "memory": 2**20,
        "memory_max": 3 * 2**30,
        "network": 10,
        "disk": 2048,
        "cpu_series": [[1, 4], [2, 9]],
        "memory_series": [[0, 2**20], [1, 2**21]],
    }
    page = {"samples": [0.01, 0.02, 0.03], "statuses": {"200": 3}, "p50": 0.02, "p95": 0.03, "p99": 0.03, "size": 5}
    return {
        "at": "2026-11-27T20:00:00Z",
        "url": "http://127.0.0.1:8000",
        "seconds": 6.0,
        "logged_in": True,
        "pages": {"/plugins/example/": page, "/": {**page, "statuses": {"200": 2, "500": 1}}},
        "requests": [
            {
                "path": path,
                "queries": 4,
                "sql_seconds": 0.004,
                "repeated": [{"count": 3, "sql": f"SELECT '{HOSTILE}'"}],
                "slowest": [{"seconds": 0.003, "sql": f"SELECT {n}"}],
            }
            for n, path in enumerate(("/plugins/example/", "/"))
        ],
        "containers": {"netbox": usage, "postgres": usage},
        "database": {
            "version": "17.1",
            "size": 9_000_000,
            "max_connections": 100,
            "connections": {"idle": 2},
            "longest": [],
            "blocked": [{"pid": 7, "by": [5, 6], "query": "UPDATE x"}],
            "locks": {"ShareLock": 1},
            "counters": {"commits": 3, "rollbacks": 0, "deadlocks": 1},
            "statements": None,
            "no_statements": "the extension is not preloaded",
            "cache_hit_ratio": None,
            "cache_hit_ratio_ever": 0.995,
        },
        "queues": [
            {
                "queue": "default",
                "length": 1,
                "started": 0,
                "scheduled": 0,
                "failed": 1,
                "workers": 2,
                "failures": [{"function": "x.jobs.y", "error": "Traceback\nValueError: z"}],
            }
        ],
        "redis": [
            {"redis": "tasks", "memory": 2048, "keys": 3, "clients": 4, "operations_per_s": 1, "evicted": 0},
        ],
        "commands": [{"command": "performance_test", "ok": False, "output": "<b>slow</b>"}],
        "profile": [],
        "regressions": [],
    }


class Checked(html.parser.HTMLParser):
    """What a page would fetch or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.scripts += tag == "script" and given.get("type") != "application/json"
        self.fetched += [str(given[key]) for key in ("src", "href") if key in given]
        self.fetched += [tag] * (tag in ("link", "img", "iframe", "object"))


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    text = report.page(measured(), [])
    checked = Checked(text)
    assert (checked.fetched, checked.scripts) == ([], 0)
    assert "alert" in text
    assert "<b>slow" not in text
    assert text.count("<svg") == 3


def test_the_pages_data_is_the_measurement() -> None:
    found = re.search(r"id=data>(.*)</script>", report.page(measured(), []))
    assert found
    assert json.loads(found.group(1)) == measured()


def test_the_screen_has_pages_containers_queues_and_what_is_wrong() -> None:
    lines = report.for_people(measured(), [], "/x/monitor.html")
    text = "\n".join(lines)
    assert lines[0].split() == ["page", "status", "p50", "p95", "p99", "queries", "in", "SQL"]
    assert lines[1].split() == ["/plugins/example/", "200", "20.0", "ms", "30.0", "ms", "30.0", "ms", "4", "4.0", "ms"]
    assert "200(2) 500(1)" in lines[2]
    assert "cache hit ratio 99.5 %" in text
    assert "process 7 waits for 5, 6: UPDATE x" in text
    assert "failed job of default: x.jobs.y: ValueError: z" in text
    assert "performance_test: FAILED" in text
    assert lines[-1] == "report: /x/monitor.html"
    assert len(lines) < 45, "it fits a screen"


def test_why_nobody_was_logged_in_is_told() -> None:
    one = {**measured(), "logged_in": False}
    assert "for the superuser's password is not known" in "\n".join(report.for_people(one, [], "/x"))
    assert "for check mode writes no session" in "\n".join(report.for_people(one, [], "/x", ["would write: /x"]))


def test_statements_come_from_the_database_where_it_keeps_them() -> None:
    one = measured()
    assert report.statements(one)[0] == "these pages (the extension is not preloaded)"
    one["database"]["statements"] = [{"calls": 3, "seconds": 1.5, "mean_ms": 500, "query": "SELECT 1"}]
    assert report.statements(one) == ("pg_stat_statements, all time", [("1.500 s in 3 calls", "SELECT 1")])


def test_a_comparison_is_told_either_way() -> None:
    one = measured()
    one["baseline"] = {"at": "yesterday", "pages": {"/": {"samples": [0.01, 0.02], "queries": 4}}}
    assert "no worse than the baseline of yesterday" in report.for_people(one, [], "x")
    assert "No worse than the baseline" in report.page(one, [])
    worse = said({"path": "/", "what": "seconds", "before": 0.01, "after": 0.03, "ratio": 3.0, "p": 1e-6})
    assert worse == "/ takes 30 ms, not 10 ms (p = 1e-06, Mann-Whitney U, below 0.01 over all pages)"
    assert f"WORSE: {worse}" in report.for_people(one, [worse], "x")
    assert said({"path": "/", "what": "queries", "before": 4, "after": 9}) == "/ needs 9 queries, not 4"


def test_another_status_and_more_queries_are_worse_and_fewer_are_not() -> None:
    known = {path: {"statuses": ["200", "304"], "queries": 4} for path in ("/a", "/b", "/c")}
    pages = {"/a": {"statuses": {"200": 8}}, "/b": {"statuses": {"200": 7, "500": 1}}, "/c": {"statuses": {"200": 8}}}
    found = list(otherwise(pages, {"/a": 3, "/b": 4, "/c": 5}, known))
    assert [said(one) for one in found] == ["/b answers 200, 500, not 200, 304", "/c needs 5 queries, not 4"]


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, [0, 0.25, 0.5, 0.75, 1]),
        (9.3, [0, 5, 10, 15, 20]),
        (80, [0, 20, 40, 60, 80]),
        (0.03, [0, 0.01, 0.02, 0.03, 0.04]),
    ],
)
def test_marks_are_round_and_reach_the_top(most: float, marks: list[float]) -> None:
    assert plots._scale(most) == pytest.approx(marks)


def test_a_plot_of_too_little_is_said_and_not_drawn() -> None:
    assert "<svg" not in plots.lines_over_time({"netbox": [[1.0, 5.0]]})
    assert plots.strips({}, {}) == ""


@pytest.mark.parametrize(
    ("number", "text"), [(5, "5 B"), (2048, "2.0 KiB"), (3 * 2**20, "3.0 MiB"), (2**31, "2.0 GiB")]
)
def test_bytes_are_readable(number: float, text: str) -> None:
    assert report.size(number) == text
