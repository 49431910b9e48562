# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    CommandFailed,
    InvalidCommand,
    NetBoxDevError,
    TimeLimit,
    UnknownCommand,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.manage import (
    Command,
    Manager,
    judge,
    reads_only,
    wants_terminal,
    words_of,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("migrate", ["migrate"]),
        ("loaddata 'some rows.json' --app x", ["loaddata", "some rows.json", "--app", "x"]),
        ("check; rm -rf $HOME `id`", ["check;", "rm", "-rf", "$HOME", "`id`"]),
        (["loaddata", "some rows.json", 5], ["loaddata", "some rows.json", "5"]),
        ("docker compose exec netbox python manage.py showmigrations x", ["showmigrations", "x"]),
        ("./manage.py check", ["check"]),
    ],
)
def test_a_command_is_split_as_a_shell_would_and_no_shell_is_in_it(command: Any, words: list[str]) -> None:
    assert words_of(command) == words


@pytest.mark.parametrize("command", ["", "   ", [], "manage.py", "a 'b", 7, "a\0b"])
def test_what_is_no_command_is_refused(command: Any) -> None:
    with pytest.raises(InvalidCommand, match="command: "):
        words_of(command)


@pytest.mark.parametrize(
    ("command", "reading"),
    [
        ("check --tag models", True),
        ("showmigrations", True),
        ("dumpdata dcim", True),
        ("dumpdata dcim -oout.json", False),
        ("dumpdata dcim --output=out.json", False),
        ("dumpdata dcim --out=out.json", False),
        ("dumpdata dcim --o out.json", False),
        ("dbshell -- -h 127.0.0.1", False),
        ("anything -- --dry-run", False),
        ("migrate", False),
        ("migrate --plan", True),
        # Django removes the rows before it looks at what else it is asked.
        ("migrate example --prune --plan", False),
        ("migrate example --prune --check", False),
        ("migrate example --pru --plan", False),
        ("migrate example --prune --help", True),
        ("makemigrations --check", True),
        ("collectstatic -n", True),
        ("collectstatic --noinput", False),
        ("anything --help", True),
        ("--version", True),
        ("reindex", False),
        ("shell -c pass", False),
    ],
)
def test_what_only_reads_is_known(command: str, reading: bool) -> None:
    assert reads_only(command.split()) is reading


@pytest.mark.parametrize(
    ("command", "script", "terminal"),
    [
        ("shell", None, True),
        ("shell", "print(1)", False),
        ("shell --command pass", None, False),
        ("nbshell", None, True),
        ("nbshell -c pass", None, False),
        ("dbshell", None, True),
        ("dbshell -- -c select", None, True),
        ("dbshell", "select 1", False),
        ("changepassword admin", None, True),
        ("createsuperuser", None, True),
        ("createsuperuser --noinput", None, False),
        ("shell --help", None, False),
        ("migrate", None, False),
    ],
)
def test_what_wants_a_terminal_is_known(command: str, script: str | None, terminal: bool) -> None:
    assert wants_terminal(command.split(), script) is terminal


@pytest.mark.parametrize(
    ("command", "output", "told", "changed"),
    [
        ("migrate", "", True, True),
        ("migrate", "  Applying x.0002... OK", False, False),
        # As check mode asks: nobody told.
        ("migrate", "Planned operations:\n  No planned migration operations.", None, False),
        ("migrate", "Planned operations:\nx.0002\n    Add field", None, True),
        ("makemigrations", "No changes detected", None, False),
        ("makemigrations", "Migrations for 'x':", None, True),
        ("collectstatic", "0 static files copied to '/x', 163 unmodified.", None, False),
        ("collectstatic", "1 static file copied to '/x', 162 unmodified.", None, True),
        ("collectstatic", "Deleting 'a.css'\n\n0 static files copied to '/x'.", None, True),
        ("collectstatic --clear", "Pretending to delete 'a.css'\n\n0 static files copied to '/x'.", None, True),
        ("collectstatic -v0", "", None, True),
        ("loaddata x", "Installed 3 object(s) from 1 fixture(s)", None, True),
        ("loaddata x", "Installed 0 object(s) from 1 fixture(s)", None, False),
        ("test x", "OK", None, False),
        ("reindex", "done", None, True),
    ],
)
def test_changed_is_told_or_read_or_else_assumed(command: str, output: str, told: bool | None, changed: bool) -> None:
    assert judge(command.split(), output, told) is changed


def killed(make_stack: MakeStack, seconds: float) -> Exception:
    outcome = Command(["migrate"], seconds=seconds)
    with pytest.raises(NetBoxDevError) as raised:
        Manager(make_stack(), Reporter(), limit_s=10, lock_s=1)._fail(outcome, 137, {})
    return raised.value


def test_a_command_that_was_killed_before_its_limit_did_not_reach_it(make_stack: MakeStack) -> None:
    assert isinstance(killed(make_stack, 20.0), TimeLimit)
    other = killed(make_stack, 3.0)
    assert isinstance(other, CommandFailed)
    assert "'migrate' was killed after 3 s" in str(other)


class Asked(Manager):
    """What a service's container is asked, and answers."""

    def __init__(self, stack: Stack, status: int, told: dict[str, Any]) -> None:
        super().__init__(stack, Reporter(), limit_s=10, lock_s=1, check=True)
        self.requests: list[dict[str, Any]] = []
        self.answer = status, told

    def _service(self, _asked: str | None) -> str:
        return "netbox"

    def _run(self, _outcome: Any, _service: str, request: dict[str, Any], _label: Any) -> tuple[int, dict[str, Any]]:
        self.requests.append(request)
        return self.answer


@pytest.mark.parametrize(
    ("command", "changed"),
    [
        ("test netbox_example", False),
        ("reindex", True),
        ("loaddata x", True),
        ("migrate example --prune", True),
        ("migrate example --plan --prune", True),
    ],
)
def test_check_mode_runs_nothing_and_says_what_would_change(make_stack: MakeStack, command: str, changed: bool) -> None:
    manager = Asked(make_stack(), 0, {})
    outcome = manager.run(command)
    assert (outcome.changed, outcome.skipped) == (changed, "not run in check mode")
    assert manager.requests == [{"known": command.split()[0]}]


def test_check_mode_refuses_a_command_that_is_not_there(make_stack: MakeStack) -> None:
    manager = Asked(make_stack(), 1, {"unknown": "exmaple_info", "commands": ["example_info", "migrate"]})
    with pytest.raises(UnknownCommand, match="did you mean 'example_info'"):
        manager.run("exmaple_info")


def test_what_is_not_run_says_what_to_type() -> None:
    command = Command(["shell"], line="cd /x && docker compose exec netbox python manage.py shell", skipped="wants it")
    assert command.for_people() == ["shell: wants it", f"  {command.line}"]
