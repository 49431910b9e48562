# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the stack: what Redis holds of queues, workers and jobs."""

from __future__ import annotations

import time
from typing import Any

_ANSWER_S = 3
# A worker that just started has not said yet what it serves.
_SETTLE_S = 4.0


def _limited(connection: Any) -> Any:
    connection.connection_pool.connection_kwargs.update(socket_timeout=_ANSWER_S, socket_connect_timeout=_ANSWER_S)
    return connection


def reachable() -> dict[str, str]:
    """The error of each of NetBox's two Redis connections, ``tasks`` and ``caching``; empty where it answers."""
    from django_redis import get_redis_connection
    from django_rq import get_connection

    found = {}
    for name, connect in (("tasks", get_connection), ("caching", get_redis_connection)):
        try:
            _limited(connect("default")).ping()
            found[name] = ""
        except Exception as error:  # noqa: BLE001 - whatever keeps it from answering is the answer
            found[name] = f"{type(error).__name__}: {error}"
    return found


def queues() -> list[dict[str, Any]]:
    """Each of NetBox's queues: ``{name, waiting, workers, failed, last}``, ``last`` being its last failed job."""
    from django.conf import settings
    from django_rq import get_connection

    connection = _limited(get_connection("default"))
    deadline = time.monotonic() + _SETTLE_S
    while True:
        served = _served(connection)
        if time.monotonic() > deadline or served.keys() >= settings.RQ_QUEUES.keys():
            return [_queue(name, connection, served.get(name, 0)) for name in settings.RQ_QUEUES]
        time.sleep(0.5)


def _served(connection: Any) -> dict[str, int]:
    """How many workers serve each queue."""
    from rq import Worker

    counts: dict[str, int] = {}
    for worker in Worker.all(connection=connection):
        for name in worker.queue_names():
            counts[name] = counts.get(name, 0) + 1
    return counts


def _queue(name: str, connection: Any, workers: int) -> dict[str, Any]:
    from rq import Queue

    queue = Queue(name, connection=connection)
    failed = queue.failed_job_registry
    names = failed.get_job_ids()
    last = queue.fetch_job(names[-1]) if names else None
    told = {}
    if last:
        lines = (str(last.exc_info or "") or str(getattr(last.latest_result(), "exc_string", ""))).strip()
        told = {"id": last.id, "function": str(last.func_name), "error": lines}
    return {"name": name, "waiting": queue.count, "workers": workers, "failed": len(names), "last": told}
