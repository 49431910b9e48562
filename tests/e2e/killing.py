# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""For a process that runs the collection's code: it ends itself with SIGKILL before one of its calls to the engine."""

from __future__ import annotations

import os
import signal
from typing import Any, Callable

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import Engine

# Those that change something or ask PostgreSQL.
CALLS = ("execute", "pause", "unpause", "signal", "fetch", "send")
# The names of those that were made.
made: list[str] = []


def _counted(name: str, moment: int) -> Callable[..., Any]:
    method = getattr(Engine, name)

    def call(self: Engine, *arguments: Any, **options: Any) -> Any:
        made.append(name)
        if len(made) == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(self, *arguments, **options)

    return call


def before_call(moment: int) -> None:
    """Be killed before that call of them, the first being 1; before none with 0."""
    for name in CALLS:
        setattr(Engine, name, _counted(name, moment))
