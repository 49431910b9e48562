# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Management commands: run without a terminal and without a shell, and whether they changed anything."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from .caller import missed
from .compose import Compose, last_lines
from .engine import TASK_LABEL, Engine
from .errors import (
    BrokenCode,
    CommandFailed,
    InvalidCommand,
    StackNotSetUp,
    TimeLimit,
    UnknownCommand,
    UnknownService,
    nearest,
)
from .events import Reporter
from .override import PYTHON, RUNTIME_PACKAGE
from .running import Running
from .runtime.command import MARK, READ_SCRIPT
from .services import choose, python_services, web_service
from .stack import Stack
from .state import lock

_SHELLS = ("shell", "nbshell")
_AT_A_TERMINAL = (*_SHELLS, "dbshell", "changepassword", "createsuperuser")
_NO_INPUT = ("--noinput", "--no-input")
# They only read, whatever their arguments are, unless one of these is among them.
_READING: dict[str, tuple[str, ...]] = {
    "check": (),
    "diffsettings": (),
    "dumpdata": ("-o", "--output"),
    "findstatic": (),
    "help": (),
    "inspectdb": (),
    "showmigrations": (),
    "sqlflush": (),
    "sqlmigrate": (),
    "sqlsequencereset": (),
    "version": (),
}
# With one of these, others only read; the first is what check mode adds.
_DRY: dict[str, tuple[str, ...]] = {
    "collectstatic": ("--dry-run", "-n"),
    "makemigrations": ("--dry-run", "--check"),
    "migrate": ("--plan", "--check"),
    "optimizemigration": ("--check",),
}
# What writes whatever else is asked: Django removes rows of migrations that have no file before it looks at --plan.
_WRITING: dict[str, tuple[str, ...]] = {"migrate": ("--prune",)}
_ABOUT = ("-h", "--help", "--version")
# What a command says when it has nothing to do; else the number of things that it did something to.
_NOTHING = {"migrate": "No planned migration operations", "makemigrations": "No changes detected"}
# Done, and in a dry run.
_DELETED = ("Deleting '", "Pretending to delete '")
_NUMBER = {
    "collectstatic": re.compile(r"^(\d+) static files? (?:copied|symlinked)", re.M),
    "loaddata": re.compile(r"^Installed (\d+) object", re.M),
}
# netbox-docker's configuration says so of each of its files, in every process.
_SETTINGS_LOADED = "\N{DNA DOUBLE HELIX} loaded config "
_GRACE_S = 10
# What the command 'timeout' ends with, and what a process does that is killed.
_TIMED_OUT, _KILLED = 124, 137


@dataclass
class Command:
    """One management command and what came of it."""

    words: list[str]
    # The line that a person types to run it at a terminal.
    line: str = ""
    # Why it was not run; empty where it was.
    skipped: str = ""
    changed: bool = False
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def for_people(self) -> list[str]:
        name = shlex.join(self.words)
        if self.skipped:
            return [f"{name}: {self.skipped}", *([f"  {self.line}"] if self.line else [])]
        done = "changed" if self.changed else "nothing was changed"
        return [*(f"note: {note}" for note in self.notes), f"{name}: {done} [{self.seconds:.1f} s]"]


def words_of(command: Any) -> list[str]:
    """A command as words; what is typed before ``manage.py``, and that, is left out.

    Raises InvalidCommand for what is neither words nor a line, and for a line whose quotes do not match.
    """
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except (TypeError, ValueError) as error:
        raise InvalidCommand(
            f"command: a line such as 'showmigrations --plan', or a list of words, was expected, found {command!r}: "
            f"{error}."
        ) from error
    at = next((i for i, word in enumerate(words) if word.rsplit("/", 1)[-1] == "manage.py"), -1)
    words = words[at + 1 :]
    if not words or any("\0" in word for word in words):
        raise InvalidCommand("command: the name of a management command was expected, such as 'showmigrations'.")
    return words


def reads_only(words: list[str]) -> bool:
    """Whether a command is known to change nothing."""
    name, arguments = words[0], _options(words)
    if name in _ABOUT or any(word in _ABOUT for word in arguments):
        return True
    if name in _READING:
        return not any(_is_option(word, one) for one in _READING[name] for word in arguments)
    return any(word in _DRY.get(name, ()) for word in arguments) and not _writes(words)


def _writes(words: list[str]) -> bool:
    """Whether a command writes although it is to be a dry run."""
    return any(_is_option(word, one) for one in _WRITING.get(words[0], ()) for word in _options(words))


def _options(words: list[str]) -> list[str]:
    """A command's arguments without the values that options have."""
    given = words[1 : words.index("--")] if "--" in words else words[1:]
    return [word.partition("=")[0] for word in given]


def _is_option(word: str, option: str) -> bool:
    """Whether ``word`` gives it: -oFILE is one word, and --out is short for --output."""
    return word.startswith(option) or (len(word) > len("--") and option.startswith(word))


def wants_terminal(words: list[str], script: str | None) -> bool:
    """Whether a command would wait for somebody who types."""
    if words[0] not in _AT_A_TERMINAL or reads_only(words) or script is not None:
        return False
    if words[0] == "createsuperuser":
        return not any(word in _NO_INPUT for word in words)
    return not (words[0] in _SHELLS and _given_command(words))


def _given_command(words: list[str]) -> bool:
    return any(word.startswith(("-c", "--command")) for word in words[1:])


def judge(words: list[str], output: str, told: bool | None) -> bool:
    """Whether a command that ended well changed anything: ``told`` by its own process, by its output, or assumed."""
    name = words[0]
    if told is not None:
        return told
    if name == "test":
        return False
    if name in _NUMBER:
        numbers = _NUMBER[name].findall(output)
        deleted = any(said in output for said in _DELETED)
        return deleted or not numbers or any(int(number) for number in numbers)
    return not (name in _NOTHING and _NOTHING[name] in output)


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let a signal that ends this process do so as an exception does, and not at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Manager:
    """Runs management commands in a stack's containers."""

    def __init__(self, stack: Stack, reporter: Reporter, limit_s: float, lock_s: float, check: bool = False) -> None:
        self.stack = stack
        self.reporter = reporter
        self.limit_s = limit_s
        self.lock_s = lock_s
        self.check = check
        self.compose = Compose(stack.checkout)

    def run(
        self, command: Any, script: str | None = None, service: str | None = None, profile: bool = False
    ) -> Command:
        """Run a command to its end, in check mode only if it changes nothing, else as far as it can be predicted.

        With ``profile`` it leaves ``profile.html`` and ``profile.txt`` in the state's ``run`` directory.

        Raises InvalidCommand, UnknownService, UnknownCommand with the nearest name, CommandFailed with its last
        lines, TimeLimit, StackLocked and BrokenCode where NetBox does not start.
        """
        words = words_of(command)
        name = self._service(service)
        typed = shlex.join(["docker", "compose", "exec", name, "python", "manage.py", *words])
        outcome = Command(words, f"cd {shlex.quote(str(self.stack.checkout))} && {typed}")
        if wants_terminal(words, script):
            outcome.skipped = "wants a terminal, which Ansible has not. Type, or give -e script=FILE:"
            return outcome
        reading = reads_only(words)
        run = words
        if words[0] in _SHELLS and script is not None and not _given_command(words):
            # Quietly: Django 5.2 counts what it imports.
            run = [*words, "-v", "0", "-c", READ_SCRIPT]
        if self.check and not reading:
            if words[0] not in _DRY or _writes(words):
                status, told = self._run(outcome, name, {"known": words[0]}, ())
                if status:
                    self._fail(outcome, status, told)
                outcome.skipped, outcome.line, outcome.changed = "not run in check mode", "", judge(words, "", None)
                return outcome
            run = [*words, _DRY[words[0]][0]]
        started = time.monotonic()
        purpose = f"management_command {words[0]}"
        lasting = not (reading or self.check)
        held = lock(self.stack.state, self.lock_s, purpose) if lasting else nullcontext()
        with held, self._ending() if lasting else nullcontext():
            # What holds no lock is not to be removed as left over by who holds it.
            label = ("--label", f"{TASK_LABEL}=command") if lasting else ()
            request = {"words": run, "script": script, "profile": profile, "lasting": lasting}
            status, told = self._run(outcome, name, request, label)
        outcome.seconds = time.monotonic() - started
        if status:
            self._fail(outcome, status, told)
        predicted = self.check and not reading
        outcome.changed = not reading and judge(words, outcome.stdout, None if predicted else told.get("changed"))
        if words[0] == "migrate" and outcome.changed and not self.check:
            outcome.notes.append("the schema changed; apply_change lets the services follow")
        return outcome

    def _service(self, asked: str | None) -> str:
        config = self.compose.config()
        roles = python_services(config)
        if not asked:
            return web_service(roles)
        python = [name for name in choose(config, [asked]) if name in roles]
        if not python:
            raise UnknownService(
                f"service: '{asked}' runs no Python. Services that do: {', '.join(sorted(roles))}.", asked=asked
            )
        return python[0]

    @contextlib.contextmanager
    def _ending(self) -> Iterator[None]:
        """End what a killed run left, and the command with this run: who ends 'docker compose' leaves it behind."""
        running = Running(self.stack, self.reporter)
        try:
            with _ended_by_signal(), missed(self.reporter.path, running.end_tasks):
                yield
        except BaseException:
            running.end_tasks()
            raise

    def _run(
        self, outcome: Command, service: str, request: dict[str, Any], label: tuple[str, ...]
    ) -> tuple[int, dict[str, Any]]:
        """(exit status, what its process told of it) of a command in the service's container, or in a new one."""
        container = Engine(self.stack.project_name).containers().get(service)
        running = container and container["State"]["Running"] and not container["State"].get("Paused")
        # Ended from inside: who ends 'docker compose exec' leaves the process in the container.
        limited = ("timeout", f"--kill-after={_GRACE_S}", f"{self.limit_s:.0f}")
        program = (PYTHON, "-m", f"{RUNTIME_PACKAGE}.command")
        where: tuple[str, ...] = ("exec", "-T", service, *limited)
        if not running:
            entrypoint, *rest = limited
            where = (*("run", "--rm", "--no-deps", "-T"), *label, "--entrypoint", entrypoint, service, *rest)
        lines: list[str] = []
        told: dict[str, Any] = {}

        def take(line: str) -> None:
            if line.startswith(MARK):
                told.update(json.loads(line[len(MARK) :]))
                return
            if line and lines and not lines[-1]:
                self.reporter.say("")
            lines.append(line)
            if line:
                self.reporter.say(line)

        def take_error(line: str) -> None:
            if line and not line.startswith(_SETTINGS_LOADED):
                self.reporter.say(line)

        status, _output, errors = self.compose.call(
            *where,
            *program,
            stdin=json.dumps(request),
            on_stdout=take,
            on_stderr=take_error,
            timeout_s=self.limit_s + 3 * _GRACE_S,
        )
        outcome.stdout = "\n".join(lines).rstrip("\n")
        outcome.stderr = "\n".join(line for line in errors.splitlines() if not line.startswith(_SETTINGS_LOADED))
        return status, told

    def _fail(self, outcome: Command, status: int, told: dict[str, Any]) -> None:
        """Raise what explains best why a command did not end well."""
        name = outcome.words[0]
        last = last_lines(f"{outcome.stdout}\n{outcome.stderr}", 15)
        if "unknown" in told:
            commands = told["commands"]
            raise UnknownCommand(
                f"command: NetBox and the plugin have no management command '{name}'{nearest(name, commands)} "
                "'help' lists them.",
                asked=name,
            )
        if status in (_TIMED_OUT, _KILLED) and not told:
            if outcome.seconds >= self.limit_s:
                raise TimeLimit(f"'{name}' did not end within {self.limit_s:.0f} s and was ended. Last lines:\n{last}")
            raise CommandFailed(
                f"'{name}' was killed after {outcome.seconds:.0f} s: by another run, for want of memory, or with its "
                f"container. Last lines:\n{last}",
                status=status,
            )
        # The second is of one that is asked for a command, and does not know that question.
        if any(words in outcome.stderr for words in (f"No module named {RUNTIME_PACKAGE}", "KeyError: 'lasting'")):
            raise StackNotSetUp(
                "the stack was set up by an older version of this collection. Run "
                "hedgehog.netbox_dev.apply_change: it brings what management commands need."
            )
        if not told:
            raise BrokenCode(f"'{name}' could not be run, for NetBox does not start:\n{last}", status=status)
        if told["asked"]:
            raise CommandFailed(
                f"'{name}' asked a question, and nobody is there to answer. Give {_NO_INPUT[0]} or what it asks for, "
                f"or type:\n  {outcome.line}\nLast lines:\n{last}",
                status=status,
            )
        raise CommandFailed(
            f"'{shlex.join(outcome.words)}' ended with status {status}. Last lines:\n{last}",
            status=status,
            stdout=outcome.stdout,
            stderr=outcome.stderr,
        )
