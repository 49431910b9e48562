# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks of the in-container runtime, run in a one-off container of the wanted image, or forked from a warm process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Callable

from .compose import Compose, last_lines
from .engine import READING, TASK_LABEL
from .errors import BrokenCode, ComposeFailed, NetBoxDevError, SchemaFailed, StackNotSetUp, TestsFailed
from .override import PYTHON, RUNTIME_PACKAGE
from .releases import first_netbox, missing_parent
from .runtime import ask

Progress = Callable[[str], None]
_GRACE_S = 1
# They change nothing, and need no lock.
_READING = ("look", "examine", "measure")
_FAILURES: dict[str, type[NetBoxDevError]] = {
    "prepare": SchemaFailed,
    "schema": SchemaFailed,
    "back": SchemaFailed,
    "upgrade": SchemaFailed,
    "compare": SchemaFailed,
    "again": SchemaFailed,
    "move": SchemaFailed,
    "check": BrokenCode,
    "tests": TestsFailed,
    "command": TestsFailed,
}


def broken(lines: str) -> str:
    """What a run ends with where the code on disk does not compile or cannot be used."""
    return f"the code on disk does not start; the last good state goes on serving:\n{last_lines(lines, 20)}"


def run_task(
    compose: Compose,
    service: str,
    task: str,
    progress: Progress | None = None,
    timeout_s: float = 900,
    module: str = "task",
    options: Sequence[str] = (),
    database: str = "",
    inside: bool = False,
    warm: bool = False,
    number: int = 0,
    **request: Any,
) -> dict[str, Any]:
    """Run a task of the runtime's ``module`` and return its result; on another ``database`` than the services have, if
    given.

    ``options`` are those of ``docker compose run`` in place of the label by which a run's left-overs are found.

    ``warm``: in the service's container, by its warm process; where that cannot, in a container of its own again.
    ``number``: that of a run of tests, which ends what it left itself.

    ``inside`` the service's container, which must run, a task that only reads begins sooner than in one of its own.
    Raises the task's failure (SchemaFailed or BrokenCode) with the last frames of the traceback, ComposeFailed when
    the container could not run at all, and TimeLimit.
    """
    answers: dict[str, Any] = {}

    def take(line: str) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if "progress" in message:
            if progress:
                progress(message["progress"])
        else:
            answers.update(message)

    label = READING if task in _READING or request.get("dry_run") else task
    own = (
        *("run", "--rm", "--no-deps", "-T", *(options or ("--label", f"{TASK_LABEL}={label}"))),
        *(("-e", f"NETBOX_DEV_DATABASE={database}") if database else ()),
        *("--entrypoint", PYTHON, service),
    )
    within = ("exec", "-T", service, PYTHON)
    # What Compose began in a service goes on without it. A little later, so that Compose's limit is what is told.
    alone = ("exec", "-T", service, "timeout", f"--kill-after={_GRACE_S}", f"{timeout_s + _GRACE_S:.3f}", PYTHON)

    def call(*words: str) -> tuple[int, str, str]:
        return compose.call(*words, stdin=json.dumps({"task": task, **request}), on_stdout=take, timeout_s=timeout_s)

    status, errors = ask.COLD, ""
    if warm:
        asking = (*within, "-m", f"{RUNTIME_PACKAGE}.ask")
        kind = ask.READING if label == READING else ask.LASTING
        try:
            status, _output, errors = call(*asking, *((task, str(number)) if number else (kind,)))
        except BaseException:
            # What only reads may go on: another run's may be under way beside it.
            if not number and label != READING:
                compose.call(*asking, ask.END)
            raise
    if status == ask.COLD:
        status, _output, errors = call(*(alone if inside else own), "-m", f"{RUNTIME_PACKAGE}.{module}")
    if answers.get("broken"):
        # The lines say all, a traceback of ours says nothing.
        raise BrokenCode(broken(answers["error"].partition(": ")[2]), task=task)
    if answers.get("error") == f"KeyError: '{task}'":
        raise StackNotSetUp(
            "the stack was set up by an older version of this collection. Run hedgehog.netbox_dev.apply_change first."
        )
    if "error" in answers:
        undecided = answers.get("undecided", False)
        # A question of ours says all, too.
        more = (
            first_netbox(answers["error"])
            if undecided
            else missing_parent(answers["error"]) or last_lines(answers["traceback"], 8)
        )
        failure = _FAILURES.get(task, ComposeFailed)
        raise failure(f"{task}: {answers['error']}\n{more}".rstrip(), task=task, undecided=undecided)
    if status or "result" not in answers:
        raise ComposeFailed(
            f"{task}: the task for '{service}' ended with status {status}:\n{last_lines(errors)}",
            status=status,
        )
    result: dict[str, Any] = answers["result"]
    return result
