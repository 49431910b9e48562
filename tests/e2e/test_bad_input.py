# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Bad input gets a clear error and loses nothing; a run that was killed is repaired by the next."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from .long import long
from .stack import Stack, free_port, wait_for

UNIQUE = "    description = models.CharField(unique=True, "


def insert_fabric(stack: Stack, name: str, description: str, **more: int) -> None:
    columns, values = "".join(f", {column}" for column in more), "".join(f", {value}" for value in more.values())
    stack.psql(
        f"INSERT INTO netbox_example_fabric (created, name, description, custom_field_data{columns}) "
        f"VALUES (now(), '{name}', '{description}', '{{}}'{values})"
    )


def refused(play_status: int, flat: str, *words: str) -> None:
    assert play_status != 0, flat
    for word in words:
        assert word in flat, f"'{word}' is not in: {flat}"


def test_no_plugin_at_the_path(stack: Stack, tmp_path: Path) -> None:
    play = stack.setup(plugin_path=str(tmp_path / "nowhere"))
    refused(play.status, play.flat, "plugin_not_found", "nothing was found there")


def test_a_directory_that_is_no_netbox_plugin(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("")
    play = stack.setup(plugin_path=str(tmp_path))
    refused(play.status, play.flat, "plugin_not_found", "is not a NetBox plugin", "pkg/")


def test_a_plugin_without_a_stack(stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/__init__.py").write_text("class C(PluginConfig):\n    pass\n")
    play = stack.apply(plugin_path=str(tmp_path))
    refused(play.status, play.flat, "stack_not_set_up", "dev-setup.yml")


def test_an_unknown_category_names_the_nearest(stack: Stack) -> None:
    play = stack.apply("modles")
    refused(play.status, play.flat, "unknown_category", "did you mean 'models'")


def test_an_unknown_netbox_version_lists_the_known(stack: Stack) -> None:
    play = stack.setup(netbox="3.7")
    refused(play.status, play.flat, "unknown_release", "4.3", "4.4")


def test_an_unknown_key_of_the_project_file_names_the_nearest(stack: Stack) -> None:
    with stack.kept("netbox-dev.yml"):
        stack.write("netbox-dev.yml", "pakages: [rq-scheduler]\n")
        play = stack.apply()
        refused(play.status, play.flat, "invalid_project", "did you mean 'packages'")


def test_a_taken_port_says_by_what(stack: Stack) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        play = stack.setup(netbox_dev_port=other.getsockname()[1])
    refused(play.status, play.flat, "port_taken", f"(pid {os.getpid()})")
    assert stack.http("/login/").status == 200


def test_an_engine_that_does_not_answer(stack: Stack) -> None:
    play = stack.apply(environment={"DOCKER_HOST": "unix:///nonexistent/docker.sock"})
    refused(play.status, play.flat, "engine_unavailable", "unix:///nonexistent/docker.sock", "Start it")
    assert stack.http("/login/").status == 200


def test_a_foreign_override_is_refused_with_the_difference_and_kept(stack: Stack) -> None:
    path = stack.checkout / "docker-compose.override.yml"
    ours = path.read_text(encoding="utf-8")
    foreign = "services: {netbox: {environment: {MINE: yes}}}\n"
    try:
        path.write_text(foreign, encoding="utf-8")
        play = stack.setup()
        refused(play.status, play.flat, "foreign_override", "MINE")
        assert path.read_text(encoding="utf-8") == foreign
    finally:
        path.write_text(ours, encoding="utf-8")


def test_a_checkout_with_a_local_commit_is_never_reset(stack: Stack) -> None:
    stack.git(stack.checkout, "commit", "--allow-empty", "-m", "mine")
    try:
        head = stack.git(stack.checkout, "rev-parse", "HEAD")
        play = stack.setup()
        refused(play.status, play.flat, "local edits or commits", "mine")
        assert stack.git(stack.checkout, "rev-parse", "HEAD") == head
    finally:
        stack.git(stack.checkout, "checkout", "-q", "--detach", "3.3.0")


def test_a_dependency_that_does_not_exist_leaves_the_old_image_in_use(stack: Stack) -> None:
    before = stack.processes()
    with stack.kept("pyproject.toml"):
        stack.replace("pyproject.toml", r"dependencies = \[[^\]]*\]", 'dependencies = ["netbox-dev-no-such-package"]')
        play = stack.apply()
        refused(play.status, play.flat, "build_failed", "netbox-dev-no-such-package", "the image in use was kept")
        assert stack.processes() == before
        assert stack.http("/plugins/example/").status == 200
    stack.must_apply()
    stack.assert_fresh()


@pytest.mark.parametrize("broken", ["def broken(:\n", "raise NameError('boom')\n"])
def test_broken_code_is_named_and_the_last_good_state_is_served(stack: Stack, broken: str) -> None:
    before = {path.name for path in (stack.package / "migrations").iterdir()}
    with stack.kept("netbox_example/views.py", "netbox_example/models.py"):
        stack.write("netbox_example/views.py", broken)
        # The schema does not move to what cannot be served.
        field = "    unserved = models.IntegerField(default=1)\n    description = models"
        stack.replace("netbox_example/models.py", r"^    description = models", field)
        play = stack.apply()
        refused(play.status, play.flat, "broken_code", "netbox_example/views.py", "line 1", "goes on serving")
        assert {path.name for path in (stack.package / "migrations").iterdir()} == before
        assert stack.http("/plugins/example/").status == 200
        assert stack.job_result().endswith("switches")
    stack.must_apply()
    stack.assert_fresh()


@long
def test_what_nothing_has_imported_yet_and_templates_must_compile_too(stack: Stack) -> None:
    command, template = (
        "netbox_example/management/commands/later.py",
        "netbox_example/templates/netbox_example/switch.html",
    )
    before = stack.processes()
    with stack.kept(command, template):
        stack.write(command, "x = 1\ndef handle(:\n")
        play = stack.apply()
        refused(play.status, play.flat, "broken_code", f"{command}, line 2: ", "def handle(:")
        (stack.plugin / command).unlink()
        stack.replace(template, r"\A", "{% load i18n %}\n{% if %}\n")
        for check in (True, False):
            play = stack.apply(check=check)
            refused(play.status, play.flat, "broken_code", f"{template}, line 2: ", "'category: docs'")
        looked = stack.playbook("status.yml")
        assert (looked.status, f"{template}, line 2" in looked.flat) == (0, True), str(looked)
    assert {name: was[:2] for name, was in stack.processes().items()} == {name: was[:2] for name, was in before.items()}
    stack.must_apply()
    stack.assert_fresh()


def test_broken_settings_restart_nothing(stack: Stack) -> None:
    before = stack.processes()
    with stack.kept("netbox_example/__init__.py"):
        text = (stack.package / "__init__.py").read_text(encoding="utf-8")
        stack.write("netbox_example/__init__.py", f"{text}\nconfig = PluginConfg\n")
        play = stack.apply()
        refused(play.status, play.flat, "broken_code", "PluginConfg")
        assert stack.http("/plugins/example/").status == 200
    assert {name: was[:2] for name, was in stack.processes().items()} == {name: was[:2] for name, was in before.items()}
    stack.must_apply()
    stack.assert_fresh()


def test_a_plugin_that_netbox_refuses_is_told_with_netboxs_reason(stack: Stack) -> None:
    before = stack.processes()
    with stack.kept("netbox_example/__init__.py"):
        stack.replace("netbox_example/__init__.py", r'min_version = ".*"', 'min_version = "9.9.0"')
        play = stack.apply()
        refused(play.status, play.flat, "plugin_not_registered", "netbox_example", "9.9.0")
        assert stack.http("/plugins/example/").status == 200
    assert {name: was[:2] for name, was in stack.processes().items()} == {name: was[:2] for name, was in before.items()}
    stack.must_apply()
    assert "netbox_example" in stack.http("/api/status/").json()["plugins"]
    stack.assert_fresh()


STUCK = """\
import sys
import time

if any(f"netbox_dev_runtime.{name}" in sys.orig_argv for name in ("child", "warm")):
    print("stuck on purpose", file=sys.stderr, flush=True)
    time.sleep(600)
"""


@long
def test_a_service_that_does_not_come_up_is_told_with_its_last_log_lines(stack: Stack) -> None:
    stuck = stack.checkout / "configuration" / "zz_stuck.py"
    stuck.write_text(STUCK, encoding="utf-8")
    try:
        play = stack.apply(apply_change_time_limit=25)
        refused(play.status, play.flat, "service_unhealthy", "is not fresh after 25 s", "stuck on purpose")
    finally:
        stuck.unlink()
    stack.must_apply()
    assert stack.http("/login/").status == 200
    stack.assert_fresh()


def test_a_service_that_ends_right_after_its_start_is_told_at_once(stack: Stack) -> None:
    with stack.kept("netbox-dev.yml"):
        project = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        extra = "services:\n  netbox-crashing:\n    command: rqworker --no-such-option\n"
        stack.write("netbox-dev.yml", f"{extra}{project}")
        play = stack.apply()
        refused(play.status, play.flat, "broken_code", "'netbox-crashing'", "unrecognized arguments: --no-such-option")
        assert play.seconds < 60
        assert stack.http("/plugins/example/").status == 200
    # The service goes with its line.
    assert "remove netbox-crashing no such service is wanted" in stack.must_apply(check=True).flat
    assert stack.must_apply().done["remove"] == {"netbox-crashing"}
    assert "netbox-crashing" not in stack.containers()
    stack.assert_fresh()


ENDING = """import sys
import time

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def handle(self, *args, **options):
        time.sleep(3)
        sys.exit("over and out")
"""


@long
def test_a_service_that_ends_some_seconds_after_its_start_is_told_by_the_next_run(stack: Stack) -> None:
    command = "netbox_example/management/commands/ending.py"
    with stack.kept("netbox-dev.yml", command):
        project = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        stack.write(command, ENDING)
        stack.write("netbox-dev.yml", f"services:\n  netbox-ending:\n    command: ending\n{project}")
        stack.apply()
        wait_for(lambda: stack.told("netbox-ending")["lived"], "the first end of the process")
        assert "netbox-ending" in stack.must_apply(check=True).flat
        play = stack.apply()
        refused(play.status, play.flat, "broken_code", "'netbox-ending'", "ended with status", "over and out")
        assert stack.http("/plugins/example/").status == 200
    stack.must_apply()
    stack.assert_fresh()


def test_without_a_network_the_checkout_says_what_to_do(stack: Stack, tmp_path: Path) -> None:
    plugin = copy_of(stack, tmp_path)
    url = f"http://127.0.0.1:{free_port()}/netbox-docker.git"
    play = stack.setup(plugin_path=str(plugin), netbox_dev_netbox_docker_url=url, netbox_dev_port=free_port())
    refused(play.status, play.flat, f"could not be fetched from '{url}'", "netbox_dev_netbox_docker_url")
    assert not (plugin / "gitignore/netbox-docker").exists()


def test_a_read_only_plugin_is_refused_before_anything_is_touched(stack: Stack, tmp_path: Path) -> None:
    plugin = copy_of(stack, tmp_path)
    subprocess.run(["mount", "--bind", plugin, plugin], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", plugin], check=True)
        play = stack.setup(plugin_path=str(plugin), netbox_dev_port=free_port())
        refused(play.status, play.flat, str(plugin), "cannot be written", "netbox_dev_checkout")
    finally:
        subprocess.run(["umount", plugin], check=True)


def test_the_first_run_in_check_mode_says_what_it_would_do_and_touches_nothing(stack: Stack, tmp_path: Path) -> None:
    plugin = copy_of(stack, tmp_path)
    before = sorted(plugin.rglob("*"))
    play = stack.setup("--check", plugin_path=str(plugin), netbox_dev_port=free_port())
    assert play.status == 0, str(play)
    assert "Would check out netbox-docker 3.3.0" in play.flat, str(play)
    assert sorted(plugin.rglob("*")) == before
    assert len(list(stack.state_home.iterdir())) == 1


def copy_of(stack: Stack, folder: Path) -> Path:
    """Another plugin of the same files, without a stack."""
    plugin = folder / "plugin"
    shutil.copytree(stack.plugin, plugin, ignore=shutil.ignore_patterns("gitignore", ".git", "netbox-dev.yml"))
    return plugin


def test_a_field_that_may_have_been_renamed_is_asked_about_and_nothing_is_lost(stack: Stack) -> None:
    insert_fabric(stack, "kept", "text")
    before = {path.name for path in (stack.package / "migrations").iterdir()}
    try:
        with stack.kept("netbox_example/models.py"):
            stack.replace("netbox_example/models.py", r"^    description = ", "    summary = ")
            play = stack.apply("models")
            refused(play.status, play.flat, "schema_failed", "fabric.description", "renamed to 'summary'")
            assert {path.name for path in (stack.package / "migrations").iterdir()} == before
            assert stack.psql("SELECT description FROM netbox_example_fabric WHERE name = 'kept'") == "text"
    finally:
        stack.psql("DELETE FROM netbox_example_fabric WHERE name = 'kept'")
    stack.must_apply()
    stack.assert_fresh()


def test_a_migration_that_fails_is_named_and_leaves_neither_file_nor_rows_changed(stack: Stack) -> None:
    insert_fabric(stack, "one", "same")
    insert_fabric(stack, "two", "same")
    before = {path.name for path in (stack.package / "migrations").iterdir()}
    try:
        with stack.kept("netbox_example/models.py"):
            stack.replace("netbox_example/models.py", r"^    description = models.CharField\(", UNIQUE)
            play = stack.apply("models")
            refused(play.status, play.flat, "schema_failed", "IntegrityError", "Not applied: netbox_example.")
            assert {path.name for path in (stack.package / "migrations").iterdir()} == before
            assert stack.http("/plugins/example/").status == 200
    finally:
        stack.psql("DELETE FROM netbox_example_fabric WHERE name IN ('one', 'two')")
    stack.must_apply()
    stack.assert_fresh()


def test_a_container_removed_by_hand_comes_back(stack: Stack) -> None:
    stack.compose("rm", "-sf", "netbox-worker")
    play = stack.must_apply()
    assert "netbox-worker" in play.done["recreate"], str(play)
    assert stack.job_result().endswith("switches")
    stack.assert_fresh()


def interrupt(stack: Stack, marker: str, playbook: str, **variables: object) -> int:
    """Run a playbook and press Ctrl-C as soon as it tells ``marker``; return how it ended."""
    _arguments, process = stack.start_playbook(playbook, **variables)
    assert process.stdout is not None
    shown = []
    for line in process.stdout:
        shown.append(line)
        if marker in line:
            break
    else:
        raise AssertionError(f"'{marker}' was never told: {''.join(shown)}")
    # As a person does: Ansible loses one that comes while it is between two tasks.
    for _press in range(30):
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=4)
            break
    return process.wait(60)


def lock_is_free(stack: Stack) -> bool:
    done = subprocess.run(["flock", "-n", str(stack.state / "lock"), "true"], check=False)
    return done.returncode == 0


@long
def test_ctrl_c_in_the_middle_of_a_build_is_repaired_by_the_next_run(stack: Stack) -> None:
    with stack.kept("netbox-dev.yml"):
        text = (stack.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        stack.write("netbox-dev.yml", text.replace("  - rq-scheduler\n", "  - rq-scheduler\n  - toolz\n"))
        assert interrupt(stack, "build:", "apply-change.yml") != 0
        wait_for(lambda: lock_is_free(stack), "the interrupted run to let go of the lock", 60)
        stack.must_apply()
        for service in stack.python_services:
            assert stack.python(service, "import toolz; print(1)") == "1"
        stack.assert_fresh()
    stack.must_apply()


@long
def test_ctrl_c_at_every_step_of_a_set_up_is_repaired_by_the_next_run(stack: Stack, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    other = Stack(copy_of(stack, tmp_path), tmp_path / "state", stack.sandbox, free_port())
    try:
        for marker in (
            "netbox_docker : Fetch",
            "compose_override : ",
            "build:",
            "migration 3 of",
            "recreate (",
        ):
            status = interrupt(other, marker, "dev-setup.yml", **other.sources)
            # The last is told when little is left to do.
            assert status != 0 or marker == "recreate ("
        play = other.setup()
        assert play.status == 0, str(play)
        assert other.http("/plugins/example/").status == 200
        play = other.setup()
        assert (play.status, play.changed) == (0, 0), str(play)
        assert stack.git(other.checkout, "status", "--porcelain") == ""
    finally:
        other.remove()
    assert stack.http("/login/").status == 200


def test_two_runs_at_once_do_not_meet(stack: Stack) -> None:
    text = (stack.package / "models.py").read_text(encoding="utf-8")
    stack.write("netbox_example/models.py", f"{text}# means nothing to the schema\n")
    processes = [stack.start_playbook("apply-change.yml")[1] for _turn in range(2)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    ended = [process.returncode for process in processes]
    assert 0 in ended, outputs
    for status, output in zip(ended, outputs):
        assert status == 0 or "stack_locked" in output, output
    deadline = time.monotonic() + 10
    while not lock_is_free(stack) and time.monotonic() < deadline:
        time.sleep(0.1)
    stack.must_apply()
    stack.assert_fresh()
