# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""First process of every Python service: keeps one child that runs the code on disk.

A saved file or SIGHUP starts a second child (while somebody watches the files, a saved one does when the watch allows
it); when it says that it is ready the first one is asked to end, after the
request or job in its hands. A child that cannot start leaves the old one in place. The listening socket belongs to
this process, so connections wait and are never refused. What runs is told in ``.run/<service>.json``.

Arguments: ``web``, or ``manage <command> …``, or ``exec <program> …``, or ``script <program> …`` for one that starts
NetBox anew for each thing it does, and so holds no code.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from . import digest
from .hints import Hints
from .warm import Warm, adopt_orphans

CONFIG_DIRS = ("/etc/netbox/config", "/opt/netbox-dev/.runtime")
NETBOX_DIR = "/opt/netbox/netbox"
RUN_DIR = "/opt/netbox-dev/.run"
# A file in it, touched by a run that changes the schema for as long as it does.
HOLD = "hold"
HOLD_S = 15.0
# The same for as long as a watch runs, which says in it what may be loaded: ``{"code": digest, "same": [digests],
# "error": text}``: the code, those with which a process need not be another for it, and what keeps the newest from it.
WATCHED = "watched"
# The same while requests are held; and the file that says that none is under way.
QUIET = "quiet"
QUIET_SINCE = "quiet-since"
POLL_S = 0.25
SETTLE_S = 0.15
# As long as this after a save somebody is about to say what is to be loaded.
HASTE_S = 5.0
HASTY_POLL_S = 0.05
# A child that lived this long did not fail at its start.
STEADY_S = 10.0
RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0)
# How long an old child may go on with what it has in hand.
RETIRE_S = {"web": 10.0, "manage": 600.0, "exec": 10.0, "script": 10.0}
# Programs that are no child of NetBox's.
PROGRAMS = ("exec", "script")
# Only one of these may run at a time.
EXCLUSIVE = ("rqscheduler", *PROGRAMS)


@dataclass
class Child:
    pid: int
    ready_fd: int
    go_fd: int
    code: str
    started: float
    message: bytes = b""
    report: dict[str, Any] = field(default_factory=dict)
    ready: bool = False
    end_by: float | None = None
    warm: bool = False
    # What its checks find; None as long as it has not said.
    checks: str | None = None
    said: bytes = b""


def leased(name: str, folder: str = "") -> str | None:
    """What a lease says, for as long as somebody renews it; ``folder`` is where the node has ``RUN_DIR``."""
    try:
        with open(os.path.join(folder or RUN_DIR, name), encoding="ascii") as stream:
            # Not for hours because the clock was set back.
            return stream.read() if abs(time.time() - os.fstat(stream.fileno()).st_mtime) < HOLD_S else None
    except OSError:
        return None


class Supervisor:
    def __init__(self, service: str, package_dir: str, arguments: list[str]) -> None:
        self.service = service
        self.package_dir = package_dir
        self.arguments = arguments
        self.kind = arguments[0]
        self.exclusive = self.kind in EXCLUSIVE or any(a in EXCLUSIVE for a in arguments[1:2])
        self.config = digest.tree_digest(*CONFIG_DIRS)
        self.listener = self._listen() if self.kind == "web" else None
        forks = self.kind not in PROGRAMS and os.environ.get("NETBOX_DEV_WARM") == "true"
        self.warm = Warm(arguments) if forks else None
        # Why the latest child was not forked from a warm process.
        self.cold = ""
        self.cold_next = False
        self.current: Child | None = None
        self.upcoming: Child | None = None
        self.retired: list[Child] = []
        self.generation = 0
        self.hints = Hints(package_dir)
        self.loaded = digest.loaded(RUN_DIR)
        self.hints.follow(digest.folders(package_dir, self.loaded))
        self.seen = self._signature()
        # The code's digest when it was last looked at, by what was seen then.
        self.digested: tuple[object, str] = (None, "")
        self.attempted = ""
        self.attempts = 0
        self.wanted = True
        self.hasty_until = 0.0
        self.forced = False
        self.stopping = False
        self.error = ""
        self.failures = 0
        # How long the last child of this code went on that ended by itself soon after its start; 0 for none.
        self.lived = 0.0
        self.retry_at = 0.0
        self.started = time.time()
        self.told = True

    @staticmethod
    def _listen() -> socket.socket:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", 8080))
        listener.listen(1024)
        # Two children may share it for a moment: neither may block in accept().
        listener.setblocking(False)
        return listener

    def run(self) -> None:
        signal.signal(signal.SIGHUP, self._on_hup)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_term)
        if self.warm:
            adopt_orphans()
            self.warm.start()
        if self.kind == "web":
            signal.signal(signal.SIGUSR1, self._on_usr1)
        self.tell()
        while not self.stopping:
            self._reap()
            self._read_ready()
            self._read_checks()
            self._watch()
            self._start_if_wanted()
            self._end_overdue()
            if not self.told:
                self.tell()
            hasty = self.wanted and time.monotonic() < self.hasty_until
            self.hints.pause(0.02 if self.upcoming else HASTY_POLL_S if hasty else POLL_S)
        self._stop()

    def _on_hup(self, *_: object) -> None:
        self.wanted = self.forced = True
        self.retry_at = 0.0

    def _on_usr1(self, *_: object) -> None:
        """Let the child hold its requests."""
        if self.current:
            self._kill(self.current, signal.SIGUSR1)

    def _on_term(self, *_: object) -> None:
        self.stopping = True

    def _signature(self) -> dict[str, tuple[int, int, int]]:
        started = time.monotonic()
        found = digest.signature(self.package_dir, also=self.loaded)
        self.hints.looked(time.monotonic() - started, POLL_S)
        return found

    def _watch(self) -> None:
        loaded = digest.loaded(RUN_DIR)
        if loaded == self.loaded and not self.hints.due():
            return
        self.loaded = loaded
        self.hints.follow(digest.folders(self.package_dir, loaded))
        now = self._signature()
        if now == self.seen:
            return
        while True:
            time.sleep(SETTLE_S)
            again = self._signature()
            if again == now:
                break
            now = again
        self.seen = now
        self.hasty_until = time.monotonic() + HASTE_S
        self.wanted = True
        self.retry_at = 0.0

    def _held(self) -> bool:
        """Whether what serves shall go on for now: one reload after the schema change instead of two around it."""
        return self.current is not None and leased(HOLD) is not None

    def _waits(self) -> bool:
        """Whether a watch runs that has not allowed yet what is on disk; what serves goes on then.

        What a watch takes to be the same as what runs is so from here on.
        """
        text = None if self.forced or not self.current else leased(WATCHED)
        if text is None or not self.current:
            return False
        word: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            word = json.loads(text)
        if self.digested[0] is not self.seen:
            self.digested = self.seen, digest.code_digest(self.package_dir, RUN_DIR)
        code = self.digested[1]
        if code == word.get("code") and self.current.code in word["same"] and not self.upcoming:
            self.current.code = code
        return code not in (self.current.code, word.get("code"))

    def _abandon_upcoming(self) -> None:
        if self.upcoming:
            self._kill(self.upcoming, signal.SIGKILL)
            self.retired.append(self.upcoming)
            self.upcoming = None

    def _start_if_wanted(self) -> None:
        if self.upcoming and self._held():
            self._abandon_upcoming()
            self.wanted = True
            self.tell()
        if not self.wanted or time.monotonic() < self.retry_at or self._held():
            return
        if self._waits() or (self.warm and self.warm.coming()):
            return
        code = digest.code_digest(self.package_dir, RUN_DIR)
        if self.kind == "script" and self.current and not self.forced:
            self.current.code = code
        # One that is starting may have read what was there between two saves.
        if self.current and not self.upcoming and not self.forced and self.current.code == code:
            # Saved with the same content, or switched back to what runs.
            self.wanted = False
            self.error = ""
            self.tell()
            return
        self._abandon_upcoming()
        if self.kind in PROGRAMS and self.current:
            self._retire(self.current)
            self.current = None
        if self.kind in PROGRAMS and self.retired:
            return
        self.wanted = self.forced = False
        if code != self.attempted:
            self.failures, self.lived = 0, 0.0
        self.attempted = code
        self.attempts += 1
        self.error = ""
        self.upcoming = self._spawn(code)
        self.tell()

    def _spawn(self, code: str) -> Child:
        read_fd, write_fd = os.pipe()
        os.set_blocking(read_fd, False)
        wait_fd, go_fd = os.pipe()
        descriptors = {"NETBOX_DEV_READY_FD": write_fd, "NETBOX_DEV_GO_FD": wait_fd}
        if self.listener:
            descriptors["NETBOX_DEV_LISTEN_FD"] = self.listener.fileno()
        pid = 0
        if self.warm and not self.cold_next:
            pid = self.warm.fork(self.arguments, descriptors)
            self.cold = "" if pid else self.warm.why
        self.cold_next = False
        child = Child(pid or self._spawn_cold(descriptors), read_fd, go_fd, code, time.time(), warm=bool(pid))
        os.close(write_fd)
        os.close(wait_fd)
        if self.kind in PROGRAMS:
            child.message = b'{"ready": {}}\n'
        return child

    def _spawn_cold(self, descriptors: dict[str, int]) -> int:
        if self.kind in PROGRAMS:
            return os.posix_spawnp(self.arguments[1], self.arguments[1:], os.environ)
        for descriptor in descriptors.values():
            os.set_inheritable(descriptor, True)
        environment = {**os.environ, **{name: str(descriptor) for name, descriptor in descriptors.items()}}
        program = [sys.executable, "-m", "netbox_dev_runtime.child", *self.arguments]
        return os.posix_spawnp(program[0], program, environment)

    def _start_cold(self, why: str) -> None:
        """Have the next child start from nothing, in the place of a warm one."""
        self.cold, self.cold_next = why, True
        self.wanted = self.forced = True
        self.retry_at = 0.0

    def _read_ready(self) -> None:
        child = self.upcoming
        if child is None:
            return
        if child.ready:
            self._promote(child)
            return
        with contextlib.suppress(BlockingIOError):
            child.message += os.read(child.ready_fd, 1 << 16)
        if not child.message.endswith(b"\n"):
            return
        answer = json.loads(child.message)
        if "ready" not in answer:
            # It is about to end.
            return
        report = answer["ready"]
        if self.current and self.current.report.get("registered") and not report.get("registered"):
            # It would serve, without the plugin: what has it goes on.
            self.error = f"NetBox {report['netbox']} does not take the plugin: {report['why']}"
            self._abandon_upcoming()
            self.tell()
            return
        child.ready, child.report = True, report
        self._promote(child)

    def _read_checks(self) -> None:
        """Take what the child says when it is at work; whoever has no more to say has closed its end."""
        child = self.current
        if child is None or child.checks is not None or self.kind in PROGRAMS:
            return
        with contextlib.suppress(BlockingIOError):
            part = os.read(child.ready_fd, 1 << 16)
            child.said += part
            if not child.said:
                child.checks = ""
            elif not part or part.endswith(b"\n"):
                child.checks = str(json.loads(child.said)["checks"])
                if child.checks:
                    sys.stderr.write(f"netbox-dev: {self.service}: Django's checks fail:\n{child.checks}\n")
                    sys.stderr.flush()
                self.tell()

    def _promote(self, child: Child) -> None:
        """Retire the old child and let the new one go; where only one may run, when the old one is gone."""
        if self.current:
            self._retire(self.current)
            self.current = None
        if self.exclusive and self.retired:
            return
        with contextlib.suppress(BrokenPipeError):
            os.write(child.go_fd, b"go")
        self.current, self.upcoming = child, None
        if self.warm and not self.warm.pid:
            # What it lacked, a database say, this child has found.
            self.warm.start()
        self.generation += 1
        self.error = ""
        self.tell()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._ended(pid, os.waitstatus_to_exitcode(status))

    def _ended(self, pid: int, status: int) -> None:
        for old in [c for c in self.retired if c.pid == pid]:
            self._close(old)
            self.retired.remove(old)
            return
        if self.warm and pid == self.warm.pid:
            self.warm.ended(status)
            return
        child = next((c for c in (self.upcoming, self.current) if c and c.pid == pid), None)
        if child is None:
            return
        if child is self.upcoming:
            with contextlib.suppress(BlockingIOError):
                child.message += os.read(child.ready_fd, 1 << 20)
            self.upcoming = None
            answer: dict[str, Any] = {}
            with contextlib.suppress(ValueError):
                answer = json.loads(child.message)
            error = answer.get("error") or f"ended with status {status} before it was ready"
            if child.warm and "SyntaxError:" not in error:
                # It may be of being bound late: a start from nothing has the last word.
                self._start_cold(answer.get("cold") or error.strip().splitlines()[-1])
            else:
                self.error = error
        else:
            self.current = None
            self.error = f"ended with status {status}"
            self.lived = abs(time.time() - child.started)
            if self.lived > STEADY_S:
                self.failures, self.lived = 0, 0.0
        self._close(child)
        if self.current is None:
            # Nothing serves: try again, for the cause may lie outside (a database that is not up yet).
            self.retry_at = time.monotonic() + RETRY_S[min(self.failures, len(RETRY_S) - 1)]
            self.failures += 1
            self.wanted = True
        self.tell()

    @staticmethod
    def _close(child: Child) -> None:
        os.close(child.ready_fd)
        os.close(child.go_fd)

    def _retire(self, child: Child) -> None:
        self._kill(child, signal.SIGTERM)
        child.end_by = time.monotonic() + RETIRE_S[self.kind]
        self.retired.append(child)

    def _end_overdue(self) -> None:
        for child in self.retired:
            if child.end_by and time.monotonic() > child.end_by:
                self._kill(child, signal.SIGKILL)

    @staticmethod
    def _kill(child: Child, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, number)

    def _stop(self) -> None:
        if self.warm:
            self.warm.end()
        children = [c for c in (self.current, self.upcoming, *self.retired) if c]
        for child in children:
            self._kill(child, signal.SIGTERM)
        deadline = time.monotonic() + 8
        while children and time.monotonic() < deadline:
            try:
                pid, _status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            children = [c for c in children if c.pid != pid]
            if pid == 0:
                time.sleep(0.05)

    def tell(self) -> None:
        """Write what runs: the node reads it to judge freshness."""
        if self.error:
            sys.stderr.write(f"netbox-dev: {self.service}: {self.error}\n")
            sys.stderr.flush()
        data = {
            "service": self.service,
            "container": socket.gethostname(),
            "config": self.config,
            "generation": self.generation,
            "code": self.current.code if self.current else "",
            "attempted": self.attempted,
            "attempts": self.attempts,
            "busy": self.upcoming is not None,
            "since": self.current.started if self.current else None,
            "report": self.current.report if self.current else {},
            "error": self.error,
            "checks": self.current.checks if self.current else None,
            "lived": self.lived,
            "warm": bool(self.current and self.current.warm),
            "cold": self.cold,
            "started": self.started,
        }
        path = os.path.join(RUN_DIR, f"{self.service}.json")
        temporary = f"{path}.{os.getpid()}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8") as stream:
                json.dump(data, stream)
            os.replace(temporary, path)
            self.told = True
        except OSError as error:
            # A full disk ends no service; it is told as soon as there is room.
            if self.told:
                sys.stderr.write(f"netbox-dev: {self.service}: cannot tell what runs: {error}\n")
                sys.stderr.flush()
            self.told = False


def main() -> None:
    package = os.environ["NETBOX_DEV_PACKAGE"]
    Supervisor(os.environ["NETBOX_DEV_SERVICE"], os.path.join(NETBOX_DIR, package), sys.argv[1:]).run()


if __name__ == "__main__":
    main()
