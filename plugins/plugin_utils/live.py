# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Printing what a module tells while it runs."""

from __future__ import annotations

import contextvars
import json
import os
import shlex
import signal
import threading
from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()
POLL_S = 0.3
# Ansible's own, and the summary, which is for people.
_INTERNAL = ("ansible_facts", "deprecations", "diff", "exception", "invocation", "summary", "warnings")


def lost_words(variables: Mapping[str, Any]) -> str:
    """What was typed after a space in the value of a short variable, and became none of it; empty for nothing."""
    options = [f"{name}={value}" for name, value in variables.items() if name.startswith("-")]
    return " ".join([*options, *str(variables.get("_raw_params", "")).split()])


def whose(variables: Mapping[str, Any]) -> str:
    """What lines begin with where several hosts tell theirs at the same time."""
    several = len(variables.get("ansible_play_hosts_all") or []) > 1
    return f"[{variables.get('inventory_hostname', '')}] " if several else ""


class LiveAction(ActionBase):  # type: ignore[misc]  # ansible-core is untyped
    """Runs the module of the same name and prints its events meanwhile; no logic of its own."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    MODULE = ""
    _whose = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        host = str((task_vars or {}).get("inventory_hostname", ""))
        lost = lost_words(task_vars or {})
        if lost:
            msg = (
                f"-e: '{lost}' was not understood, for Ansible ends a value at a space. Quote it inside, too, as in "
                """-e 'command="showmigrations netbox_example"', or give JSON. Nothing was done."""
            )
            failure = {"code": "invalid_option", "message": msg, "details": {}}
            result.update(failed=True, msg=msg, failure=failure)
            self._tell(result, host)
            return result
        self._whose = whose(task_vars or {})
        self._make_tmp_path()
        events = self._connection._shell.join_path(self._connection._shell.tmpdir, "events.jsonl")
        ended, telling = threading.Event(), threading.Lock()
        _end_between_lines(telling)
        follower = threading.Thread(
            target=contextvars.copy_context().run, args=(self._follow, events, ended, telling), daemon=True
        )
        follower.start()
        try:
            arguments = {**self._task.args, "events": events}
            result.update(self._execute_module(self.MODULE, module_args=arguments, task_vars=task_vars))
        finally:
            ended.set()
            follower.join(5)
            self._remove_tmp_path(self._connection._shell.tmpdir)
        self._tell(result, host)
        return result

    def _tell(self, result: dict[str, Any], host: str) -> None:
        """Print the result as the option ``output`` says."""
        if self._task.args.get("output") == "json":
            told = {key: value for key, value in result.items() if key not in _INTERNAL and not key.startswith("_")}
            display.display(json.dumps({"host": host, **told}, ensure_ascii=False))
            if "failure" in result:
                # No line of a message that Ansible repeats may look like the one for machines.
                result["msg"] = " ".join(result["msg"].splitlines())
                result.pop("exception", None)
            return
        for line in result.get("summary", []):
            display.display(f"  {self._whose}{line}")
        if result.get("failed"):
            # Ansible shows all that a failed task returns.
            result.pop("summary", None)

    def _follow(self, path: str, ended: threading.Event, telling: threading.Lock) -> None:
        # An interrupt is for the thread that waits for the module: Python has no other act on it.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        seen = 0
        last = False
        run = os.getppid()
        quoted = shlex.quote(path)
        while not last:
            last = ended.wait(POLL_S)
            if os.getppid() != run:
                # Its terminal was closed, or it was killed: the module is told (see module_utils/caller.py).
                self._low_level_execute_command(f"rm -f {quoted}")
                return
            answer = self._low_level_execute_command(
                f"touch -ac {quoted} 2>/dev/null; tail -c +{seen + 1} {quoted} 2>/dev/null || true"
            )
            text = answer.get("stdout", "")
            whole = text[: text.rfind("\n") + 1]
            seen += len(whole.encode())
            for line in whole.splitlines():
                try:
                    told = json.loads(line)["text"]
                except (ValueError, KeyError):
                    continue
                with telling:
                    self._say(told)

    def _say(self, told: str) -> None:
        for line in told.split("\n"):
            display.display(f"  {self._whose}{line}")


def _end_between_lines(telling: threading.Lock) -> None:
    """Let an interrupt wait for a line that is being told: it would take along the lock that Ansible tells lines by."""
    for number in (signal.SIGINT, signal.SIGTERM):
        end = signal.getsignal(number)

        def wait(signum: int, frame: Any, end: Any = end) -> None:
            telling.acquire()
            end(signum, frame)

        if callable(end):
            signal.signal(number, wait)
