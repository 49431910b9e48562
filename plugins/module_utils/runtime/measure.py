# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What NetBox's own process can tell of its performance: queries of requests, and profiles of commands."""

from __future__ import annotations

import html
import io
import os
import re
import time
from collections import Counter
from typing import Any, Callable

from .queues import memory, queues

_SLOWEST = 5
_REPEATED = 5
_LISTED = 80
_SHOWN = 300


def _rolled_back(paths: list[str]) -> list[dict[str, Any]]:
    """GET each path as a superuser, in a transaction that is rolled back: nothing of it stays."""
    from django.contrib.auth import get_user_model
    from django.db import transaction
    from django.test import Client

    users: Any = get_user_model()._default_manager
    with transaction.atomic():
        client = Client(SERVER_NAME="localhost", raise_request_exception=False, HTTP_X_NETBOX_DEV="measure")
        user = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if user:
            client.force_login(user)
        found = []
        for path in paths:
            # What fails in the database fails for this page alone.
            with transaction.atomic():
                found.append(_request(client, path))
                transaction.set_rollback(True)
        transaction.set_rollback(True)
    return found


def _request(client: Any, path: str) -> dict[str, Any]:
    """Queries of one request; the first one is not counted, for it fills caches."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(path)
    started = time.perf_counter()
    with CaptureQueriesContext(connection) as captured:
        response = client.get(path)
    seconds = time.perf_counter() - started
    # The transaction's own, and the session's.
    queries = [q for q in captured.captured_queries if not re.match(r"(RELEASE )?SAVEPOINT|ROLLBACK TO", q["sql"])]
    kinds = Counter(re.sub(r"'[^']*'|\b\d+\b", "?", _line(query["sql"])) for query in queries)
    slowest = sorted(queries, key=lambda query: -float(query["time"]))[:_SLOWEST]
    return {
        "path": path,
        "status": response.status_code,
        "seconds": seconds,
        "queries": len(queries),
        "sql_seconds": sum(float(query["time"]) for query in queries),
        "repeated": [{"count": count, "sql": sql[:_SHOWN]} for sql, count in kinds.most_common(_REPEATED) if count > 1],
        "slowest": [{"seconds": float(query["time"]), "sql": _line(query["sql"])[:_SHOWN]} for query in slowest],
    }


def _line(statement: str) -> str:
    return " ".join(statement.split())


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Everything of it; ``commands`` are those of the asked ones that are there, ``options`` what each takes."""
    from django.core.management import get_commands

    known = get_commands()
    there = [name for name in request["commands"] if name in known]
    return {
        "requests": _rolled_back(request["paths"]),
        "queues": queues(),
        "redis": memory(),
        "commands": there,
        "options": {name: taken for name in there if (taken := _options(known[name], name)) is not None},
    }


def _options(app: Any, name: str) -> list[str] | None:
    """The options that a command takes; None where it cannot say, and will fail when it is run."""
    from django.core.management import load_command_class

    try:
        command = load_command_class(app, name) if isinstance(app, str) else app
        return [option for action in command.create_parser("", name)._actions for option in action.option_strings]
    except Exception:  # noqa: BLE001 - whatever the plugin's module raises is told when it is run
        return None


def profiled(run: Callable[[], Any], folder: str, own: str) -> Any:
    """Call ``run`` and write ``profile.html`` and ``profile.txt``: by pyinstrument where it is there, else cProfile."""
    try:
        from pyinstrument import Profiler
    except ImportError:
        return _by_cprofile(run, folder, own)
    profiler = Profiler()
    profiler.start()
    try:
        return run()
    finally:
        profiler.stop()
        _write(folder, profiler.output_html(), profiler.output_text(unicode=True))


def _by_cprofile(run: Callable[[], Any], folder: str, own: str) -> Any:
    import cProfile
    import pstats

    profile = cProfile.Profile()
    try:
        return profile.runcall(run)
    finally:
        text = io.StringIO()
        stats: Any = pstats.Stats(profile, stream=text)
        stats.sort_stats("cumulative").print_stats(re.escape(own), _LISTED)
        stats.print_stats(_LISTED)
        _write(folder, _page(stats, own), text.getvalue())


def _page(stats: Any, own: str) -> str:
    """The functions that took longest, those of the plugin marked."""
    rows = []
    ordered = sorted(stats.stats.items(), key=lambda item: -item[1][3])
    mine = [item for item in ordered if item[0][0].startswith(own)]
    for (file, line, function), (_primitive, calls, inner, total, _callers) in [*mine, *ordered[:_LISTED]]:
        mark = ' class="own"' if file.startswith(own) else ""
        place = html.escape(f"{file}:{line} {function}" if line else function)
        rows.append(f"<tr{mark}><td>{total:.3f}</td><td>{inner:.3f}</td><td>{calls}</td><td>{place}</td></tr>")
    return (
        "<!doctype html><meta charset=utf-8><title>Profile</title><style>body{font:14px sans-serif;margin:2em}"
        "td{padding:.1em .8em;text-align:right}td:last-child,th:last-child{text-align:left;font-family:monospace}"
        ".own{background:#fe9}</style><h1>Profile</h1>"
        f"<p>{stats.total_tt:.3f} s. The plugin's functions come first and are marked; then the longest.</p>"
        "<table><tr><th>s with calls<th>s itself<th>calls<th>function</tr>" + "".join(rows) + "</table>"
    )


def _write(folder: str, page: str, text: str) -> None:
    for name, content in (("profile.html", page), ("profile.txt", text)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(content)
