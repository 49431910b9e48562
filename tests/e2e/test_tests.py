# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The plugin's tests in the stack: over a copy of a kept database, and nothing stays of them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from .long import long
from .stack import Play, Stack, wait_for

BAD = """\
import time
from django.test import SimpleTestCase, TestCase
from netbox_example.models import Fabric


class BadTest(TestCase):
    def test_fails(self):
        print("said by the test")
        self.assertEqual(Fabric.objects.count(), 3)

    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)


class BrokenTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        raise ValueError("no data")

    def test_never(self):
        pass
"""
SLOW = """\
import time
from django.test import TestCase


class SlowTest(TestCase):
    def test_waits(self):
        time.sleep(120)
"""
MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "LATEST")]
    operations = [migrations.AddField("fabric", "colour", models.CharField(max_length=9, null=True))]
"""
# Both databases of one process: with our kept copies, and as Django's runner makes its own.
BOTH = """\
from netbox_dev_runtime.netbox import set_up
set_up()
from django.db import connection
from netbox_dev_runtime.testdb import TestDatabases
TestDatabases(connection, "netbox_example", lambda text: None).make("compared_ours")
connection.settings_dict["TEST"]["NAME"] = "compared_theirs"
connection.creation.create_test_db(verbosity=0, autoclobber=True)
"""
APPLIED = re.compile(r"(?<=^INSERT INTO public.django_migrations VALUES \()\d+|, '\d{4}-\d\d-\d\d [\d:.+]+'\);$")
TEST_FILE = "netbox_example/tests/test_added.py"


def run(stack: Stack, *options: str, **variables: Any) -> Play:
    return stack.playbook("test.yml", *options, **variables)


def databases(stack: Stack) -> set[str]:
    """All but those that are kept."""
    names = stack.psql("SELECT datname FROM pg_database").split()
    return {name for name in names if not name.startswith("netbox_tests_")}


def containers(stack: Stack) -> list[str]:
    """Of runs of tests."""
    label = "label=hedgehog.netbox_dev.tests"
    project = f"label=com.docker.compose.project={stack.project}"
    command = ["docker", "ps", "-aq", "--filter", label, "--filter", project]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def forked(stack: Stack) -> list[str]:
    """Of runs of tests in the web service's container."""
    return [path.name for path in (stack.state / "run").glob("tests-*")]


@pytest.fixture(autouse=True)
def nothing_stays(stack: Stack) -> Iterator[None]:
    before = databases(stack)
    yield
    assert databases(stack) == before
    assert containers(stack) == []
    assert forked(stack) == []


@pytest.fixture
def added(stack: Stack) -> Iterator[Path]:
    """A file of tests that is the test's own."""
    with stack.kept(TEST_FILE):
        yield stack.plugin / TEST_FILE


def test_all_tests_pass_and_nothing_is_disturbed_or_changed(stack: Stack) -> None:
    before = stack.processes()
    play = run(stack)
    assert (play.status, play.changed) == (0, 0), str(play)
    assert "5 tests: 5 passed" in play.flat
    assert stack.processes() == before


def test_the_test_database_is_djangos_own_row_by_row(stack: Stack) -> None:
    try:
        options = (
            "--rm",
            "--no-deps",
            "-T",
            "-e",
            "NETBOX_DEV_TEST_RUN=6",
            "--entrypoint",
            "/opt/netbox/venv/bin/python",
        )
        done = stack.compose("run", *options, "netbox", "-c", BOTH)
        assert done.returncode == 0, done.stderr
        dumps = []
        for name in ("compared_ours", "compared_theirs"):
            text = stack.exec("postgres", "pg_dump", "-U", "netbox", "--inserts", name)
            # The order of applying and its moments differ, and a token of pg_dump's own.
            rows = [APPLIED.sub("", line) for line in text.splitlines()]
            dumps.append(sorted(row for row in rows if not row.startswith(("\\restrict", "\\unrestrict"))))
        assert dumps[0] == dumps[1]
        assert sum("INSERT INTO public.auth_permission" in row for row in dumps[0]) > 20
        assert not any("INSERT INTO public.users_user " in row for row in dumps[0])
    finally:
        for name in ("compared_ours", "compared_theirs"):
            stack.psql(f"DROP DATABASE IF EXISTS {name}")


def test_failures_come_first_with_reports_that_belong_to_the_developer(stack: Stack, added: Path) -> None:
    stack.write(TEST_FILE, BAD)
    files = [stack.plugin / name for name in (".coverage", "coverage.xml", "htmlcov/index.html", "out/junit.xml")]
    try:
        play = run(stack, coverage="true", junit="out/junit.xml", parallel=2)
        assert play.status == 2, str(play)
        assert "said by the test" in play.output
        summary = play.output[play.output.index("  TOTAL") :]
        lines = [line.strip() for line in summary.splitlines()[1:12]]
        assert f"{TEST_FILE}:9: AssertionError: 0 != 3" in lines
        assert "ERROR setUpClass (netbox_example.tests.test_added.BrokenTest)" in lines
        assert any(
            line.startswith("FAILED netbox_example.tests.test_added.BadTest.test_parts (number=1)") for line in lines
        )
        assert any(re.match(r"\d+ tests: 5 passed, 2 failed, 1 error", line) for line in lines), lines
        assert "netbox_example/models.py" in play.output
        assert [(path.stat().st_uid, path.stat().st_gid) for path in files] == [stack.owner] * len(files)
        suite = ElementTree.parse(files[3]).getroot()[0]
        assert (suite.get("failures"), suite.get("errors")) == ("2", "1")
        assert f"<source>{stack.plugin}</source>" in files[1].read_text(encoding="utf-8")
    finally:
        stack.git(stack.plugin, "clean", "-qxf", "--", ".coverage", "coverage.xml")
        stack.git(stack.plugin, "clean", "-qxfd", "--", "htmlcov", "out")


def test_what_names_no_test_is_told_before_anything_is_started(stack: Stack) -> None:
    play = run(stack, labels="netbox_example.tests.test_modles")
    assert play.status == 2
    assert "did you mean 'netbox_example.tests.test_models'" in play.flat
    play = run(stack, command="example_inof")
    assert play.status == 2
    assert "did you mean 'example_info'" in play.flat


@pytest.fixture
def committed(stack: Stack) -> Iterator[None]:
    """No file of the plugin is other than its commit has it, whatever other tests left."""
    head = stack.git(stack.plugin, "rev-parse", "HEAD").strip()
    stack.git(stack.plugin, "add", "--all")
    stack.git(stack.plugin, *("-c", "user.name=Dev", "-c", "user.email=dev@example.com"), "commit", "-qm", "all")
    yield
    stack.git(stack.plugin, "reset", "-q", head)


@pytest.mark.usefixtures("committed")
def test_check_mode_lists_what_the_changes_touch(stack: Stack) -> None:
    with stack.kept("netbox_example/views.py"):
        stack.replace("netbox_example/views.py", '^TITLE = ".*"$', 'TITLE = "Tested"')
        play = run(stack, "--check", affected="true")
    assert (play.status, play.changed) == (0, 0), str(play)
    assert "would run 3 tests" in play.flat
    assert "test_models" not in play.output


def test_a_command_of_the_plugins_is_a_test(stack: Stack) -> None:
    play = run(stack, command="example_info")
    assert (play.status, play.changed) == (0, 0), str(play)
    assert "fabrics: " in play.output
    assert "example_info passed" in play.flat


def test_tests_are_stopped_at_their_limit(stack: Stack, added: Path) -> None:
    stack.write(TEST_FILE, SLOW)
    play = run(stack, labels=TEST_FILE, time_limit=6)
    assert play.status == 2
    assert f"STOPPED after 6 s in netbox_example.tests.test_added.SlowTest.test_waits at {TEST_FILE}:7" in play.flat
    assert play.seconds < 60


def test_runs_do_not_meet_and_what_a_killed_one_left_goes_with_the_next(stack: Stack, added: Path) -> None:
    stack.write(TEST_FILE, SLOW)
    _arguments, slow = stack.start_playbook("test.yml", labels=TEST_FILE)
    try:
        wait_for(lambda: "netbox_test_1" in databases(stack), "the first run's database", 60)
        assert [name.startswith("tests-1-") for name in forked(stack)] == [True]
        assert containers(stack) == []
        other = run(stack, labels="netbox_example.tests.test_models")
        assert other.status == 0, str(other)
        assert "2 passed" in other.flat
        assert "test database copied in" in other.flat
        assert "netbox_test_1" in databases(stack), "the other run lives"
        pid = int((stack.state / "tests/1.lock").read_text(encoding="utf-8").split()[1])
        os.kill(pid, signal.SIGKILL)
        slow.wait(60)
    finally:
        slow.kill()
        slow.communicate()
    # Of a run that had no time to end by itself.
    stack.psql("CREATE DATABASE netbox_test_5_1")
    assert run(stack, labels="netbox_example.tests.test_models").status == 0


ALONE = """\
import os, sys
from unittest import TestCase


class AloneTest(TestCase):
    def test_what_becomes_of_the_process(self):
        {body}
"""


def test_what_ends_the_tests_own_process_is_told(stack: Stack, added: Path) -> None:
    stack.write(TEST_FILE, ALONE.format(body="os._exit(7)"))
    play = run(stack, labels=TEST_FILE)
    assert play.status == 2
    assert "ended with status 7" in play.flat, str(play)


@long
def test_tests_that_a_restart_ends_are_run_once_more(stack: Stack, added: Path) -> None:
    stack.write(TEST_FILE, ALONE.format(body="import time; time.sleep(15)"))
    _arguments, slow = stack.start_playbook("test.yml", labels=TEST_FILE)
    try:
        wait_for(lambda: forked(stack), "the run's processes", 60)
        assert stack.compose("restart", "-t", "1", "netbox").returncode == 0
        output = slow.communicate(timeout=120)[0]
    finally:
        slow.kill()
    assert slow.returncode == 0, output
    assert "1 test: 1 passed" in output


def test_a_migration_is_added_to_the_kept_database(stack: Stack) -> None:
    latest = max(path.stem for path in stack.package.glob("migrations/0*.py"))
    name = "netbox_example/migrations/0999_fabric_colour.py"
    with stack.kept(name):
        stack.write(name, MIGRATION.replace("LATEST", latest))
        play = run(stack, labels="netbox_example.tests.test_models.SwitchTest.test_a_switch_is_shown_by_its_name")
    assert "brought up by 1 migration, and copied" in play.flat, str(play)
    stack.must_apply()


@long
def test_an_edited_migration_needs_no_migrations_of_netbox_again(stack: Stack) -> None:
    name = "netbox_example/migrations/0001_initial.py"
    with stack.kept(name):
        stack.write(name, (stack.plugin / name).read_text(encoding="utf-8") + "# edited\n")
        play = run(stack, labels="netbox_example.tests.test_models")
    assert "brought up by 2 migrations, and copied" in play.flat, str(play)


def test_pytest_runs_them_where_it_is_configured(stack: Stack, added: Path) -> None:
    with stack.kept("pytest.ini"):
        stack.write("pytest.ini", "[pytest]\naddopts = --reuse-db\npython_files = test_*.py\n")
        stack.write(TEST_FILE, BAD)
        play = run(stack, labels=f"{TEST_FILE}::BadTest::test_fails,netbox_example.tests.test_models")
    assert play.status == 2, str(play)
    assert "3 tests: 2 passed, 1 failed" in play.flat
    assert f"{TEST_FILE}:9: AssertionError: 0 != 3" in play.flat
    assert not (stack.plugin / ".pytest_cache").exists()


@long
def test_pytest_splits_them_to_processes_with_a_database_each(stack: Stack, added: Path) -> None:
    with stack.kept("pytest.ini"), stack.kept("netbox-dev.yml"):
        stack.write("pytest.ini", "[pytest]\npython_files = test_*.py\n")
        stack.write(TEST_FILE, BAD.replace('"said by the test"', "Fabric.objects.db, connection.settings_dict['NAME']"))
        stack.replace(TEST_FILE, "^import time$", "from django.db import connection")
        play = run(stack, parallel=2)
        assert play.status == 2, str(play)
        assert "parallel needs pytest-xdist, which the image has not" in play.flat
        stack.write("netbox-dev.yml", (stack.plugin / "netbox-dev.yml").read_text() + "  - pytest-xdist\n")
        stack.must_apply()
        play = run(stack, parallel=2)
        assert play.status == 2, str(play)
        assert "2 failed, 1 error" in play.flat, str(play)
        assert re.search(r"default netbox_test_\d_gw[01]$", play.output, re.M), str(play)
        stack.write("pytest.ini", "[pytest]\npython_files = test_*.py\naddopts = -n 2\n")
        play = run(stack, labels="netbox_example/tests/test_models.py")
        assert (play.status, "2 tests: 2 passed" in play.flat) == (0, True), str(play)
    stack.must_apply()


@pytest.mark.usefixtures("committed")
def test_a_commit_is_tested_and_hooks_are_kept(stack: Stack, added: Path) -> None:
    hook = stack.plugin / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\necho own hook\n", encoding="utf-8")
    hook.chmod(0o755)
    head = stack.git(stack.plugin, "rev-parse", "HEAD")
    try:
        assert run(stack, pre_commit="true").changed == 1
        assert run(stack, pre_commit="true").changed == 0
        stack.write(TEST_FILE, BAD)
        stack.git(stack.plugin, "add", TEST_FILE)
        command = ["git", "-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "safe.directory=*"]
        environment = {**os.environ, "NETBOX_DEV_STATE_HOME": str(stack.state_home)}
        done = subprocess.run(
            [*command, "commit", "-qm", "bad"],
            cwd=stack.plugin,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "own hook" in said
        assert "FAILED netbox_example.tests.test_added.BadTest.test_fails" in said
        assert stack.git(stack.plugin, "rev-parse", "HEAD") == head
    finally:
        stack.git(stack.plugin, "reset", "-q", "--", TEST_FILE)
        removed = run(stack, pre_commit="false")
        assert removed.changed == 1, str(removed)
        assert hook.read_text(encoding="utf-8") == "#!/bin/sh\necho own hook\n"
        hook.unlink()
