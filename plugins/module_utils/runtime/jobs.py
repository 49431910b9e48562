# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""RQ's worker made to end between two jobs, and nowhere else.

Its own handler of SIGTERM leaves the wait for a job at once, also when Redis has just handed one over: that one would
be in no queue any more, and never be done.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Any, Callable

# As long as this a worker that is to end may still wait for a job, and take one.
_WAIT_S = 1
# When it has waited so often without one it has nothing to do.
_IDLE = 20


def end_between_jobs(when_idle: Callable[[], None] = lambda: None) -> None:
    """Let every worker of this process do what it has begun to take, and look for its end while it waits.

    ``when_idle`` is called once, when there has been nothing to do for a while: it makes what many jobs would.
    """
    from rq import Queue, Worker
    from rq.exceptions import DequeueTimeout

    base: Any = next(one for one in Worker.__mro__ if "_shutdown" in vars(one))
    module: Any = sys.modules[base.__module__]
    shut_down, wait = base._shutdown, vars(Queue)["dequeue_any"].__func__
    asked: list[Any] = []
    waited = 0

    def shut_down_later(self: Any) -> None:
        """What RQ does while a job runs, whatever it is at."""
        asked.append(self)
        state, self._state = self._state, module.WorkerStatus.BUSY
        try:
            shut_down(self)
        finally:
            self._state = state

    def wait_unless_asked(cls: Any, queues: Any, timeout: int | None, *arguments: Any, **options: Any) -> Any:
        nonlocal waited
        deadline = time.monotonic() + (timeout or 0)
        while not asked:
            try:
                return wait(cls, queues, timeout and min(timeout, _WAIT_S), *arguments, **options)
            except DequeueTimeout:
                if time.monotonic() >= deadline:
                    raise
                waited += 1
                if waited == _IDLE:
                    _try(when_idle)
        raise module.StopRequested

    base._shutdown, Queue.dequeue_any = shut_down_later, classmethod(wait_unless_asked)


def _try(make: Callable[[], None]) -> None:
    try:
        make()
    except Exception:
        # The jobs that need it will say so, too.
        logging.getLogger(__name__).exception("what jobs may use cannot be loaded")
