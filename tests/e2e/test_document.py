# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The workflow document's commands, typed in the checkout, act on this stack, as docs/workflow-document.md says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .stack import ROOT, Stack, wait_for

MANAGE = "docker compose exec netbox python manage.py"
RESTARTED = "netbox netbox-worker netbox-rq-worker-hedgehog"

# Each line with what it must show; an empty text asks for nothing but success.
TYPED = [
    ("docker compose up -d", ""),
    ("timeout 5 docker compose logs -f netbox", "loaded config"),
    ("timeout 5 docker compose logs -f netbox netbox-worker", "netbox-worker"),
    ("docker compose logs netbox | grep -i 'loaded'", "loaded config"),
    ("docker compose ps", "netbox-rq-worker-hedgehog"),
    (f"{MANAGE} collectstatic --noinput", "static file"),
    (f"{MANAGE} findstatic netbox_example/app.css", "/opt/netbox/netbox/netbox_example/static"),
    (f"{MANAGE} makemigrations netbox_example --dry-run", "fabric"),
    (f"{MANAGE} migrate", "No migrations to apply"),
    (f"{MANAGE} showmigrations netbox_example", "[X] 0001_initial"),
    (f"{MANAGE} test netbox_example", "OK"),
    (f"{MANAGE} test netbox_example.tests.test_models", "OK"),
    (f"{MANAGE} test netbox_example --keepdb", "OK"),
    ("docker compose exec netbox coverage run --source='.' manage.py test netbox_example --keepdb", "OK"),
    ("docker compose exec netbox coverage report", "TOTAL"),
    (f"echo 'print(6 * 7)' | {MANAGE.replace('exec', 'exec -T')} shell", "42"),
    (f"echo 'select 6 * 7' | {MANAGE.replace('exec', 'exec -T')} dbshell", "42"),
    ("docker compose exec netbox ls -la /opt/netbox/netbox/netbox_example/", "models.py"),
    ("docker compose build netbox", ""),
    ("docker compose restart netbox", ""),
    ("docker compose restart", ""),
    (f"docker compose restart {RESTARTED}", ""),
    (f"docker compose restart {RESTARTED} netbox-rq-scheduler", ""),
    ("docker stats --no-stream $(docker compose ps -q netbox netbox-worker)", "netbox-worker"),
    ("f=$(mktemp); docker compose exec postgres pg_dump -U netbox netbox > $f && tail -5 $f; rm $f", "complete"),
]


@pytest.fixture(autouse=True, scope="module")
def no_kept_test_database(stack: Stack) -> Iterator[None]:
    """What --keepdb leaves would make the next run ask at the terminal whether it may go."""
    stack.psql("DROP DATABASE IF EXISTS test_netbox")
    yield
    stack.psql("DROP DATABASE IF EXISTS test_netbox")


def served(stack: Stack) -> None:
    def login() -> bool:
        try:
            return stack.http("/login/").status == 200
        except OSError:
            return False

    wait_for(login, "NetBox to be served")


@pytest.mark.parametrize(("line", "shown"), TYPED, ids=[line[:60] for line, _shown in TYPED])
def test_a_typed_command_acts_on_this_stack(stack: Stack, line: str, shown: str) -> None:
    served(stack)
    status, output = stack.typed(line)
    assert status == (124 if line.startswith("timeout") else 0), output
    assert shown in output, output


def test_a_migration_made_by_hand_has_inherited_drift_and_belongs_to_the_developer(stack: Stack) -> None:
    before = set((stack.package / "migrations").glob("0*.py"))
    try:
        status, output = stack.typed(f"{MANAGE} makemigrations netbox_example")
        assert status == 0, output
        (made,) = set((stack.package / "migrations").glob("0*.py")) - before
        found = made.stat()
        assert (found.st_uid, found.st_gid) == stack.owner
        assert "AlterModelOptions" in made.read_text(encoding="utf-8")
    finally:
        for path in set((stack.package / "migrations").glob("0*.py")) - before:
            path.unlink()


def test_the_plugins_tables_go_to_zero_and_come_back(stack: Stack) -> None:
    status, output = stack.typed(f"{MANAGE} migrate netbox_example zero")
    assert status == 0, output
    assert "netbox_example_switch" not in stack.psql("SELECT tablename FROM pg_tables")
    status, output = stack.typed(f"{MANAGE} migrate netbox_example")
    assert status == 0, output
    assert "netbox_example_switch" in stack.psql("SELECT tablename FROM pg_tables")


def test_a_dump_restores_into_an_empty_database(stack: Stack) -> None:
    postgres = "docker compose exec -T postgres"
    stack.psql("DROP DATABASE IF EXISTS restored")
    try:
        stack.psql("CREATE DATABASE restored")
        line = f"{postgres} pg_dump -U netbox netbox | {postgres} psql -v ON_ERROR_STOP=1 -U netbox restored"
        status, output = stack.typed(line)
        assert status == 0, output
        count = "psql -qAt -U netbox restored -c 'SELECT count(*) FROM django_migrations'"
        _status, output = stack.typed(f"{postgres} {count}")
        assert output.strip() == stack.psql("SELECT count(*) FROM django_migrations").strip()
    finally:
        stack.psql("DROP DATABASE IF EXISTS restored")


def test_hand_typed_commands_leave_the_stack_fresh(stack: Stack) -> None:
    served(stack)
    stack.must_apply()
    stack.assert_fresh()


def test_the_developers_files_are_not_taken_away_by_the_documents_chown(stack: Stack) -> None:
    status, output = stack.typed("docker compose exec netbox chown -R unit:root /opt/netbox/netbox/netbox_example/")
    assert status != 0, output
    assert "Operation not permitted" in output
    assert (stack.package / "models.py").stat().st_uid == stack.owner[0]


def test_the_documents_view_of_database_activity_is_no_command(stack: Stack) -> None:
    status, _output = stack.typed("docker compose exec postgres pg_stat_activity")
    assert status != 0
    assert int(stack.psql("SELECT count(*) FROM pg_stat_activity")) > 0


def test_the_documents_restore_into_a_live_database_restores_nothing(stack: Stack) -> None:
    postgres = "docker compose exec -T postgres"
    line = f"{postgres} pg_dump -U netbox netbox | {postgres} psql -U netbox netbox"
    status, output = stack.typed(line)
    assert status == 0
    assert "already exists" in output


def test_every_command_of_the_table_is_in_the_docs() -> None:
    page = (ROOT / "docs/workflow-document.md").read_text(encoding="utf-8")
    for word in ("flush", "chown", "pg_stat_activity", "psql", "coverage", "showmigrations", "docker stats", "build"):
        assert word in page, word
