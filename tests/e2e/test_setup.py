# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What dev-setup.yml leaves behind."""

from __future__ import annotations

import contextlib
import re
import stat

from .stack import PYTHON_SERVICES, Stack, wait_for

FILE = "/opt/netbox/netbox/netbox_example/__init__.py"


def test_netbox_and_the_plugins_pages_are_served(stack: Stack) -> None:
    assert stack.http("/login/").status == 200
    for page in ("", "info/"):
        answer = stack.http(f"/plugins/example/{page}")
        assert answer.status == 200, answer.text[:600]
    assert "netbox_example" in stack.http("/api/status/").json()["plugins"]


def test_every_service_imports_the_package_from_its_mount(stack: Stack) -> None:
    assert set(stack.processes()) == set(PYTHON_SERVICES)
    for service in PYTHON_SERVICES:
        # Housekeeping is a shell script: it has nothing to report.
        assert stack.told(service)["report"].get("file", FILE) == FILE, service
        assert stack.python(service, "import netbox_example; print(netbox_example.__file__)") == FILE, service
    assert stack.http("/plugins/example/info/").json()["file"] == FILE


def test_metadata_and_dependencies_are_installed_in_every_service(stack: Stack) -> None:
    code = (
        "from importlib.metadata import distribution as d; import json; x = d('netbox-example-plugin'); "
        "print(x.version, json.loads(x.read_text('direct_url.json'))['dir_info']['editable'], d('humanize').name)"
    )
    for service in PYTHON_SERVICES:
        assert stack.python(service, code) == "0.1.0 True humanize", service


def test_entry_points_are_loaded_from_the_mount_in_every_service(stack: Stack) -> None:
    code = (
        "from importlib.metadata import entry_points; "
        "print([e.load().__module__ for e in entry_points(group='netbox_example')])"
    )
    for service in PYTHON_SERVICES:
        assert stack.python(service, code) == "['netbox_example']", service


def test_neither_repository_is_dirtied(stack: Stack) -> None:
    assert stack.git(stack.checkout, "status", "--porcelain") == ""
    assert stack.git(stack.plugin, "status", "--porcelain").splitlines() == ["?? netbox-dev.yml"]


def test_all_that_is_written_into_the_plugin_belongs_to_its_owner(stack: Stack) -> None:
    foreign = [path for path in stack.plugin.rglob("*") if path.lstat().st_uid != stack.owner[0]]
    assert not foreign


def test_a_second_run_changes_nothing(stack: Stack) -> None:
    before = stack.processes()
    play = stack.setup()
    assert (play.status, play.changed) == (0, 0), str(play)
    assert stack.processes() == before


def test_a_run_in_check_mode_changes_nothing(stack: Stack) -> None:
    before = stack.processes()
    play = stack.setup("--check", "--diff")
    assert (play.status, play.changed) == (0, 0), str(play)
    assert stack.processes() == before


def test_the_password_is_kept_secret_and_the_superuser_can_log_in(stack: Stack) -> None:
    file = stack.state / "superuser_password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(stack.state.stat().st_mode) == 0o700
    assert file.stat().st_uid == stack.owner[0]
    home = stack.log_in("admin", file.read_text(encoding="utf-8").strip())
    assert home.status == 200, home.text


def test_ports_are_bound_to_this_machine_only(stack: Stack) -> None:
    bindings = [
        binding
        for container in stack.containers().values()
        for ports in (container["NetworkSettings"]["Ports"] or {}).values()
        for binding in ports or []
    ]
    assert bindings == [{"HostIp": "127.0.0.1", "HostPort": str(stack.port)}]


def test_the_debug_toolbar_is_seen_from_this_machine(stack: Stack) -> None:
    assert 'id="djDebug"' in stack.http("/plugins/example/").text
    # Health checks say that they are none of a browser's.
    asked = "curl -fsS -H 'X-NetBox-Dev: health' http://localhost:8080/login/"
    assert "djDebug" not in stack.exec("netbox", "sh", "-c", asked)
    assert "X-NetBox-Dev: health" in str(stack.containers()["netbox"]["Config"]["Healthcheck"])


def test_development_settings_are_in_force(stack: Stack) -> None:
    code = (
        "from django.conf import settings as s; d = s.DATABASES['default']; print(s.DEBUG, s.DEVELOPER, "
        "d['OPTIONS']['sslmode'], d['OPTIONS']['connect_timeout'], d['CONN_HEALTH_CHECKS'], "
        "s.CACHES['default']['OPTIONS']['COMPRESSOR'], s.STORAGES['staticfiles']['BACKEND'])"
    )
    told = stack.exec("netbox", "python", "manage.py", "shell", "-v", "0", "-c", code).split()
    assert told == [
        *("True", "True", "disable", "5", "True"),
        "django_redis.compressors.zlib.ZlibCompressor",
        "django.contrib.staticfiles.storage.StaticFilesStorage",
    ]


def test_all_services_share_the_static_volume(stack: Stack) -> None:
    css = (stack.package / "static/netbox_example/app.css").read_text(encoding="utf-8")
    for service in PYTHON_SERVICES:
        assert stack.exec(service, "cat", "/opt/netbox/netbox/static/netbox_example/app.css") == css, service
    assert stack.http("/static/netbox_example/app.css").text == css


def test_workers_execute_jobs_from_netboxs_queues_and_the_plugins_own(stack: Stack) -> None:
    assert stack.job_result() == "synced 0 switches"
    assert stack.job_result("?queue=sync") == "synced 0 switches"


def test_the_scheduler_runs(stack: Stack) -> None:
    top = stack.compose("top", "netbox-rq-scheduler").stdout
    assert re.search(r"warm manage rqscheduler", top), top


def test_recreated_containers_are_as_good_and_edits_in_them_live(stack: Stack) -> None:
    before = stack.processes()
    done = stack.compose("up", "-d", "--force-recreate", *PYTHON_SERVICES)
    assert done.returncode == 0, done.stderr
    assert set(stack.what_happened(before).values()) == {"recreate"}

    def served() -> bool:
        try:
            return stack.http("/plugins/example/").status == 200
        except OSError:
            return False

    wait_for(served, "the plugin's page after recreation")
    test_metadata_and_dependencies_are_installed_in_every_service(stack)
    test_all_services_share_the_static_volume(stack)
    with stack.kept("netbox_example/views.py"):
        stack.replace("netbox_example/views.py", r'^TITLE = ".*"$', 'TITLE = "Edited in a recreated container"')
        wait_for(lambda: "Edited in a recreated container" in stack.http("/plugins/example/").text, "the edited title")
    stack.must_apply()
    stack.assert_fresh()


def test_a_restarted_container_starts_netbox_once(stack: Stack) -> None:
    before = stack.containers()["netbox"]
    # No entrypoint of the image's that would migrate, look for a superuser and so on, each in a NetBox of its own.
    assert "docker-entrypoint.sh" not in " ".join([before["Path"], *before["Args"]])
    stack.compose("restart", "netbox")

    def served() -> bool:
        with contextlib.suppress(OSError):
            return stack.http("/login/").status == 200
        return False

    wait_for(served, "NetBox to be served again", 60)
    told = stack.told("netbox")
    assert (told["attempts"], told["generation"]) == (1, 1)
    started = stack.exec("netbox", "sh", "-c", "ps -eo args | grep -c '[n]etbox_dev_runtime'")
    # The supervisor, the process without plugins, and the only child that was forked from it.
    assert started.strip() == "3"
    stack.assert_fresh()
