# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks in processes that are forked from the web service's warm one, without a start of Django.

As a program it stands in the place of ``netbox_dev_runtime.task``, with the same standard streams: the forked process
has them. It ends as that one does, or with the status COLD when nothing was begun, for no warm process can. Arguments:
``lasting``; ``reading`` for a task that changes nothing; ``end`` to end what was begun otherwise, by a run that was
killed. The same with the number of a run of tests, in the place of ``netbox_dev_runtime.testing``: ``tests N``,
``command N``, ``end N``.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import glob
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import IO, Any, Callable

from .configuration import TEST_RUN
from .supervise import RUN_DIR
from .warm import adopt_orphans

SOCKET = "/tmp/netbox-dev-warm.socket"
COLD = 75
# With container and process id, and held by the process: the node sees that there is one.
UNDER_WAY = "task-"
# With the run's number before them.
TESTS = "tests-"
LASTING, READING, END = "lasting", "reading", "end"
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


def answer(asked: socket.socket, bind: Callable[..., Any]) -> None:
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
    kind, number = json.loads(request)
    if number:
        status = _keep(asked, kind, number, bind)
    else:
        with under_way() if kind == LASTING else contextlib.nullcontext():
            threading.Thread(target=_end_with, args=(asked, signal.SIGKILL), daemon=True).start()
            status = _run(bind)
    asked.send(str(status).encode())


def _run(bind: Callable[..., Any]) -> int:
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

    return _serve(task.TASKS, begin)


def _serve(tasks: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]], begin: Callable[[], None]) -> int:
    from . import task

    try:
        task.serve(tasks, begin)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _keep(asked: socket.socket, kind: str, number: str, bind: Callable[..., Any]) -> int:
    """Have the tests of a run in a process below this one, which ends whatever they began."""
    from .task import stop

    with under_way(f"{TESTS}{number}-"), tempfile.TemporaryDirectory(prefix="netbox-dev-tests-") as folder:
        adopt_orphans()
        signal.signal(signal.SIGTERM, stop)
        threading.Thread(target=_end_with, args=(asked, signal.SIGTERM), daemon=True).start()
        try:
            pid = os.fork()
            if pid == 0:
                _test(kind, number, folder, bind)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        finally:
            _end_children()
    return status if status >= 0 else 128 - status


def _test(kind: str, number: str, folder: str, bind: Callable[..., Any]) -> None:
    """Be the process with the tests; does not return."""
    from . import testing

    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.argv = [str(testing.__file__)]
        # What they leave is gone with it.
        os.environ["TMPDIR"], tempfile.tempdir = folder, folder
        if kind == testing.TESTS:
            os.environ[TEST_RUN] = number
        begin = partial(_begin, partial(bind, for_tests=kind == testing.TESTS))
        status = _serve(testing.tasks(begin), lambda: None)
        # As at the end of any Python.
        atexit._run_exitfuncs()
    finally:
        os._exit(status)


def _begin(bind: Callable[[], Any]) -> None:
    """End with COLD where plugins cannot be bound: a start from nothing has the last word, on broken code, too."""
    from .task import progress

    try:
        bind()
    except (ImportError, NameError, SyntaxError):
        os._exit(COLD)
    except Exception as error:  # noqa: BLE001 - it may be of being bound late, as in _run
        said = str(error).strip().splitlines() or [type(error).__name__]
        progress(f"a start from nothing for this run: {said[-1]}")
        os._exit(COLD)


def _children() -> list[int]:
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as stream:
            # After the name, which may have any characters in it: the state, and the parent.
            if stream.read().rpartition(")")[2].split()[1] == str(os.getpid()):
                found.append(int(path.split("/")[2]))
    return found


def _end_children() -> None:
    """End what this process and those below it began: it inherits whatever has lost its parent."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _end_with(asked: socket.socket, by: signal.Signals) -> None:
    """End when whoever asked is gone."""
    asked.recv(1)
    os.kill(os.getpid(), by)


def _hold(path: str) -> IO[bytes]:
    while True:
        held = open(path, "wb")  # noqa: SIM115 - whoever holds it closes it
        fcntl.flock(held, fcntl.LOCK_EX)
        if os.fstat(held.fileno()).st_nlink:
            return held
        # Taken for a left-over before it was held.
        held.close()


@contextlib.contextmanager
def under_way(kind: str = UNDER_WAY) -> Iterator[None]:
    """Be one of this container's tasks that the next run ends, should this one's be killed."""
    path = os.path.join(RUN_DIR, f"{kind}{socket.gethostname()}-{os.getpid()}")
    held = _hold(path)
    # What the task forks does not hold it.
    os.register_at_fork(after_in_child=held.close)
    with held:
        try:
            yield
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)


def end_left(kind: str = UNDER_WAY, by: signal.Signals = signal.SIGKILL) -> None:
    """End this container's tasks of a kind that are under way, and wait until they have ended."""
    for path in glob.glob(os.path.join(RUN_DIR, f"{kind}{socket.gethostname()}-*")):
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(path.rpartition("-")[2]), by)
                fcntl.flock(held, fcntl.LOCK_EX)
            os.unlink(path)


def ask(kind: str, number: str) -> int:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
        asked.settimeout(_PATIENCE_S)
        try:
            asked.connect(SOCKET)
            socket.send_fds(asked, [json.dumps([kind, number]).encode()], [0, 1, 2])
            if asked.recv(16) != _BEGUN:
                return COLD
        except OSError:
            return COLD
        asked.settimeout(None)
        with contextlib.suppress(OSError):
            return int(asked.recv(16) or 1)
    return 1


def main() -> None:
    kind, number = [*sys.argv[1:], ""][:2]
    if kind != END:
        raise SystemExit(ask(kind, number))
    if number:
        # They end what they began, too.
        end_left(f"{TESTS}{number}-", signal.SIGTERM)
    else:
        end_left()


if __name__ == "__main__":
    main()
