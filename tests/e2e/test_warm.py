# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Processes that are forked from a NetBox that is set up already are what a start from nothing makes."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from .long import long
from .stack import Stack, wait_for

INIT = "netbox_example/__init__.py"
TITLE = r'^TITLE = ".*"$'


def put(stack: Stack, name: str) -> None:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    done = stack.compose("exec", "-T", "netbox", "sh", "-c", f"cat > /tmp/{name}", stdin=text)
    assert done.returncode == 0, done.stderr


def portrait(stack: Stack, *how: str) -> list[str]:
    return stack.exec("netbox", "python", "/tmp/portrait.py", *how).splitlines()


def test_a_process_with_late_plugins_is_what_a_start_from_nothing_makes(stack: Stack) -> None:
    stack.must_apply()
    put(stack, "portrait.py")
    cold, warm = portrait(stack, "cold"), portrait(stack, "warm")
    for kind in ("app netbox_example", "model netbox_example.", "registry plugins", "graphql type", "url /plugins/"):
        assert [line for line in cold if line.startswith(kind)], kind
    assert warm == cold


def split(lines: list[str]) -> tuple[list[str], dict[str, str]]:
    """What a process is, and what its modules keep of settings, by their names."""
    kept = {}
    for line in lines:
        if line.startswith("kept "):
            _kind, name, value = line.split(" ", 2)
            kept[name] = value
    return [line for line in lines if not line.startswith("kept ")], kept


def test_a_process_for_tests_that_is_bound_late_is_what_a_start_from_nothing_makes(stack: Stack) -> None:
    put(stack, "portrait.py")
    (cold, cold_kept), (warm, warm_kept) = (split(portrait(stack, how, "tests")) for how in ("cold", "warm"))
    assert "setting DEBUG False" in cold
    assert ":6379/4 " in cold_kept["cache"]
    assert not [line for line in warm if "debug_toolbar" in line and not line.startswith("setting ")]
    assert warm == cold
    # One that is bound late has more modules.
    assert {name: warm_kept.get(name) for name in cold_kept} == cold_kept


def test_what_serves_was_forked_and_a_saved_file_brings_another(stack: Stack) -> None:
    assert {name: stack.told(name)["warm"] for name in ("netbox", "netbox-worker")} == {
        "netbox": True,
        "netbox-worker": True,
    }
    with stack.kept("netbox_example/views.py"):
        stack.replace("netbox_example/views.py", TITLE, 'TITLE = "Warm"')
        wait_for(lambda: stack.http("/plugins/example/info/").json()["title"] == "Warm", "the saved view")
        assert stack.told("netbox")["warm"] is True
        stack.must_apply()
    stack.must_apply()


CHECKED = """
from django.core.checks import Error, register


@register()
def wrong(app_configs, **options):
    return [Error("it is wrong", id="netbox_example.E001")]
"""


def test_a_failing_check_of_the_plugins_is_told_though_no_command_makes_it_as_it_starts(stack: Stack) -> None:
    path = "netbox_example/views.py"
    with stack.kept(path):
        stack.write(path, (stack.plugin / path).read_text(encoding="utf-8") + CHECKED)
        wait_for(lambda: "netbox_example.E001" in (stack.told("netbox")["checks"] or ""), "the web service's checks")
        assert "(netbox_example.E001) it is wrong" in stack.must_apply().flat
        assert "(netbox_example.E001) it is wrong" in stack.playbook("status.yml").flat
    assert "E001" not in stack.must_apply().flat
    assert stack.told("netbox")["checks"] == ""


def test_a_worker_that_is_asked_to_end_does_the_job_that_it_was_handed(stack: Stack) -> None:
    put(stack, "one_job.py")
    became = {how: stack.exec("netbox", "python", "/tmp/one_job.py", how).split()[-1] for how in ("plain", "ours")}
    assert became == {"plain": "queued", "ours": "finished"}


def test_a_plugin_that_cannot_be_bound_late_is_started_from_nothing_and_that_is_said(stack: Stack) -> None:
    why = "plugins change the order of the apps of NetBox"
    with stack.kept(INIT):
        stack.replace(INIT, r"^    base_url = .*$", '    base_url = "example"\n    django_apps = ["extras"]')
        stack.must_apply()
        told = stack.told("netbox")
        assert (told["warm"], told["cold"]) == (False, why)
        looked = stack.playbook("status.yml")
        assert f"start NetBox from nothing: {why}" in looked.flat, str(looked)
        assert stack.http("/plugins/example/").status == 200
    stack.must_apply()
    assert stack.told("netbox")["warm"] is True
    stack.assert_fresh()


@contextmanager
def locked_table(stack: Stack) -> Iterator[None]:
    """A person in dbshell who went for lunch holds what a migration needs."""
    held = "BEGIN; LOCK TABLE netbox_example_fabric; SELECT pg_sleep(60)"
    psql = ("exec", "-T", "-e", "PGAPPNAME=lunch", "postgres", "psql", "-U", "netbox", "-c", held)
    command = ("docker", "compose", *psql)
    person = subprocess.Popen(command, cwd=stack.checkout, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    where = "FROM pg_stat_activity WHERE application_name = 'lunch'"
    try:
        wait_for(lambda: stack.psql(f"SELECT 1 {where} AND query LIKE '%sleep%'"), "the transaction")
        yield
    finally:
        stack.psql(f"SELECT pg_terminate_backend(pid) {where}")
        person.wait(30)


def test_a_forked_task_of_a_run_that_was_killed_is_ended_by_the_next(stack: Stack) -> None:
    stack.must_apply()
    with ThreadPoolExecutor() as pool:
        with locked_table(stack):
            line = "    forked = models.IntegerField(null=True, blank=True)\n    description = models"
            stack.replace("netbox_example/models.py", "^    description = models", line)
            status, told = stack.run_once("say migration 1")
            assert status == -signal.SIGKILL, told
            (left,) = (stack.state / "run").glob("task-*")
            again = pool.submit(stack.must_apply)
            wait_for(lambda: not left.exists(), "the end of what the killed run left")
        assert "reload" in again.result().done
    assert stack.psql("SELECT count(*) FROM netbox_example_fabric WHERE forked IS NULL").isdigit()
    assert not list((stack.state / "run").glob("task-*"))
    stack.assert_fresh()


@long
def test_a_project_may_have_no_warm_processes(stack: Stack) -> None:
    with stack.kept("netbox-dev.yml"):
        text = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        stack.write("netbox-dev.yml", f"{text}warm: false\n")
        play = stack.must_apply()
        assert set(play.done) == {"recreate"}, str(play)
        assert (stack.told("netbox")["warm"], stack.told("netbox")["cold"]) == (False, "")
    stack.must_apply()
    assert stack.told("netbox")["warm"] is True
