# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that has NetBox set up without plugins, and forks children from it, which bind them late.

The supervisor asks over a socket: the child's arguments as JSON, with descriptors for it; the answer is the child's
process id. Before that comes ``ready``, or why it cannot be. A child is the supervisor's own, for what forked it ends
at once: the supervisor is where orphans go to.

The web service's is also asked for tasks, see ``ask.py``.

Arguments: the supervisor's own. The process list shows them for the children, too.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from functools import partial
from typing import Callable

from .binding import Unbound, bind, preload

_SOCKET = "NETBOX_DEV_WARM_FD"
_MOST = 1 << 20
# As long as this a start waits for it, before it goes its own way.
PATIENCE_S = 60.0
MOST_STARTS = 3


class Warm:
    """The supervisor's side. ``why`` says why there is none, once that is known."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.pid = 0
        self.ready = False
        self.why = ""
        self.since = 0.0
        self.starts = 0
        self._socket: socket.socket | None = None

    def start(self) -> None:
        """Begin, unless that was tried often enough."""
        if self.starts >= MOST_STARTS:
            return
        self.starts += 1
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.set_inheritable(True)
        environment = {**os.environ, _SOCKET: str(theirs.fileno())}
        self.ready, self.why, self.since = False, "", time.monotonic()
        program = [sys.executable, "-m", "netbox_dev_runtime.warm", *self.arguments]
        self.pid = os.posix_spawnp(program[0], program, environment)
        theirs.close()
        ours.setblocking(False)
        self._socket = ours

    def coming(self) -> bool:
        """Whether it is worth waiting for; hears what it has to say."""
        if not self.pid or self.ready:
            return False
        said = self._hear()
        if said == "ready":
            self.ready = True
        elif said:
            self.end(said)
        elif time.monotonic() - self.since > PATIENCE_S:
            self.end(f"NetBox was not set up without plugins within {PATIENCE_S:.0f} s")
        return bool(self.pid) and not self.ready

    def fork(self, arguments: list[str], descriptors: dict[str, int]) -> int:
        """The process id of a new child; 0 where there will be none.

        ``descriptors`` are given to it, and their numbers there in its environment by the same names.
        """
        if not self._socket or not self.ready:
            return 0
        request = {"arguments": arguments, "descriptors": list(descriptors)}
        try:
            self._socket.setblocking(True)
            self._socket.settimeout(5.0)
            socket.send_fds(self._socket, [json.dumps(request).encode()], list(descriptors.values()))
            return int(self._socket.recv(_MOST) or 0)
        except (OSError, ValueError) as error:
            self.end(f"it does not answer ({error})")
            return 0

    def _hear(self) -> str:
        try:
            return self._socket.recv(_MOST).decode("utf-8", "replace") if self._socket else ""
        except BlockingIOError:
            return ""
        except OSError as error:
            return str(error)

    def ended(self, status: int) -> None:
        """It was found dead; what it said last is why."""
        said = "" if self.ready else self._hear()
        self.pid = 0
        self.end(said or f"it ended with status {status}")

    def end(self, why: str = "") -> None:
        """Be rid of it; its children live on."""
        self.why = why
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        if self._socket:
            self._socket.close()
        self.pid, self.ready, self._socket = 0, False, None


def adopt_orphans() -> None:
    """Be where children go to whose parent ended, also where the container has another first process."""
    import ctypes

    set_child_subreaper = 36
    ctypes.CDLL(None, use_errno=True).prctl(set_child_subreaper, 1, 0, 0, 0)


def _fork_child(connection: socket.socket, start: Callable[[], None]) -> bool:
    """Fork a child by way of one that ends at once; return whether the supervisor still asks."""
    data, descriptors, _flags, _address = socket.recv_fds(connection, _MOST, 8)
    if not data:
        return False
    request = json.loads(data)
    middle = os.fork()
    if middle:
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(middle, 0)
        return True
    pid = os.fork()
    if pid:
        connection.send(str(pid).encode())
        os._exit(0)
    status = 1
    try:
        connection.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.environ.update({name: str(fd) for name, fd in zip(request["descriptors"], descriptors)})
        sys.argv[1:] = request["arguments"]
        from . import child

        child.run(request["arguments"], start)
        status = 0
    finally:
        # What went wrong is told already.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _fork_task(listener: socket.socket, connection: socket.socket, start: Callable[[], None]) -> None:
    """Fork a task for whoever asks, by way of a process that ends at once, too."""
    from . import ask

    asked, _address = listener.accept()
    with asked:
        middle = os.fork()
        if middle:
            os.waitpid(middle, 0)
            return
        try:
            if os.fork() == 0:
                listener.close()
                connection.close()
                ask.answer(asked, start)
        finally:
            os._exit(0)


def main() -> None:
    connection = socket.socket(fileno=int(os.environ.pop(_SOCKET)))
    # The supervisor ends it; what is for the foreground's processes is not for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    try:
        settings = preload()
    except Unbound as error:
        connection.send(str(error).encode())
        return
    except Exception as error:
        connection.send("".join(traceback.format_exception_only(error)).strip()[-2000:].encode())
        raise
    start = partial(bind, settings)
    listener = None
    if sys.argv[1] == "web":
        from . import ask, task, testing  # noqa: F401 - what is forked from here has them

        listener = ask.listen()
    gc.collect()
    gc.freeze()
    gc.enable()
    connection.send(b"ready")
    while True:
        for one in select.select([one for one in (connection, listener) if one], [], [])[0]:
            if one is listener:
                _fork_task(listener, connection, start)
            elif not _fork_child(connection, start):
                return


if __name__ == "__main__":
    main()
