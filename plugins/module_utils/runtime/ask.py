# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks in processes that are forked from the web service's warm one, without a start of Django.

As a program it stands in the place of ``netbox_dev_runtime.task``, with the same standard streams: the forked process
has them. It ends as that one does, or with the status COLD when nothing was begun, for no warm process can. Arguments:
none; ``reading`` for a task that changes nothing; ``end`` to end what was begun otherwise, by a run that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import glob
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import IO, Any, Callable

from .supervise import RUN_DIR

SOCKET = "/tmp/netbox-dev-warm.socket"
COLD = 75
# With container and process id, and held by the process: the node sees that there is one.
UNDER_WAY = "task-"
_BEGUN = b"begun"
_PATIENCE_S = 5.0


def listen() -> socket.socket:
    """Where the warm process is asked."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(SOCKET)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(SOCKET)
    listener.listen(16)
    return listener


def answer(asked: socket.socket, bind: Callable[[], Any]) -> None:
    """In the forked process: be the task that is asked for."""
    request, descriptors, _flags, _address = socket.recv_fds(asked, 1024, 3)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    # What the task forks does not keep whoever asked waiting.
    os.register_at_fork(after_in_child=asked.close)
    asked.send(_BEGUN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process lives
    with under_way() if json.loads(request)["lasting"] else contextlib.nullcontext():
        threading.Thread(target=_end_with, args=(asked,), daemon=True).start()
        status = _run(bind)
    asked.send(str(status).encode())


def _run(bind: Callable[[], Any]) -> int:
    from . import task

    sys.argv = [task.__file__]
    wrong: Exception | None = None
    try:
        bind()
    except (SyntaxError, NameError) as error:
        wrong = error
    except Exception:  # noqa: BLE001 - it may be of being bound late: a start from nothing has the last word
        return COLD

    def begin() -> None:
        if wrong:
            raise wrong

    try:
        task.serve(task.TASKS, begin)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _end_with(asked: socket.socket) -> None:
    """End when whoever asked is gone."""
    asked.recv(1)
    os.kill(os.getpid(), signal.SIGKILL)


def _hold(path: str) -> IO[bytes]:
    while True:
        held = open(path, "wb")  # noqa: SIM115 - whoever holds it closes it
        fcntl.flock(held, fcntl.LOCK_EX)
        if os.fstat(held.fileno()).st_nlink:
            return held
        # Taken for a left-over before it was held.
        held.close()


@contextlib.contextmanager
def under_way() -> Iterator[None]:
    """Be one of this container's tasks that the next run ends, should this one's be killed."""
    path = os.path.join(RUN_DIR, f"{UNDER_WAY}{socket.gethostname()}-{os.getpid()}")
    held = _hold(path)
    # What the task forks does not hold it.
    os.register_at_fork(after_in_child=held.close)
    with held:
        try:
            yield
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def end_left() -> None:
    """End this container's tasks that are under way, and wait until they have ended."""
    for path in glob.glob(os.path.join(RUN_DIR, f"{UNDER_WAY}{socket.gethostname()}-*")):
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(path.rpartition("-")[2]), signal.SIGKILL)
                fcntl.flock(held, fcntl.LOCK_EX)
            os.unlink(path)


def ask(lasting: bool) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
        asked.settimeout(_PATIENCE_S)
        try:
            asked.connect(SOCKET)
            socket.send_fds(asked, [json.dumps({"lasting": lasting}).encode()], [0, 1, 2])
            if asked.recv(16) != _BEGUN:
                return COLD
        except OSError:
            return COLD
        asked.settimeout(None)
        with contextlib.suppress(OSError):
            return int(asked.recv(16) or 1)
    return 1


def main() -> None:
    if sys.argv[1:] == ["end"]:
        end_left()
    else:
        raise SystemExit(ask(lasting=sys.argv[1:] != ["reading"]))


if __name__ == "__main__":
    main()
