# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Run in a container: a worker is asked to end at the moment when Redis has handed it a job; say what became of that.

Argument: ``ours`` for the worker as services run it, ``plain`` for RQ's own.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

sys.path.insert(0, "/opt/netbox-dev/.runtime")

from netbox_dev_runtime.jobs import end_between_jobs
from redis import Redis
from rq import Queue, Worker

_NUMBER = 9


class Handing(Redis):  # type: ignore[misc]  # the node has none
    """A connection on which the answer to a wait and a SIGTERM come at once."""

    def blpop(self, *arguments: Any, **options: Any) -> Any:
        found = super().blpop(*arguments, **options)
        if found:
            os.kill(os.getpid(), signal.SIGTERM)
        return found


connection = Handing(os.environ["REDIS_HOST"], password=os.environ["REDIS_PASSWORD"], db=_NUMBER)
connection.flushdb()
if sys.argv[1] == "ours":
    end_between_jobs()
queues = [Queue(name, connection=connection) for name in ("high", "low")]
job = queues[1].enqueue("platform.node")
Worker(queues, connection=connection).work(logging_level="ERROR")
sys.stdout.write(job.get_status(refresh=True).value)
connection.flushdb()
