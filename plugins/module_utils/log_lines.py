# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What containers write, read line by line: level and text of NetBox, Django, RQ, PostgreSQL and Redis; tracebacks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

DEBUG, INFO, WARNING, ERROR, CRITICAL = "debug", "info", "warning", "error", "critical"
BAD = (ERROR, CRITICAL)
LONGEST = 400
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

_LEVELS = {
    "TRACE": DEBUG,
    "DEBUG": DEBUG,
    "INFO": INFO,
    "NOTICE": INFO,
    "LOG": INFO,
    "WARN": WARNING,
    "WARNING": WARNING,
    "ERROR": ERROR,
    "CRITICAL": CRITICAL,
    "FATAL": CRITICAL,
    "PANIC": CRITICAL,
    "ALERT": CRITICAL,
    "EMERG": CRITICAL,
}
# 2026-01-31 09:30:00.123 UTC [71] ERROR:  relation "x" does not exist at character 15
_POSTGRES = re.compile(
    r"\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\](?: \S+)? "
    r"(DEBUG\d?|INFO|NOTICE|LOG|WARNING|ERROR|FATAL|PANIC|STATEMENT|DETAIL|HINT|CONTEXT|QUERY|LOCATION):  ?(.*)"
)
_POSTGRES_MORE = ("STATEMENT", "DETAIL", "HINT", "CONTEXT", "QUERY", "LOCATION")
# 1:M 31 Jan 2026 09:30:00.123 * Ready to accept connections
_REDIS = re.compile(r"\d+:[XCSM] \d\d \w{3} \d{4} [\d:.]+ ([.\-*#]) (.*)")
_REDIS_LEVELS = {".": DEBUG, "-": INFO, "*": INFO, "#": WARNING}
# "GET /login/ HTTP/1.1" 200 4035, as Django, gunicorn, Granian and NGINX write it
_ACCESS = re.compile(r'"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) [^"]*" (\d{3})\b')
# INFO, [INFO], ERROR:, [error], with a time, a process or a name before it
_NAMED = re.compile(
    r"(?:^|[\s\[:])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|ALERT|EMERG)(?=[\s\]:|]|$)"
)
_NAMED_SMALL = re.compile(r"\[(trace|debug|info|notice|warn|warning|error|alert|emerg)\]")
_NAMED_WITHIN = 80
_DJANGO = (
    (re.compile(r"(Internal Server Error|Service Unavailable): /"), ERROR),
    (
        re.compile(
            r"(Not Found|Bad Request|Forbidden|Unauthorized|Method Not Allowed|Too Many Requests)\b[^:]{0,60}: /"
        ),
        WARNING,
    ),
)
# RQ has no levels: 09:30:00 [Job 1f…]: exception raised while executing (some.function)
_RQ_FAILED = re.compile(r"exception raised while executing|FailedJobRegistry|Work-horse terminated", re.IGNORECASE)
_PYTHON_WARNING = re.compile(r"Warning: ")

_TRACEBACK = re.compile(r"^(?P<before>.*?)Traceback \(most recent call last\):$")
# What psycopg adds to an exception's message.
_MESSAGE_MORE = re.compile(r"\s|(LINE \d+|DETAIL|HINT|CONTEXT):")
_CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
_FRAME = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?$')
_EXCEPTION = re.compile(r"^(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")


@dataclass(frozen=True)
class Line:
    """One line as it was written: the service, the engine's time (RFC 3339) and the text."""

    service: str
    time: str
    text: str


@dataclass
class Frame:
    file: str
    line: int
    function: str
    code: str = ""

    def describe(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line, "function": self.function, "code": self.code}


@dataclass
class Event:
    """A line, with those that belong to it; of a traceback the exception and its frames, the innermost last."""

    service: str
    time: str
    text: str
    level: str = ""
    more: list[str] = field(default_factory=list)
    exception: str = ""
    message: str = ""
    frames: list[Frame] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        return self.level in BAD

    def whole(self) -> str:
        return "\n".join([self.text, *self.more])


def clean(raw: bytes) -> str:
    """A line's text without colours, without what moves a cursor, and with what is no UTF-8 escaped."""
    return harmless(raw.decode("utf-8", "backslashreplace")).rstrip()


def harmless(text: str) -> str:
    """Lines without what a terminal would obey."""
    return _CONTROL.sub("", _ANSI.sub("", text).replace("\t", "    "))


def shorten(text: str, longest: int = LONGEST) -> str:
    """The start of a text that is too long for a screen, and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def level_of(text: str) -> str:
    """The level that a line says or means; empty where it says none."""
    postgres = _POSTGRES.match(text)
    if postgres:
        return _LEVELS.get(postgres.group(1).rstrip("12345"), "")
    redis = _REDIS.match(text)
    if redis:
        return _REDIS_LEVELS[redis.group(1)]
    access = _ACCESS.search(text)
    if access:
        status = int(access.group(1))
        return ERROR if status >= 500 else WARNING if status >= 400 else INFO
    for pattern, level in _DJANGO:
        if pattern.search(text):
            return level
    if _RQ_FAILED.search(text):
        return ERROR
    named = _NAMED.search(text, 0, _NAMED_WITHIN) or _NAMED_SMALL.search(text, 0, _NAMED_WITHIN)
    if named:
        return _LEVELS[named.group(1).upper()]
    return WARNING if _PYTHON_WARNING.search(text) else ""


class Reader:
    """Makes events of one service's lines, in their order."""

    def __init__(self) -> None:
        self._open: Event | None = None
        # Inside a traceback: whether its exception has been read, so that only another one's start belongs to it.
        self._raised = False

    def feed(self, line: Line) -> list[Event]:
        """The events that this line completes."""
        if self._open and self._belongs(self._open, line.text):
            self._take(self._open, line.text)
            return []
        done = self.flush()
        self._open = Event(line.service, line.time, line.text, level_of(line.text))
        self._raised = False
        if _TRACEBACK.match(line.text):
            self._open.level = ERROR
        return done

    def flush(self) -> list[Event]:
        """The event that is under way, as far as it has come."""
        done = [self._open] if self._open else []
        self._open = None
        return done

    def _belongs(self, event: Event, text: str) -> bool:
        postgres = _POSTGRES.match(text)
        if postgres:
            return postgres.group(1) in _POSTGRES_MORE
        if _POSTGRES.match(event.text) and (not text or text[:1].isspace()):
            # It begins each further line of a statement with a tab.
            return True
        starts = bool(_TRACEBACK.match(text))
        inside = event.frames or _TRACEBACK.match(event.text) or (event.more and _TRACEBACK.match(event.more[-1]))
        if not inside:
            # What was said right before belongs to it: 'Internal Server Error: /x/'.
            return starts and event.bad
        if not self._raised:
            return not text or text[:1].isspace() or starts or bool(_EXCEPTION.match(text))
        if not text or text.startswith(_CHAINED) or _MESSAGE_MORE.match(text):
            return True
        chained = bool(event.more) and next((t for t in reversed(event.more) if t), "").startswith(_CHAINED)
        return starts and chained

    def _take(self, event: Event, text: str) -> None:
        event.more.append(text)
        if _TRACEBACK.match(text):
            event.level = ERROR if event.level not in BAD else event.level
            event.frames, event.exception, self._raised = [], "", False
            return
        frame = _FRAME.match(text)
        if frame:
            event.frames.append(Frame(frame["file"], int(frame["line"]), frame["function"] or ""))
        elif text[:1].isspace():
            if event.frames and not self._raised and not event.frames[-1].code and not re.fullmatch(r"[\s~^]*", text):
                event.frames[-1].code = text.strip()
        elif event.frames and not self._raised:
            found = _EXCEPTION.match(text)
            if found:
                event.exception, event.message, self._raised = found["type"], found["message"] or "", True


def read(lines: Iterable[Line]) -> list[Event]:
    """The events of all services' lines, in the order of their first lines' times."""
    readers: dict[str, Reader] = {}
    events = []
    for line in lines:
        events += readers.setdefault(line.service, Reader()).feed(line)
    for reader in readers.values():
        events += reader.flush()
    return sorted(events, key=lambda event: event.time)
