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
    """``package/views.py:12``: the last frame of a traceback in the package, else in a configuration file."""
    for folder in (f"/{package}/", "/etc/netbox/config/"):
        frames = [(path, number) for path, number in _FRAME.findall(text) if package and folder in path]
        if frames:
            path, number = frames[-1]
            shown = f"{package}/{path.rpartition(folder)[2]}" if folder[1:-1] == package else path
            return f"{shown}:{number}"
    return ""
