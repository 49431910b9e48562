# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inside the stack: what Redis holds of queues, workers and jobs, and how much memory that takes."""

from __future__ import annotations

import time
from typing import Any

_ANSWER_S = 3
# A worker that just started has not said yet what it serves.
_SETTLE_S = 4.0
# Of each queue so many failed jobs are told.
_FAILURES = 3
_UNKNOWN = "unknown"


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
    """Each queue that the settings name: ``{queue, length, started, scheduled, failed, workers, failures}``.

    ``failures`` are the last failed jobs, the last of all at the end: ``{id, function, error}``.
    """
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
    failed = queue.failed_job_registry.get_job_ids()
    last = [_failure(job, connection) for job in failed[-_FAILURES:]]
    return {
        "queue": name,
        "length": queue.count,
        "started": len(queue.started_job_registry),
        "scheduled": len(queue.scheduled_job_registry),
        "failed": len(failed),
        "workers": workers,
        "failures": [failure for failure in last if failure],
    }


def _failure(number: str, connection: Any) -> dict[str, str]:
    """A failed job, as far as it can be read; empty where it is gone."""
    from rq.exceptions import NoSuchJobError
    from rq.job import Job

    try:
        job = Job.fetch(number, connection=connection)
        return {"id": number, "function": _function(job), "error": _error(job)}
    except NoSuchJobError:
        return {}
    except Exception as error:  # noqa: BLE001 - whatever was stored with the job may fail when it is read
        return {"id": number, "function": _UNKNOWN, "error": f"{type(error).__name__}: {error}"}


def _function(job: Any) -> str:
    """What a job calls. Classes of what it was called with may be gone: then as it was described when it was made."""
    try:
        return str(job.func_name)
    except Exception:  # noqa: BLE001 - reading it runs code of whoever made the job
        return str(job.description or "").partition("(")[0] or _UNKNOWN


def _error(job: Any) -> str:
    """The traceback that a job failed with."""
    return (str(job.exc_info or "") or str(getattr(job.latest_result(), "exc_string", "") or "")).strip()


def memory() -> list[dict[str, Any]]:
    """Memory in bytes, clients and keys of the Redis of tasks and of that of the cache."""
    from django_redis import get_redis_connection
    from django_rq import get_connection

    found = []
    for name, connection in (("tasks", get_connection("default")), ("caching", get_redis_connection("default"))):
        info = _limited(connection).info()
        found.append(
            {
                "redis": name,
                "memory": info["used_memory"],
                "limit": info.get("maxmemory", 0),
                "clients": info["connected_clients"],
                "operations_per_s": info.get("instantaneous_ops_per_sec", 0),
                "evicted": info.get("evicted_keys", 0),
                "keys": connection.dbsize(),
            }
        )
    return found
