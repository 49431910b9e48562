# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a NetBox has beside its database: job queues and cache in Redis, uploaded media. Run in the web service.

Arguments: ``jobs``, ``clear-cache``, ``digest [redis] [media]``, ``save redis FILE``, ``load redis FILE``,
``save media FILE``, ``load media FILE``. Answers are one JSON object on standard output. No Django is started.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import importlib
import json
import os
import shutil
import socket
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

# Who works now, which no restore may change.
_LIVE = (b"rq:worker", b"rq:clients", b"rq:scheduler-lock", b"rq:scheduler:scheduler_lock", b"rq:suspended")
_NEW = ".netbox-dev-new"
_OLD = ".netbox-dev-old"
_SECTIONS = ("tasks", "caching")


def _configuration(name: str, default: Any) -> Any:
    module = importlib.import_module(os.environ.get("NETBOX_CONFIGURATION", "netbox.configuration"))
    return getattr(module, name, default)


def connect(section: str) -> Any:
    """The Redis of NetBox's job queues (``tasks``) or of its cache (``caching``)."""
    import redis

    options = _configuration("REDIS", {})[section]
    return redis.Redis(
        host=options.get("HOST", "localhost"),
        port=int(options.get("PORT", 6379)),
        db=int(options.get("DATABASE", 0)),
        username=options.get("USERNAME") or None,
        password=options.get("PASSWORD") or None,
        ssl=bool(options.get("SSL", False)),
        socket_timeout=30,
    )


class Asking:
    """Asks a Redis in as few words as can be: importing its client takes longer than all that is asked here."""

    def __init__(self, section: str) -> None:
        options = _configuration("REDIS", {})[section]
        wire = socket.create_connection((options.get("HOST", "localhost"), int(options.get("PORT", 6379))), timeout=30)
        if options.get("SSL", False):
            import ssl

            wire = ssl.create_default_context().wrap_socket(wire, server_hostname=options.get("HOST", "localhost"))
        self._stream = wire.makefile("rwb")
        if options.get("PASSWORD"):
            self("AUTH", *filter(None, [options.get("USERNAME")]), options["PASSWORD"])
        self("SELECT", str(options.get("DATABASE", 0)))

    def __call__(self, *words: str | bytes) -> Any:
        """Bytes, a number, None, or a list of these. Raises OSError with what Redis says against it."""
        given = [word.encode() if isinstance(word, str) else word for word in words]
        self._stream.write(b"*%d\r\n" % len(given) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in given))
        self._stream.flush()
        return self._answer()

    def _answer(self) -> Any:
        kind, rest = self._stream.read(1), self._stream.readline().strip()
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._answer() for _number in range(int(rest))]
        raise OSError(f"Redis: {rest.decode()}" if kind == b"-" else "Redis closed the connection")

    def keys(self, pattern: str) -> list[bytes]:
        found, cursor = set(), b"0"
        while True:
            cursor, some = self("SCAN", cursor, "MATCH", pattern, "COUNT", "1000")
            found.update(some)
            if cursor == b"0":
                return sorted(found)


def media_root() -> str:
    return str(_configuration("MEDIA_ROOT", "/opt/netbox/netbox/media"))


def _keys(server: Any) -> list[bytes]:
    return sorted(key for key in server.scan_iter(count=1000) if not key.startswith(_LIVE))


def _entries() -> Iterator[dict[str, Any]]:
    for section in _SECTIONS:
        server = connect(section)
        for key in _keys(server):
            value, left_ms = server.dump(key), server.pttl(key)
            if value is not None:
                yield {
                    "section": section,
                    "key": base64.b64encode(key).decode(),
                    "value": base64.b64encode(value).decode(),
                    "left_ms": max(left_ms, 0),
                }


def save_redis(path: str) -> None:
    with gzip.open(path, "wt", encoding="ascii") as stream:
        for entry in _entries():
            stream.write(json.dumps(entry) + "\n")


def load_redis(path: str) -> None:
    with gzip.open(path, "rt", encoding="ascii") as stream:
        entries = [json.loads(line) for line in stream]
    for section in _SECTIONS:
        server = connect(section)
        pipe = server.pipeline(transaction=True)
        for key in _keys(server):
            pipe.delete(key)
        for entry in entries:
            if entry["section"] == section:
                key, value = base64.b64decode(entry["key"]), base64.b64decode(entry["value"])
                pipe.restore(key, entry["left_ms"], value, replace=True)
        pipe.execute()


def _media_files(root: str) -> list[str]:
    """Relative paths of all files, those of an unfinished restore left out."""
    found = []
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in (_NEW, _OLD)]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(found)


def save_media(path: str) -> None:
    root = media_root()
    with tarfile.open(path, "w", dereference=True) as archive:
        for name in _media_files(root):
            archive.add(os.path.join(root, name), name, recursive=False)


def load_media(path: str) -> None:
    """Unpack beside what is there, then let it take its place."""
    root = media_root()
    new, old = os.path.join(root, _NEW), os.path.join(root, _OLD)
    for folder in (new, old):
        shutil.rmtree(folder, ignore_errors=True)
        os.mkdir(folder)
    # Not compressed, not sparse: it makes no more on disk than it is.
    with tarfile.open(path, "r:") as archive:
        members = archive.getmembers()
        for member in members:
            first, *rest = member.name.split("/")
            if not member.isfile() or member.issparse() or first in ("", _NEW, _OLD) or ".." in (first, *rest):
                raise ValueError(f"'{member.name}' is no uploaded file")
            # Who owned it elsewhere, and what it may do there, says nothing here.
            member.uid, member.gid, member.mode = os.getuid(), os.getgid(), 0o644
        archive.extractall(new, members)
    for name in os.listdir(root):
        if name not in (_NEW, _OLD):
            os.rename(os.path.join(root, name), os.path.join(old, name))
    for name in os.listdir(new):
        os.rename(os.path.join(new, name), os.path.join(root, name))
    for folder in (new, old):
        shutil.rmtree(folder)


def digest(what: list[str]) -> dict[str, str]:
    """Stands for the content, by part."""
    found = {}
    if "redis" in what:
        whole = hashlib.sha256()
        for entry in _entries():
            whole.update(f"{entry['section']} {entry['key']} {entry['value']}\n".encode())
        found["redis"] = whole.hexdigest()
    if "media" in what:
        whole = hashlib.sha256()
        root = media_root()
        for name in _media_files(root):
            with open(os.path.join(root, name), "rb") as stream:
                whole.update(f"{name} {hashlib.sha256(stream.read()).hexdigest()}\n".encode("utf-8", "surrogateescape"))
        found["media"] = whole.hexdigest()
    return found


def jobs() -> dict[str, Any]:
    """``busy``: containers in which a worker is at a job; ``waiting``: how many jobs wait, be it for a time."""
    ask = Asking("tasks")
    busy = []
    for name in ask("SMEMBERS", "rq:workers"):
        state, host = ask("HMGET", name, "state", "hostname")
        if state == b"busy":
            busy.append((host or b"").decode())
    waiting = sum(ask("LLEN", name) for name in ask("SMEMBERS", "rq:queues"))
    for pattern in ("rq:scheduled:*", "rq:scheduler:scheduled_jobs"):
        waiting += sum(ask("ZCARD", key) for key in ask.keys(pattern))
    return {"busy": sorted(busy), "waiting": int(waiting)}


def main() -> None:
    command, *rest = sys.argv[1:]
    answer: dict[str, Any] = {}
    if command == "jobs":
        answer = jobs()
    elif command == "clear-cache":
        Asking("caching")("FLUSHDB")
        answer = jobs()
    elif command == "digest":
        answer = digest(rest)
    else:
        {
            ("save", "redis"): save_redis,
            ("load", "redis"): load_redis,
            ("save", "media"): save_media,
            ("load", "media"): load_media,
        }[command, rest[0]](rest[1])
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
