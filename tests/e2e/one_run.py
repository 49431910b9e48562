# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A run of change_apply without Ansible around it, with nothing named; it may end itself with SIGKILL.

Arguments: the plugin; then, for a run that is killed, a pattern of what it tells or a number of seconds. What the run
tells is printed as ``before <step>``, ``after <step>`` and ``say <text>``; last comes ``changed`` or ``unchanged``.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import Wanted
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Converger
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter, Step
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.schema import wishes_of
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock


class Telling(Reporter):
    def __init__(self, moment: str) -> None:
        super().__init__()
        self.moment = moment

    def tell(self, what: str) -> None:
        print(what, flush=True)
        if self.moment and re.match(self.moment, what):
            os.kill(os.getpid(), signal.SIGKILL)

    def say(self, text: str) -> None:
        self.tell(f"say {text}")

    @contextmanager
    def step(self, name: str, services: tuple[str, ...] = ()) -> Iterator[Step]:
        self.tell(f"before {name}")
        with super().step(name, services) as step:
            yield step
        self.tell(f"after {name}")


def main() -> None:
    plugin, moment = [*sys.argv[1:], ""][:2]
    stack = load(plugin)
    timed = moment[:1].isdigit()
    with lock(stack.state, 30, "a test's run"):
        converger = Converger(stack, Telling("" if timed else moment))
        if timed:
            timer = threading.Timer(float(moment), os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()
        converger.wishes = wishes_of(stack)
        outcome = converger.run(Wanted())
    print("changed" if outcome.changed else "unchanged")


if __name__ == "__main__":
    main()
