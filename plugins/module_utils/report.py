# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A measurement as lines for a screen, and as one HTML page that needs nothing else."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .plots import lines_over_time, strips

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:62em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:.6em 0}"
    "th,td{padding:.2em .8em;text-align:right;border-bottom:1px solid #ddd}"
    "th:first-child,td:first-child,.text{text-align:left}td:first-child{white-space:nowrap}.bad{color:#b00;font-weight:600}"
    "code{font-size:.85em;white-space:pre-wrap;word-break:break-word}svg{max-width:100%}"
    "svg text{font:11px system-ui,sans-serif;fill:#555}.key{margin-right:1.2em;white-space:nowrap}"
)


def size(number: float) -> str:
    """Bytes as a person reads them."""
    if abs(number) < 1024:
        return f"{number:.0f} B"
    for unit in ("KiB", "MiB"):
        number /= 1024
        if abs(number) < 1024:
            return f"{number:.1f} {unit}"
    return f"{number / 1024:.1f} GiB"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def table(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as aligned lines, the first column to the left and all others to the right."""
    rows = [list(row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width) for column, (cell, width) in enumerate(zip(row, widths))
        )
        for row in rows
    ]


# Each table once, for both forms: heads, and rows of cells.


def pages(report: Mapping[str, Any]) -> list[list[str]]:
    requests = {request["path"]: request for request in report["requests"]}
    rows = [["page", "status", "p50", "p95", "p99", "queries", "in SQL"]]
    for path, page in report["pages"].items():
        counted = requests[path]
        statuses = " ".join(
            f"{status}" if len(page["statuses"]) == 1 else f"{status}({n})" for status, n in page["statuses"].items()
        )
        times = [milliseconds(page[name]) for name in ("p50", "p95", "p99")]
        rows.append([path, statuses, *times, str(counted["queries"]), milliseconds(counted["sql_seconds"])])
    return rows


def containers(report: Mapping[str, Any]) -> list[list[str]]:
    rows = [["service", "CPU", "most", "memory", "most", "network", "disk"]]
    for name, usage in report["containers"].items():
        cpu = [f"{usage[key]:.1f} %" for key in ("cpu_percent", "cpu_percent_max")]
        rows.append([name, *cpu, *(size(usage[key]) for key in ("memory", "memory_max", "network", "disk"))])
    return rows


def last_line(text: str) -> str:
    return (text.splitlines() or [""])[-1]


def queues(report: Mapping[str, Any]) -> list[list[str]]:
    keys = ("length", "started", "scheduled", "failed", "workers")
    return [["queue", *keys], *([one["queue"], *(str(one[key]) for key in keys)] for one in report["queues"])]


def redis(report: Mapping[str, Any]) -> list[list[str]]:
    rows = [["redis", "memory", "keys", "clients", "operations/s", "evicted"]]
    keys = ("keys", "clients", "operations_per_s", "evicted")
    rows += [[one["redis"], size(one["memory"]), *(str(one[key]) for key in keys)] for one in report["redis"]]
    return rows


def database(report: Mapping[str, Any]) -> list[str]:
    """What is to be said of the database, in sentences."""
    found = report["database"]
    used = sum(found["connections"].values())
    states = ", ".join(f"{number} {state}" for state, number in sorted(found["connections"].items()))
    ratio = found["cache_hit_ratio"] if found["cache_hit_ratio"] is not None else found["cache_hit_ratio_ever"]
    hit = "unknown" if ratio is None else f"{ratio * 100:.1f} %"
    locks = ", ".join(f"{number} {mode}" for mode, number in sorted(found["locks"].items()))
    meanwhile = ", ".join(f"{found['counters'][key]} {key}" for key in ("commits", "rollbacks", "deadlocks"))
    lines = [
        f"PostgreSQL {found['version']}, {size(found['size'])}; cache hit ratio {hit}; meanwhile {meanwhile}",
        f"connections: {used} of {found['max_connections']} ({states or 'none'}); locks: {locks or 'none'}",
    ]
    lines += [f"process {b['pid']} waits for {', '.join(map(str, b['by']))}: {b['query']}" for b in found["blocked"]]
    lines += [f"under way for {one['seconds']} s ({one['state']}): {one['query']}" for one in found["longest"]]
    return lines


def statements(report: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Where the slowest statements are from, and each as (how slow, text)."""
    if report["database"]["statements"] is not None:
        found = [(f"{s['seconds']:.3f} s in {s['calls']} calls", s["query"]) for s in report["database"]["statements"]]
        return "pg_stat_statements, all time", found
    slowest = [(s["seconds"], s["sql"]) for request in report["requests"] for s in request["slowest"]]
    slowest.sort(reverse=True)
    return f"these pages ({report['database']['no_statements']})", [
        (milliseconds(seconds), sql) for seconds, sql in slowest[:8]
    ]


def repeated(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Statements that one page needs often, each as (page and number, text)."""
    return [
        (f"{request['path']}: {one['count']} times", one["sql"])
        for request in report["requests"]
        for one in request["repeated"]
        if one["count"] >= 3
    ]


def for_people(
    report: Mapping[str, Any], regressions: Sequence[str], where: str, would: Sequence[str] = ()
) -> list[str]:
    """The measurement on a screen; ``would`` is what check mode says in place of where the report is."""
    source, slow = statements(report)
    lines = [
        *table(pages(report)),
        "",
        *table(containers(report)),
        "",
        *table(queues(report)),
        "",
        *table(redis(report)),
        "",
    ]
    lines += database(report)
    lines += [f"slowest, of {source}: {how} {text[:90]}" for how, text in slow[:3]]
    lines += [f"repeated, {how}: {text[:90]}" for how, text in repeated(report)[:3]]
    lines += [
        f"failed job of {q['queue']}: {f['function']}: {last_line(f['error'])}"
        for q in report["queues"]
        for f in q["failures"]
    ]
    lines += [f"{one['command']}: {'done' if one['ok'] else 'FAILED'}" for one in report["commands"]]
    if not report["logged_in"]:
        why = "check mode writes no session" if would else "the superuser's password is not known"
        lines.append(f"note: nobody was logged in, for {why}: pages may be the login page")
    lines += [f"profile: {name}" for name in report["profile"]]
    if "baseline" in report:
        lines += [f"WORSE: {text}" for text in regressions] or [
            f"no worse than the baseline of {report['baseline']['at']}"
        ]
    return [*lines, *(would or [f"report: {where}"])]


def page(report: Mapping[str, Any], regressions: Sequence[str]) -> str:
    """The measurement as HTML, plots drawn in it, its data at the end."""
    source, slow = statements(report)
    cpu = {name: usage["cpu_series"] for name, usage in report["containers"].items()}
    memory = {name: [[at, v / 2**20] for at, v in u["memory_series"]] for name, u in report["containers"].items()}
    known = {path: page["samples"] for path, page in report.get("baseline", {}).get("pages", {}).items()}
    verdict = [f"<p class=bad>Worse than the baseline: {_text(text)}</p>" for text in regressions]
    if "baseline" in report and not regressions:
        verdict = [f"<p>No worse than the baseline of {_text(report['baseline']['at'])}.</p>"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>Measurement of {_text(report['url'])}</title><style>{_STYLE}</style>",
        f"<h1>{_text(report['url'])}</h1><p>{_text(report['at'])}, over {report['seconds']} s.</p>",
        *verdict,
        "<h2>Pages</h2>",
        _table(pages(report)),
        strips({path: one["samples"] for path, one in report["pages"].items()}, known),
        "<h2>Containers</h2>",
        _table(containers(report)),
        "<h3>CPU, per cent of one core</h3>",
        lines_over_time(cpu),
        "<h3>Memory, MiB</h3>",
        lines_over_time(memory),
        "<h2>Database</h2>",
        *(f"<p>{_text(line)}</p>" for line in database(report)),
        f"<h3>Slowest statements of {_text(source)}</h3>",
        _statements(slow),
        "<h3>Statements that one page repeats</h3>",
        _statements(repeated(report)) or "<p>None three times or more.</p>",
        "<h2>Queues and Redis</h2>",
        _table(queues(report)),
        _table(redis(report)),
        *(
            f"<p class=bad>{_text(q['queue'])}: {_text(f['function'])}: {_text(last_line(f['error']))}</p>"
            for q in report["queues"]
            for f in q["failures"]
        ),
        *(
            f"<h2>{_text(one['command'])}</h2><pre><code>{_text(one['output'])}</code></pre>"
            for one in report["commands"]
        ),
        # No text in it may end the element.
        f"<script type='application/json' id=data>{json.dumps(report).replace('<', chr(92) + 'u003c')}</script></html>",
    ]
    return "\n".join(parts) + "\n"


def _text(text: Any) -> str:
    return html.escape(str(text))


def _table(rows: Sequence[Sequence[str]]) -> str:
    heads, *body = rows
    head = "".join(f"<th>{_text(cell)}" for cell in heads)
    return f"<table><tr>{head}</tr>" + "".join(_row(row) for row in body) + "</table>"


def _row(cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<td>{_text(cell)}" for cell in cells) + "</tr>"


def _statements(found: Sequence[tuple[str, str]]) -> str:
    rows = "".join(f"<tr><td>{_text(how)}<td class=text><code>{_text(text)}</code></tr>" for how, text in found)
    return f"<table>{rows}</table>" if rows else ""
