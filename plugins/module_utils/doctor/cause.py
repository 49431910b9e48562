# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a process ended, from what it wrote last."""

from __future__ import annotations

import re

_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)', re.M)
_EXCEPTION = re.compile(
    r"^(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Warning|Conflict|Configured|NotFound)\b.*"
)
_GRAVE = re.compile(r"\b(FATAL|PANIC|CRITICAL|ERROR|[Ff]atal|error:|Error:)")
# What Compose, a supervisor or a log format puts before what was said.
_PREFIX = re.compile(r"^(?:[\w-]+ *\| |netbox-dev: [\w-]+: )")


def cause_of(text: str, package: str = "") -> str:
    """The line that explains an end: the last exception, with the last place in the package where there is one."""
    lines = [_PREFIX.sub("", line.rstrip()) for line in text.splitlines() if line.strip()]
    raised = [line.strip() for line in lines if _EXCEPTION.match(line.strip())]
    if raised:
        place = _place(text, package)
        return f"{place}: {raised[-1]}" if place else raised[-1]
    grave = [line.strip() for line in lines if _GRAVE.search(line)]
    return (grave or [line.strip() for line in lines] or ["its log is empty"])[-1]


def _place(text: str, package: str) -> str:
    """``views.py:12`` of the package, by the last frame of a traceback that is in it."""
    if not package:
        return ""
    inside = [
        (path.rpartition(f"/{package}/")[2], number) for path, number in _FRAME.findall(text) if f"/{package}/" in path
    ]
    return f"{package}/{inside[-1][0]}:{inside[-1][1]}" if inside else ""
