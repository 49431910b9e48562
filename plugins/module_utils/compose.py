# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one adapter to ``docker compose``: arguments as lists, a time limit on every call."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

from .errors import ComposeFailed, EngineUnavailable, TimeLimit
from .state import is_held, shared

BASE_FILES = ("docker-compose.yml",)
OVERRIDE = "docker-compose.override.yml"
KEPT_LINES = 400


class Compose:
    """Compose in one netbox-docker checkout. Without a project name, the override on disk gives it.

    Every command holds the file ``under_way``, if one is given, until it ends: also where its caller was killed.
    """

    def __init__(self, checkout: Path, under_way: Path | None = None) -> None:
        self.checkout = checkout
        self.under_way = under_way
        self._environment = {
            key: value
            for key, value in os.environ.items()
            if key not in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES")
        }
        # By the files that were asked for: what Compose read then, and its answer.
        self._configs: dict[tuple[str, ...], tuple[object, str]] = {}
        self._environment.update(COMPOSE_ANSI="never", COMPOSE_PROGRESS="plain", BUILDKIT_PROGRESS="plain")

    def call(
        self,
        *arguments: str,
        timeout_s: float = 120,
        stdin: str | None = None,
        on_stdout: Callable[[str], None] | None = None,
        on_stderr: Callable[[str], None] | None = None,
        files: Sequence[str] = (),
    ) -> tuple[int, str, str]:
        """Run ``docker compose <arguments>``; return (exit status, stdout, last lines of stderr).

        Lines are handed to the callbacks as they come. Raises TimeLimit after ``timeout_s`` seconds, with the last
        lines, and EngineUnavailable where there is no ``docker`` command.
        """
        chosen = [part for name in files for part in ("-f", name)]
        command = ["docker", "compose", *chosen, *arguments]
        # A file, not a pipe: a process that does not read it neither blocks nor breaks the write.
        with tempfile.TemporaryFile() as given, shared(self.under_way) as inherited:
            given.write((stdin or "").encode())
            given.seek(0)
            try:
                process = subprocess.Popen(
                    command,
                    cwd=str(self.checkout),
                    env=self._environment,
                    pass_fds=inherited,
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            except FileNotFoundError as error:
                raise EngineUnavailable(
                    f"'docker compose' cannot be run in '{self.checkout}': {error}. The role docker_host installs it; "
                    "the role netbox_docker makes the checkout."
                ) from error
        try:
            output, errors = _follow(process, time.monotonic() + timeout_s, on_stdout, on_stderr)
        finally:
            for stream in (process.stdout, process.stderr):
                if stream:
                    stream.close()
        if output is None:
            raise TimeLimit(
                f"'docker compose {' '.join(arguments[:3])}' did not end within {timeout_s:.0f} s. "
                f"Last lines:\n{errors}",
                arguments=list(arguments),
            )
        return process.returncode, output, errors

    def commands_under_way(self) -> bool:
        """Whether commands have not ended that a caller started who may be dead."""
        return self.under_way is not None and is_held(self.under_way)

    def must(self, *arguments: str, **options: Any) -> str:
        """Like ``call``, returning stdout; raises ComposeFailed on a non-zero exit status."""
        status, output, errors = self.call(*arguments, **options)
        if status:
            raise ComposeFailed(
                f"'docker compose {' '.join(arguments)}' in '{self.checkout}' ended with status {status}:\n"
                f"{last_lines(errors or output)}",
                status=status,
            )
        return output

    def config(self, files: Sequence[str] = ()) -> dict[str, Any]:
        """The merged configuration as Compose understands it; ``files`` replaces the files on disk."""
        key = tuple(files)
        read_from = self._read_from()
        if key not in self._configs or self._configs[key][0] != read_from:
            self._configs[key] = read_from, self.must("config", "--format", "json", files=files)
        # Compose escapes dollar signs in what it prints.
        data: dict[str, Any] = json.loads(self._configs[key][1].replace("$$", "$"))
        return data

    def config_with(self, override: str) -> dict[str, Any]:
        """The same, were this text the override on disk."""
        with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as given:
            given.write(override)
            given.flush()
            return self.config(files=(*BASE_FILES, given.name))

    def _read_from(self) -> tuple[tuple[str, int, int, int], ...]:
        """What Compose reads a configuration from: asking it again costs a process."""
        found = []
        for pattern in ("*.y*ml", ".env", "env/*"):
            for path in sorted(self.checkout.glob(pattern)):
                with contextlib.suppress(OSError):
                    status = path.stat()
                    found.append((str(path), status.st_size, status.st_mtime_ns, status.st_ino))
        return tuple(found)


def _follow(
    process: subprocess.Popen[bytes],
    deadline: float,
    on_stdout: Callable[[str], None] | None,
    on_stderr: Callable[[str], None] | None,
) -> tuple[str | None, str]:
    """Read both streams to their end; (None, last lines) when the deadline passed and the process was stopped."""
    kept: dict[str, deque[str]] = {"out": deque(), "err": deque(maxlen=KEPT_LINES)}
    callbacks = {"out": on_stdout, "err": on_stderr}
    rest = {"out": b"", "err": b""}

    def take(key: str, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        kept[key].append(text)
        callback = callbacks[key]
        if callback:
            callback(text)

    with selectors.DefaultSelector() as selector:
        for key, stream in (("out", process.stdout), ("err", process.stderr)):
            if stream:
                selector.register(stream, selectors.EVENT_READ, key)
        while selector.get_map():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                _end(process)
                return None, "\n".join([*kept["out"], *kept["err"]][-15:])
            for ready, _events in selector.select(min(remaining, 1.0)):
                block = os.read(ready.fd, 1 << 16)
                if not block:
                    selector.unregister(ready.fileobj)
                    if rest[ready.data]:
                        take(ready.data, rest[ready.data])
                    continue
                *lines, rest[ready.data] = (rest[ready.data] + block).split(b"\n")
                for line in lines:
                    take(ready.data, line)
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        _end(process)
        return None, "\n".join([*kept["out"], *kept["err"]][-15:])
    return "\n".join(kept["out"]), "\n".join(kept["err"])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_lines(text: str, count: int = 12) -> str:
    """The last lines of a text that are not blank."""
    return "\n".join([line for line in text.splitlines() if line.strip()][-count:])
