# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stack's services wrote: chosen, read and grouped, or followed for a time."""

from __future__ import annotations

import contextlib
import heapq
import queue
import re
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .compose import Compose
from .engine import Engine
from .errors import InvalidMoment, InvalidPattern, NetBoxDevError
from .events import Reporter
from .log_lines import CRITICAL, ERROR, WARNING, Event, Frame, Line, Reader, clean, read, shorten
from .override import NETBOX_DIR, REPOSITORIES
from .services import choose
from .stack import Stack

# Without a moment to begin at, no more than this of each service is looked at.
LOOKED_AT = 5000
# The web service's health check, every three seconds.
_HEALTH_CHECK = re.compile(r'"GET /login/ HTTP/1\.[01]" 200 ')
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SHORT = {ERROR: "E", CRITICAL: "E", WARNING: "W"}
# A traceback that nothing follows is told after this long.
_QUIET_S = 0.7
_AGAIN_S = 0.5
_FRAMES = 6


@dataclass
class Asked:
    """What is to be read: services by name, role or set; a moment; a pattern; only errors; how many lines."""

    services: list[str]
    since: str | None = None
    grep: str | None = None
    errors: bool = False
    lines: int = 100
    follow_s: float = 0.0


@dataclass
class Group:
    """One kind of failure: the same exception, raised at the same place."""

    event: Event
    own: list[Frame]
    services: Counter[str] = field(default_factory=Counter)
    last: str = ""

    @property
    def count(self) -> int:
        return sum(self.services.values())

    def describe(self) -> dict[str, Any]:
        return {
            "exception": self.event.exception,
            "message": self.event.message,
            "count": self.count,
            "services": dict(self.services),
            "first": self.event.time,
            "last": self.last,
            "own_frames": [frame.describe() for frame in self.own],
            "frames": [frame.describe() for frame in self.event.frames],
            "after": self.event.text if not self.event.text.endswith("last):") else "",
        }


@dataclass
class Found:
    """What was read: the events that were asked for, and the failures among them."""

    events: list[Event] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    left_off: int = 0
    notices: list[str] = field(default_factory=list)


def moment(text: str, now: float) -> float:
    """Seconds of the epoch that ``10m``, ``1h30m``, ``09:30`` or an ISO 8601 time mean; local time where none is given.

    Raises InvalidMoment.
    """
    given = text.strip()
    with contextlib.suppress(ValueError, OverflowError):
        found = _moment(given, now)
        if found >= 0:
            return found
    raise InvalidMoment(
        f"since: '{text}' is no moment. Give how long ago, such as 90s, 10m, 1h30m or 2d; a time of today, such as "
        "09:30; or date and time, such as 2026-01-31T09:30 (local time) or 2026-01-31T09:30:00Z.",
        asked=text,
    )


def _moment(given: str, now: float) -> float:
    if re.fullmatch(r"(\d+[smhd])+", given):
        return now - sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smhd])", given))
    if re.fullmatch(r"\d\d:\d\d(:\d\d)?", given):
        given = f"{datetime.fromtimestamp(now):%Y-%m-%d} {given}"
    return datetime.fromisoformat(re.sub(r"[Zz]$", "+00:00", given)).timestamp()


def pattern_of(text: str | None) -> re.Pattern[str] | None:
    """The regular expression that lines are searched for, whatever their case; raises InvalidPattern."""
    if not text:
        return None
    try:
        return re.compile(text, re.IGNORECASE)
    except re.error as error:
        raise InvalidPattern(f"grep: '{text}' is no regular expression: {error}.", asked=text) from error


def _alike(text: str) -> str:
    """The text without numbers and addresses: they make no other failure."""
    return re.sub(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "#", text)


class Logs:
    """The logs of one stack's services."""

    def __init__(self, stack: Stack, reporter: Reporter, asked: Asked) -> None:
        self.asked = asked
        self.since = moment(asked.since, time.time()) if asked.since else None
        self.pattern = pattern_of(asked.grep)
        self.reporter = reporter
        self.services = choose(Compose(stack.checkout).config(), asked.services)
        self.engine = Engine(stack.project_name)
        self.own = (f"{NETBOX_DIR}/{stack.plugin.package}/", f"{REPOSITORIES}/{stack.plugin.distribution}/")

    def run(self) -> Found:
        """Read what is there; or, where following is asked for, what comes, telling it as it comes."""
        found = Found()
        if self.asked.follow_s:
            events = list(self._follow())
        else:
            events = [event for event in read(self._lines(found)) if self.wanted(event)]
        found.groups = self.groups(events)
        shown = max(0, self.asked.lines)
        found.left_off = max(0, len(events) - shown)
        found.events = events[len(events) - shown :] if shown else []
        return found

    def wanted(self, event: Event) -> bool:
        if self.asked.errors and not event.bad:
            return False
        if self.pattern:
            return bool(self.pattern.search(event.whole()))
        return not _HEALTH_CHECK.search(event.text)

    def _lines(self, found: Found) -> Iterator[Line]:
        containers = self.engine.containers()
        found.notices += [f"{name} has no container" for name in self.services if name not in containers]
        tail = None if self.since else LOOKED_AT
        streams = [
            self._of(name, self.engine.log(containers[name]["Id"], self.since, tail))
            for name in self.services
            if name in containers
        ]
        return heapq.merge(*streams, key=lambda line: line.time)

    @staticmethod
    def _of(service: str, lines: Iterable[tuple[str, bytes]]) -> Iterator[Line]:
        for written, raw in lines:
            yield Line(service, written, clean(raw))

    def _follow(self) -> Iterator[Event]:
        """Events as they come, each told at once."""
        arrived: queue.Queue[Line] = queue.Queue()
        ended = threading.Event()
        begin = self.since or time.time()
        for name in self.services:
            threading.Thread(target=self._attend, args=(name, begin, arrived, ended), daemon=True).start()
        deadline = time.monotonic() + self.asked.follow_s
        readers = {name: Reader() for name in self.services}
        heard = dict.fromkeys(self.services, 0.0)
        try:
            while time.monotonic() < deadline:
                events = []
                with contextlib.suppress(queue.Empty):
                    line = arrived.get(timeout=min(0.2, max(0.01, deadline - time.monotonic())))
                    heard[line.service] = time.monotonic()
                    events = readers[line.service].feed(line)
                for name, reader in readers.items():
                    if time.monotonic() - heard[name] > _QUIET_S:
                        events += reader.flush()
                yield from self._told(events)
        finally:
            ended.set()
        yield from self._told([event for reader in readers.values() for event in reader.flush()])

    def _told(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in filter(self.wanted, events):
            for line in self.show(event):
                self.reporter.say(line)
            yield event

    def _attend(self, service: str, begin: float, arrived: queue.Queue[Line], ended: threading.Event) -> None:
        """Put a service's lines into the queue; go on with its next container when one stops or is made anew."""
        last = ""
        while not ended.is_set():
            with contextlib.suppress(NetBoxDevError, OSError):
                container = self.engine.containers().get(service)
                if container and container["State"]["Running"]:
                    for line in self._of(service, self.engine.log(container["Id"], begin, follow=True)):
                        if line.time > last:
                            last = line.time
                            arrived.put(line)
                        if ended.is_set():
                            return
            ended.wait(_AGAIN_S)

    # -- telling -----------------------------------------------------------------------------------------------

    def groups(self, events: Iterable[Event]) -> list[Group]:
        """Failures with a traceback, the plugin's first, then by how often they happened."""
        groups: dict[tuple[str, str, str], Group] = {}
        for event in events:
            if not event.exception:
                continue
            own = [frame for frame in event.frames if frame.file.startswith(self.own)]
            place = (own or event.frames)[-1]
            key = (event.exception, _alike(event.message), f"{place.file}:{place.function}")
            group = groups.setdefault(key, Group(event, own))
            group.services[event.service] += 1
            group.last = event.time
        return sorted(groups.values(), key=lambda group: (not group.own, -group.count))

    def show(self, event: Event) -> list[str]:
        """An event as it is printed: of a traceback the plugin's frames first, then how far it went elsewhere."""
        width = max(map(len, self.services))
        head = f"{event.time[11:23]} {event.service:{width}} {_SHORT.get(event.level, ' ')} "
        if not event.exception:
            return [f"{head}{shorten(text)}" for text in [event.text, *event.more]]
        lines = [] if event.text.endswith("last):") else [f"{head}{shorten(event.text)}"]
        lines.append(f"{head}{shorten(f'{event.exception}: {event.message}'.rstrip(': '))}")
        own = [frame for frame in event.frames if frame.file.startswith(self.own)]
        return lines + self._frames(own, event.frames)

    def _frames(self, own: list[Frame], frames: list[Frame]) -> list[str]:
        lines = [f"    {self._place(frame)}: {shorten(frame.code, 120)}" for frame in reversed(own[-_FRAMES:])]
        if frames and (not own or own[-1] is not frames[-1]):
            others = len(frames) - len(own)
            lines.append(f"    … {others} frames elsewhere, the last {self._place(frames[-1])}: {frames[-1].code}")
        return lines

    def _place(self, frame: Frame) -> str:
        name = frame.file
        for folder in (f"{NETBOX_DIR}/", f"{REPOSITORIES}/"):
            name = name[len(folder) :] if name.startswith(folder) else name
        name = re.sub(r"^.*/site-packages/", "", name)
        return f"{name}:{frame.line}{f' in {frame.function}' if frame.function else ''}"

    def for_people(self, found: Found) -> list[str]:
        """The lines that were asked for and, at the end where it is seen, what failed and how often."""
        lines = [f"note: {notice}" for notice in found.notices]
        if found.left_off and not self.asked.follow_s:
            lines.append(f"… {found.left_off} more before; raise lines, or narrow with since and grep")
        if self.asked.errors and not self.asked.follow_s:
            lines += self._once(event for event in found.events if not event.exception)
        elif not self.asked.follow_s:
            lines += [line for event in found.events for line in self.show(event)]
        for group in found.groups:
            if group.count == 1 and (self.asked.follow_s or not self.asked.errors):
                # It is to be seen above.
                continue
            where = ", ".join(f"{name} {count}x" for name, count in group.services.most_common())
            title = shorten(f"{group.event.exception}: {group.event.message}".rstrip(": "))
            lines.append(f"{group.count}x {title} ({where}; last {group.last[11:19]})")
            lines += self._frames(group.own, group.event.frames)
        if not found.events and not found.groups:
            lines.append("nothing was written that was asked for")
        return lines

    def _once(self, events: Iterable[Event]) -> list[str]:
        """Each of these once, and how often it was written."""
        alike: dict[tuple[str, str], list[Event]] = {}
        for event in events:
            alike.setdefault((event.service, _alike(event.whole())), []).append(event)
        lines = []
        for found in alike.values():
            first, *more = self.show(found[-1])
            lines += [f"{first} ({len(found)}x)" if len(found) > 1 else first, *more]
        return lines

    def describe(self, found: Found) -> dict[str, Any]:
        """Plain data for machines."""
        return {
            "services": self.services,
            "events": [
                {"service": e.service, "time": e.time, "level": e.level, "text": e.whole()} for e in found.events
            ],
            "failures": [group.describe() for group in found.groups],
            "left_off": found.left_off,
        }
