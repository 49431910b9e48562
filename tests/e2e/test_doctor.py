# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The doctor: silent on a stack that is well; what is broken is found, alone, and mended where that is safe."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .long import long
from .stack import ROOT, Stack, wait_for

SOMEBODY_ELSE = 23456
INIT = "netbox_example/__init__.py"
VIEWS = "netbox_example/views.py"
REDIS = ("sh", "-c", 'valkey-cli --no-auth-warning --pass "${2:-$REDIS_PASSWORD}" $1 2>&1', "sh")
ENQUEUE = (
    "import sys; sys.path.insert(0, '/opt/netbox/netbox'); from netbox_dev_runtime.netbox import set_up; set_up(); "
    "import django_rq; print(django_rq.get_queue('default').enqueue('builtins.int', 'no number').id)"
)
EMPTY = (
    "import sys; sys.path.insert(0, '/opt/netbox/netbox'); from netbox_dev_runtime.netbox import set_up; set_up(); "
    "import django_rq\n"
    "for name in ('high', 'default', 'low', 'netbox_example.sync'):\n"
    "    registry = django_rq.get_queue(name).failed_job_registry\n"
    "    for job in registry.get_job_ids():\n"
    "        registry.remove(job, delete_job=True)"
)
MIGRATION = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [{parent}]
    operations = [migrations.RunSQL(migrations.RunSQL.noop, migrations.RunSQL.noop)]
"""


@dataclass(frozen=True)
class Visit:
    status: int
    told: dict[str, Any]
    seconds: float

    def names(self, key: str = "findings") -> list[str]:
        return sorted(one["check"] for one in self.told[key])

    def text(self, check: str, key: str = "findings") -> str:
        """All that is told of one check."""
        found = [one for one in self.told[key] if one["check"] == check]
        return " | ".join(f"{one['finding']} | {one['evidence']} | {one['remedy']}" for one in found)


def visit(stack: Stack, *options: str, **environment: str) -> Visit:
    """A visit without Ansible around it."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/e2e/one_visit.py"), str(stack.plugin), *options],
        env={
            **os.environ,
            "NETBOX_DEV_STATE_HOME": str(stack.state_home),
            "PYTHONPATH": str(ROOT / ".venv/collections"),
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Visit(done.returncode, json.loads(done.stdout), time.monotonic() - started)


def finds(stack: Stack, expected: dict[str, str], **environment: str) -> Visit:
    """A visit finds exactly these checks, each with these words in what it tells."""
    made = visit(stack, **environment)
    assert made.names() == sorted(expected), json.dumps(made.told, indent=1)
    for check, words in expected.items():
        assert words in made.text(check), f"'{words}' is not in: {made.text(check)}"
    return made


def mends(stack: Stack, expected: dict[str, str]) -> Visit:
    """A visit with fix=true finds exactly these, mends them all, and leaves nothing."""
    made = visit(stack, "fix")
    assert made.names("mended") == sorted(expected), json.dumps(made.told, indent=1)
    for check, words in expected.items():
        assert words in made.text(check, "mended"), f"'{words}' is not in: {made.text(check, 'mended')}"
    assert made.told["findings"] == [], json.dumps(made.told, indent=1)
    return made


@pytest.fixture(scope="module")
def well(stack: Stack) -> Iterator[Stack]:
    """The stack, fresh, without jobs that other tests let fail; fresh again at the end."""
    assert stack.run_once()[0] == 0
    stack.python("netbox-worker", EMPTY)
    yield stack
    assert stack.run_once()[0] == 0
    stack.assert_fresh()


@contextmanager
def migration(stack: Stack, name: str, parent: str) -> Iterator[Path]:
    path = stack.write(f"netbox_example/migrations/{name}.py", MIGRATION.format(parent=parent))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)
        stack.psql(f"DELETE FROM django_migrations WHERE app = 'netbox_example' AND name = '{name}'")


def given_to(folder: Path, uid: int, gid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, uid, gid)


def tried(stack: Stack, service: str = "netbox") -> None:
    """A service has tried the code that was saved, and cannot start it."""
    wait_for(lambda: stack.told(service)["error"] and not stack.told(service)["busy"], "the saved code to fail", 90)


def leaf(stack: Stack) -> str:
    return sorted(path.stem for path in (stack.package / "migrations").glob("0*.py"))[-1]


def test_a_stack_that_is_well_is_told_in_one_line(well: Stack) -> None:
    made = visit(well)
    assert made.told["findings"] == [], json.dumps(made.told, indent=1)
    assert len(made.told["summary"]) == 1
    play = well.playbook("doctor.yml", output="json", fix="true")
    assert (play.status, play.changed) == (0, 0), str(play)
    (line,) = [line for line in play.output.splitlines() if line.startswith("{")]
    assert json.loads(line)["healthy"] is True


def test_what_needs_no_new_process_is_mended_at_once(well: Stack) -> None:
    style = well.exec("netbox", "sh", "-c", "ls static/netbox_example/*.css | head -1").strip()
    helper = well.package / "tests" / "not_for_all.py"
    own = well.package / "migrations" / "0001_initial.py"
    with migration(well, "0900_doctor", f"('netbox_example', '{leaf(well)}')"):
        well.compose("exec", "-T", "-u", "root", "netbox", "sh", "-c", f"echo other > {style}")
        os.chown(own, 0, 0)
        helper.write_text("", encoding="utf-8")
        os.chown(helper, SOMEBODY_ELSE, SOMEBODY_ELSE)
        helper.chmod(0o600)
        try:
            mends(
                well,
                {
                    "ownership": "netbox_example/migrations/0001_initial.py",
                    "access": "tests/not_for_all.py",
                    "migrations": "netbox_example.0900_doctor",
                    "static": "1 static files",
                },
            )
            assert own.stat().st_uid == well.owner[0]
            # A person's file stays that person's.
            assert helper.stat().st_uid == SOMEBODY_ELSE
            assert "RunSQL" not in well.exec("netbox", "cat", "netbox_example/tests/not_for_all.py")
        finally:
            helper.unlink(missing_ok=True)


def test_what_only_a_person_can_mend_is_told_with_its_remedy(well: Stack) -> None:
    source = well.sandbox / "netbox-docker.git-source"
    readme = well.checkout / "README.md"
    text = readme.read_text(encoding="utf-8")
    future = well.package / "tests" / "__init__.py"
    was = future.stat().st_mtime
    assert well.python("netbox-worker", ENQUEUE)
    first = leaf(well)
    with migration(well, "0901_doctor", "('netbox_example', '0001_initial')"):
        try:
            well.git(source, "tag", "3.3.9", "3.3.0")
            # Git is asked as who owns the checkout, and reads nothing of somebody else's.
            given_to(source, *well.owner)
            readme.write_text(f"{text}mine\n", encoding="utf-8")
            os.utime(future, (was, time.time() + 7200))
            well.psql("UPDATE pg_database SET encoding = 0 WHERE datname = 'netbox'")
            made = finds(
                well,
                {
                    "checkout": "README.md",
                    "release": 'netbox_docker_version: "3.3.9"',
                    "clock": "netbox_example/tests/__init__.py: 120 minutes",
                    "encoding": "SQL_ASCII",
                    "migration_conflict": f"{first} and 0901_doctor both come last",
                    "failed_jobs": "builtins.int: ValueError: invalid literal for int() with base 10: 'no number'",
                },
            )
            assert "merge=true" in made.text("migration_conflict")
            # Nothing of it is mended unasked, nor when asked.
            assert visit(well, "fix").names() == made.names()
        finally:
            well.psql("UPDATE pg_database SET encoding = 6 WHERE datname = 'netbox'")
            os.utime(future, (was, was))
            readme.write_text(text, encoding="utf-8")
            given_to(source, 0, 0)
            well.git(source, "tag", "-d", "3.3.9")
            well.python("netbox-worker", EMPTY)


LOSING = """\
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("netbox_example", "{parent}")]
    operations = [migrations.RemoveField("fabric", "description")]
"""


@long
def test_a_migration_that_drops_a_column_is_left_to_who_asks_for_it(well: Stack) -> None:
    column = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'netbox_example_fabric' AND "
    column += "column_name = 'description'"
    path = well.package / "migrations" / "0904_doctor.py"
    text = LOSING.format(parent=leaf(well))
    try:
        well.write("netbox_example/migrations/0904_doctor.py", text)
        made = visit(well, "fix")
        assert "migrations" in made.names(), json.dumps(made.told, indent=1)
        assert "Remove field description" in made.text("migrations")
        assert "apply-change.yml -e changed=migrations" in made.text("migrations")
        # Nor does it go along with what else is mended, and no more does an edit of the models.
        well.compose("kill", "netbox-housekeeping")
        made = visit(well, "fix")
        assert made.names("mended") == ["stopped"], json.dumps(made.told, indent=1)
        assert "migrations" in made.names()
        assert well.psql(column) == "1"
        path.unlink()
        with well.kept("netbox_example/models.py"):
            well.replace("netbox_example/models.py", r"max_length=200", "max_length=201")
            well.compose("kill", "netbox-housekeeping")
            before = leaf(well)
            made = visit(well, "fix")
            assert made.names("mended") == ["stopped"], json.dumps(made.told, indent=1)
            assert made.names() == ["drift"]
            assert leaf(well) == before, "nobody asked for a migration"
    finally:
        path.unlink(missing_ok=True)
        well.must_apply()


@contextmanager
def watchers() -> Iterator[None]:
    """All watchers that the stack's user may have."""
    code = (
        "import ctypes, sys; libc = ctypes.CDLL(None)\nwhile libc.inotify_init() >= 0: pass\n"
        "print('full', flush=True); sys.stdin.read()"
    )
    user = 12345
    process = subprocess.Popen(
        [sys.executable, "-c", code], user=user, group=user, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/"
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == b"full\n"
        yield
    finally:
        process.communicate(timeout=20)


@contextmanager
def sessions(stack: Stack, number: int) -> Iterator[None]:
    """So many sessions of the database, or as many as it takes."""
    code = (
        "import sys; sys.path.insert(0, '/opt/netbox/netbox'); from netbox_dev_runtime.netbox import set_up; set_up(); "
        "from django.db import connection; import psycopg; parameters = connection.get_connection_params()\n"
        "parameters = {k: v for k, v in parameters.items() if k not in ('cursor_factory', 'context')}\n"
        "parameters['application_name'] = 'a leak'; held = []\n"
        f"while len(held) < {number}:\n"
        "    try: held.append(psycopg.connect(**parameters))\n"
        "    except psycopg.OperationalError: break\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        ["docker", "compose", "exec", "-T", "netbox", "python", "-c", code],
        cwd=stack.checkout,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout
        wait_for(lambda: b"held" in process.stdout.readline(), "the sessions")  # type: ignore[union-attr]
        yield
    finally:
        process.communicate(timeout=60)


def test_limits_that_are_reached_and_an_image_of_another_release(well: Stack) -> None:
    free = 97 - int(well.psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))
    dotenv = well.checkout / ".env"
    try:
        with watchers(), sessions(well, free - 11):
            dotenv.write_text("VERSION=v4.2-3.2.0\n", encoding="utf-8")
            finds(
                well,
                {
                    "inotify": "EMFILE",
                    "connections": "of a leak at",
                    "image": "the base image is of netbox-docker 3.2.0, not 3.3.0",
                },
            )
    finally:
        dotenv.unlink(missing_ok=True)


def test_code_that_does_not_start_is_named_and_nothing_that_follows_from_it(well: Stack) -> None:
    with well.kept(VIEWS):
        text = (well.plugin / VIEWS).read_text(encoding="utf-8")
        well.write(VIEWS, f"{text}\nno_such_name\n")
        tried(well)
        line = text.count("\n") + 2
        finds(well, {"import_error": f"netbox_example/views.py:{line}: NameError: name 'no_such_name' is not defined"})


def test_models_without_their_migration_and_a_queue_without_a_worker(well: Stack) -> None:
    with well.kept(INIT, "netbox_example/models.py"):
        well.replace("netbox_example/models.py", r"max_length=200", "max_length=201")
        well.replace(INIT, r'queues = \["sync"\]', 'queues = ["sync", "idle"]')
        made = finds(well, {"drift": "differ by 1 operations", "queues": "no worker serves netbox_example.idle"})
        assert "changed=models" in made.text("drift")


def test_services_that_do_not_run_or_run_something_else_are_made_anew(well: Stack) -> None:
    site = well.python("netbox-worker", "import sysconfig; print(sysconfig.get_path('purelib'))")
    inside = ("exec", "-T", "-u", "root")
    well.compose("kill", "netbox-housekeeping")
    well.compose("pause", "netbox-rq-scheduler")
    well.compose(*inside, "netbox-worker", "cp", "-r", "netbox_example", f"{site}/netbox_example")
    well.compose(*inside, "netbox-rq-worker-hedgehog", "sh", "-c", f"rm -r {site}/netbox_example*-*.dist-info")
    mends(
        well,
        {
            "stopped": "netbox-housekeeping: exited (137), netbox-rq-scheduler: paused",
            "shadowed": f"netbox-worker has a copy of the package beside the mounted one | {site}/netbox_example",
            "editable": "is not installed in netbox-rq-worker-hedgehog",
        },
    )


def test_an_edited_override_is_kept_beside_a_new_one(well: Stack) -> None:
    path = well.checkout / "docker-compose.override.yml"
    ours = path.read_text(encoding="utf-8")
    path.write_text(f"{ours}# mine\n", encoding="utf-8")
    mends(well, {"override": "was edited by hand"})
    assert path.read_text(encoding="utf-8") == ours
    kept = path.with_name("docker-compose.override.yml.edited-1")
    assert kept.read_text(encoding="utf-8").endswith("# mine\n")
    kept.unlink()


def test_without_an_engine_or_a_stack_the_first_step_is_told(well: Stack, tmp_path: Path) -> None:
    finds(well, {"engine": "/nonexistent/docker.sock"}, DOCKER_HOST="unix:///nonexistent/docker.sock")
    finds(well, {"set_up": "dev-setup.yml"}, NETBOX_DEV_STATE_HOME=str(tmp_path))


# -- what takes long


@long
def test_a_service_that_still_runs_other_code(well: Stack) -> None:
    container = well.containers()["netbox-worker"]["Id"]
    subprocess.run(["docker", "kill", "--signal", "STOP", container], check=True, capture_output=True)
    try:
        with well.kept(VIEWS):
            well.replace(VIEWS, r"^TITLE = .*$", 'TITLE = "Stopped"')
            wait_for(lambda: well.http("/plugins/example/info/").json()["title"] == "Stopped", "the web's reload", 60)
            finds(well, {"stale": "netbox-worker stale"})
    finally:
        subprocess.run(["docker", "kill", "--signal", "CONT", container], check=True, capture_output=True)
        well.must_apply()


@long
def test_a_state_that_a_newer_collection_wrote(well: Stack) -> None:
    path = well.state / "schema.json"
    ours = path.read_bytes()
    path.write_text('{"version": 99}', encoding="utf-8")
    try:
        finds(well, {"unexplained": "version 1 was expected, 99 was found"})
    finally:
        path.write_bytes(ours)


@long
def test_a_service_that_the_kernel_ended_for_want_of_memory(well: Stack) -> None:
    container = well.containers()["netbox-housekeeping"]["Id"]
    subprocess.run(
        ["docker", "update", "--memory", "500m", "--memory-swap", "500m", container], check=True, capture_output=True
    )
    well.compose("exec", "-T", "netbox-housekeeping", "python", "-c", "b'x' * (900 << 20)")
    well.compose("kill", "netbox-housekeeping")
    try:
        stopped = "netbox-housekeeping: exited (137)"
        finds(well, {"memory": "OOMKilled: netbox-housekeeping", "stopped": stopped})
    finally:
        well.compose("rm", "-f", "netbox-housekeeping")
        well.must_apply()


@long
@pytest.mark.parametrize(
    ("pattern", "text", "check", "words"),
    [
        (
            r'^    name = "netbox_example"',
            '    name = "netbox_exmple"',
            "plugin_name",
            "says that its name is 'netbox_exmple'",
        ),
        (r'min_version = ".*"', 'min_version = "9.9.0"', "incompatible", "requires NetBox minimum version 9.9.0"),
        (r"^    queues", '    required_settings = ["key"]\n    queues', "refused", "plugin_settings"),
    ],
)
def test_a_plugin_that_netbox_does_not_take(well: Stack, pattern: str, text: str, check: str, words: str) -> None:
    with well.kept(INIT):
        well.replace(INIT, pattern, text)
        tried(well)
        finds(well, {check: words})
    well.run_once()


@long
def test_a_plugin_that_is_not_listed(well: Stack) -> None:
    path = well.state / "runtime" / "netbox_dev_runtime" / "configuration.py"
    text = path.read_text(encoding="utf-8")
    listed = '    values["PLUGINS"] = list(dict.fromkeys([*values["PLUGINS"], package]))\n'
    assert listed in text
    path.write_text(text.replace(listed, ""), encoding="utf-8")
    try:
        finds(well, {"not_in_plugins": "it is not in PLUGINS"})
    finally:
        path.write_text(text, encoding="utf-8")


@long
def test_a_migration_whose_parent_no_netbox_here_has(well: Stack) -> None:
    with migration(well, "0902_doctor", "('extras', '0133_make_cf_minmax_decimal')"):
        finds(well, {"migration_parent": "NetBox 4.4 is the first to have the migration '0133_make_cf_minmax_decimal'"})


@long
def test_a_migration_that_is_applied_and_not_on_disk(well: Stack) -> None:
    well.psql("INSERT INTO django_migrations (app, name, applied) VALUES ('netbox_example', '0903_gone', now())")
    try:
        finds(well, {"migration_missing": "netbox_example.0903_gone"})
    finally:
        well.psql("DELETE FROM django_migrations WHERE name = '0903_gone'")


@long
def test_static_files_that_are_never_found_and_a_volume_that_may_not_be_written(well: Stack) -> None:
    shadowed = well.package / "static" / "netbox.css"
    lost = well.package / "graphql" / "static"
    inside = ("exec", "-T", "-u", "root", "netbox")
    shadowed.write_text("a {}\n", encoding="utf-8")
    lost.mkdir()
    (lost / "lost.css").write_text("b {}\n", encoding="utf-8")
    for path in (shadowed, lost, lost / "lost.css"):
        os.chown(path, *well.owner)
    try:
        made = visit(well)
        assert made.names() == ["static_hidden", "static_hidden"], json.dumps(made.told, indent=1)
        assert "'netbox.css' is served from" in made.text("static_hidden")
        assert "lost.css" in made.text("static_hidden")
        # A run that collects knows them from then on: nothing is stale for ever.
        well.run_once()
        well.assert_fresh()
    finally:
        shadowed.unlink()
        (lost / "lost.css").unlink()
        lost.rmdir()
    well.compose(*inside, "chown", "0:999", "static")
    well.compose(*inside, "chmod", "755", "static")
    mends(well, {"static_access": "/opt/netbox/netbox/static, by user 12345"})


@long
def test_a_redis_that_is_paused_is_let_go_on(well: Stack) -> None:
    well.compose("pause", "redis")
    mends(well, {"stopped": "redis: paused"})


@long
def test_redis_that_refuses_the_password(well: Stack) -> None:
    well.exec("redis", *REDIS, "CONFIG SET requirepass other")
    try:
        made = visit(well)
        assert made.names() == ["redis"], json.dumps(made.told, indent=1)
        assert "for tasks" in made.text("redis")
        assert "env/redis.env" in made.text("redis")
    finally:
        well.exec(
            "redis", "sh", "-c", 'valkey-cli --no-auth-warning --pass other CONFIG SET requirepass "$REDIS_PASSWORD"'
        )
    well.run_once()


@long
def test_a_service_that_cannot_start_is_made_anew(well: Stack) -> None:
    well.compose("exec", "-T", "-u", "root", "netbox-worker", "rm", "/opt/netbox/venv/bin/python")
    well.compose("restart", "netbox-worker")
    wait_for(lambda: not well.containers()["netbox-worker"]["State"]["Running"], "its end", 60)
    mends(well, {"crash_loop": "/opt/netbox/venv/bin/python"})


@long
def test_a_database_of_another_version_is_told_from_its_log(well: Stack) -> None:
    def version(number: int) -> None:
        write = (
            f'echo {number} > "$(dirname "$(find /var/lib/postgresql -name PG_VERSION | sort | head -1)")/PG_VERSION"'
        )
        well.compose("run", "--rm", "--no-deps", "-T", "-u", "root", "--entrypoint", "sh", "postgres", "-c", write)

    well.compose("stop", "postgres")
    version(15)
    well.compose("start", "postgres")
    try:
        wait_for(lambda: not well.containers()["postgres"]["State"]["Running"], "its end", 60)
        made = finds(well, {"crash_loop": "incompatible with server"})
        assert "the volume holds another PostgreSQL's files" in made.text("crash_loop")
    finally:
        version(17)
        well.run_once()


def older_postgres(folder: Path) -> str:
    """The image with PostgreSQL 13, of Debian bullseye, made like the sandbox's own with 17 unless it is there."""
    image = "localhost/netbox-dev-sandbox/postgres:13"
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        archive, context = folder / "base.tar", ROOT / "tests/sandbox/image"
        made = ["mmdebstrap", "--variant=minbase", "--components=main", "--include=postgresql-13"]
        asked = [sys.executable, "-c", "import build; print(build.apt_mirror())"]
        mirror = subprocess.run(asked, cwd=context.parent, capture_output=True, text=True, check=True).stdout.strip()
        subprocess.run([*made, "bullseye", str(archive), mirror], check=True, capture_output=True, timeout=400)
        subprocess.run(["docker", "import", str(archive), f"{image}-base"], check=True, capture_output=True)
        recipe = folder / "Dockerfile"
        text = (context / "Dockerfile.postgres").read_text(encoding="utf-8")
        recipe.write_text(text.replace("/17", "/13").replace("PG_MAJOR=17", "PG_MAJOR=13"), encoding="utf-8")
        build = ["docker", "build", "--build-arg", f"BASE={image}-base", "-t", image, "-f", str(recipe), str(context)]
        subprocess.run(build, check=True, capture_output=True, timeout=300)
    return image


@long
@pytest.mark.skipif(not shutil.which("mmdebstrap"), reason="mmdebstrap makes the older PostgreSQL's image")
def test_a_postgresql_that_is_too_old_is_named_and_nothing_that_follows_from_it(well: Stack, tmp_path: Path) -> None:
    image = older_postgres(tmp_path)
    older = tmp_path / "older.yml"
    service = {"image": image, "volumes": ["older:/var/lib/postgresql/data"]}
    older.write_text(json.dumps({"services": {"postgres": service}, "volumes": {"older": {}}}), encoding="utf-8")
    files = ("-f", "docker-compose.yml", "-f", "docker-compose.override.yml")
    dump = well.exec("postgres", "sh", "-c", 'pg_dump -U "$POSTGRES_USER" "$POSTGRES_DB"')
    try:
        up = well.compose(*files, "-f", str(older), "up", "-d", "--no-deps", "--wait", "postgres")
        assert up.returncode == 0, up.stderr
        restore = 'psql -q -U "$POSTGRES_USER" "$POSTGRES_DB"'
        assert well.compose("exec", "-T", "postgres", "sh", "-c", restore, stdin=dump).returncode == 0
        made = finds(well, {"database_version": "PostgreSQL 13 is too old for NetBox 4.3 | 14 or newer is needed"})
        assert "dump, remove the database's volume" in made.text("database_version")
    finally:
        well.compose(*files, "up", "-d", "--no-deps", "--wait", "postgres")
        subprocess.run(["docker", "volume", "rm", f"{well.project}_older"], check=True, capture_output=True)
        well.run_once()


@long
def test_a_worker_without_a_process_that_stays(well: Stack) -> None:
    with well.kept("netbox-dev.yml"):
        project = (well.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        well.write("netbox-dev.yml", project.replace("rqworker default netbox_example.sync", "rqworker no_such_queue"))
        assert well.run_once()[0] != 0
        try:
            finds(well, {"crash_loop": "no_such_queue"})
        finally:
            well.write("netbox-dev.yml", project)
            well.run_once()


@long
def test_a_web_service_that_hangs_is_unhealthy(well: Stack) -> None:
    children = well.exec("netbox", "sh", "-c", "pgrep -f [n]etbox_dev_runtime.child").split()
    well.exec("netbox", "kill", "-STOP", *children)
    try:
        wait_for(
            lambda: well.containers()["netbox"]["State"]["Health"]["Status"] == "unhealthy", "it to be unhealthy", 120
        )
        finds(well, {"unhealthy": "netbox runs and is unhealthy"})
    finally:
        well.exec("netbox", "kill", "-CONT", *children)
        wait_for(lambda: well.containers()["netbox"]["State"]["Health"]["Status"] == "healthy", "it to be well", 120)


@long
def test_a_package_that_was_moved_away_and_made_anew_is_mounted_again(well: Stack) -> None:
    # Not inside the repository, where it would be a second plugin.
    aside = well.sandbox / "aside"
    well.package.rename(aside)
    subprocess.run(["cp", "-a", str(aside), str(well.package)], check=True)
    # It is another folder, though nothing in it differs yet.
    mends(well, {"mounts": "no service sees the files that are on disk"})
    # What is done inside of it, as rsync and git do it, is none of that.
    for path in well.package.rglob("*.py"):
        copy = path.with_name(f".{path.name}.new")
        shutil.copy2(path, copy)
        os.chown(copy, *well.owner)
        copy.replace(path)
    finds(well, {})
    with well.kept(VIEWS):
        subprocess.run(["rm", "-r", str(well.package)], check=True)
        subprocess.run(["cp", "-a", str(aside), str(well.package)], check=True)
        well.replace(VIEWS, r'^TITLE = ".*"$', 'TITLE = "moved"')
        mends(well, {"mounts": "no service sees the files that are on disk"})
        assert well.http("/plugins/example/info/").json()["title"] == "moved"
    subprocess.run(["rm", "-r", str(aside)], check=True)
    well.run_once()


@long
def test_a_port_that_somebody_else_has(well: Stack) -> None:
    well.compose("stop", "netbox")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", well.port))
        other.listen()
        finds(well, {"port": f"(pid {os.getpid()})"})
    mends(well, {"stopped": "netbox: exited"})


@long
def test_a_stack_that_is_down_is_started(well: Stack) -> None:
    well.compose("down")
    mends(well, {"stopped": "the stack is down: none of its services runs"})


@long
def test_settings_that_are_not_for_development(well: Stack) -> None:
    with well.kept("netbox-dev.yml"):
        project = (well.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        well.write("netbox-dev.yml", f"{project}settings: {{DEVELOPER: false}}\n")
        assert well.run_once()[0] == 0
        finds(well, {"debug": "DEVELOPER = False"})
    well.run_once()


@long
def test_an_override_that_is_not_ours_or_gone(well: Stack) -> None:
    path = well.checkout / "docker-compose.override.yml"
    ours = path.read_text(encoding="utf-8")
    try:
        path.write_text("services: {netbox: {environment: {MINE: yes}}}\n", encoding="utf-8")
        made = finds(well, {"override": "is none of this collection's"})
        assert not made.told["findings"][0]["fixable"]
        path.unlink()
        mends(well, {"override": "is missing"})
        assert path.read_text(encoding="utf-8") == ours
    finally:
        path.write_text(ours, encoding="utf-8")


@long
def test_a_disk_without_room(well: Stack) -> None:
    folder = well.package / "migrations"
    held = {path.name: path.read_bytes() for path in folder.glob("*.py")}
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", str(folder)], check=True)
    try:
        for name, content in held.items():
            (folder / name).write_bytes(content)
        given_to(folder, *well.owner)
        with (folder / "filler.bin").open("wb") as filler, suppress(OSError):
            filler.write(bytes(2 << 20))
        os.chown(folder / "filler.bin", *well.owner)
        finds(well, {"disk": "there is hardly any room left for migrations"})
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@long
def test_an_empty_database(well: Stack) -> None:
    well.psql("ALTER TABLE django_migrations RENAME TO aside")
    try:
        finds(well, {"database_empty": "run dev-setup.yml"})
    finally:
        well.psql("ALTER TABLE aside RENAME TO django_migrations")


@long
def test_a_page_that_fails(well: Stack) -> None:
    with well.kept(VIEWS):
        before = well.told("netbox")["since"]
        head = "    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:\n"
        well.replace(VIEWS, re.escape(head), f"{head}        raise RuntimeError\n")
        wait_for(lambda: well.told("netbox")["since"] != before, "the reload", 90)
        finds(well, {"page": "/plugins/example/ answers 500"})


@long
def test_a_run_that_was_killed_while_it_migrated(well: Stack) -> None:
    path = well.state / "safety.json"
    path.write_text('{"version": 1, "copy": "netbox_safety_1", "paused": {}, "files": {}}', encoding="utf-8")
    try:
        finds(well, {"interrupted": "a run was killed in the middle of migrating"})
    finally:
        path.unlink()


@long
@pytest.mark.parametrize("content", [None, "no certificate\n"])
def test_a_ca_bundle_that_is_none(well: Stack, tmp_path: Path, content: str | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content:
        bundle.write_text(content, encoding="utf-8")
    options = well.state / "options.json"
    text = options.read_text(encoding="utf-8")
    data = json.loads(text)
    data["options"]["ca_bundle"] = str(bundle)
    try:
        options.write_text(json.dumps(data), encoding="utf-8")
        finds(well, {"ca_bundle": str(bundle)})
    finally:
        options.write_text(text, encoding="utf-8")


@long
def test_a_proxy_that_the_engine_gives_to_containers(well: Stack, tmp_path: Path) -> None:
    proxies = {"proxies": {"default": {"httpProxy": "http://192.0.2.1:3128", "noProxy": "example.com"}}}
    (tmp_path / "config.json").write_text(json.dumps(proxies), encoding="utf-8")
    up = ["docker", "--config", str(tmp_path), "compose", "up", "-d", "--no-deps", "--force-recreate", "netbox-worker"]
    subprocess.run(up, cwd=well.checkout, check=True, capture_output=True)
    try:
        finds(well, {"proxy": "http_proxy=http://192.0.2.1:3128 in netbox-worker"})
    finally:
        well.run_once()


@long
def test_a_node_without_git(well: Stack, tmp_path: Path) -> None:
    docker = shutil.which("docker")
    assert docker
    (tmp_path / "docker").symlink_to(docker)
    finds(well, {"tools": "missing: git"}, PATH=str(tmp_path))


@long
@pytest.mark.parametrize(
    ("compose", "words"),
    [
        ("echo \"docker: 'compose' is not a docker command.\" >&2; exit 1", "Compose v2 (`docker compose`) is missing"),
        ('[ "$2" = version ] && echo 2.10.2 && exit', "Compose is 2.10.2; 2.18.0 or newer is needed"),
    ],
)
def test_a_node_without_compose_or_with_an_old_one(well: Stack, tmp_path: Path, compose: str, words: str) -> None:
    real = shutil.which("docker")
    assert real
    command = tmp_path / "docker"
    command.write_text(f'#!/bin/sh\nif [ "$1" = compose ]; then {compose}; fi\nexec {real} "$@"\n', encoding="ascii")
    command.chmod(0o755)
    made = finds(well, {"tools": words}, PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert "hedgehog.netbox_dev.docker_host" in made.text("tools")


def where_kernel_says(path: str, text: str, folder: Path) -> str:
    """A Python for the visit, for which a file of the kernel's has this text: in a mount namespace of its own."""
    file = folder / Path(path).name
    file.write_text(text, encoding="ascii")
    python = folder / "python"
    python.write_text(
        f'#!/bin/sh\nexec unshare --mount sh -c \'mount --bind {file} {path}; exec {sys.executable} "$@"\' sh "$@"\n',
        encoding="ascii",
    )
    python.chmod(0o755)
    return str(python)


@long
@pytest.mark.parametrize(
    ("path", "text", "check", "words"),
    [
        ("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 204800 kB\n", "memory", "200 MiB are available"),
        ("/proc/sys/fs/inotify/max_user_watches", "8\n", "inotify", "fs.inotify.max_user_watches is 8"),
    ],
)
def test_limits_of_the_machine(
    well: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str, check: str, words: str
) -> None:
    """Taking all of the machine's memory, or all users' watches, would break what else runs on it.

    So the file of the kernel's that the check reads is another, for the visit alone.
    """
    monkeypatch.setattr(sys, "executable", where_kernel_says(path, text, tmp_path))
    finds(well, {check: words})


@long
def test_a_clock_that_is_not_the_nodes(well: Stack) -> None:
    """Containers have the node's own clock, and none can have another.

    So the database, which may be on another machine, answers the check's question with another time.
    """
    well.psql("CREATE SCHEMA clocks")
    well.psql(
        "CREATE FUNCTION clocks.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
        "$$ SELECT pg_catalog.clock_timestamp() + interval '2 hours' $$"
    )
    well.psql("ALTER ROLE netbox SET search_path = clocks, pg_catalog, public")
    try:
        finds(well, {"clock": "the clock of the database is not the node's | it is 7"})
    finally:
        well.psql("ALTER ROLE netbox RESET search_path")
        well.psql("DROP SCHEMA clocks CASCADE")


@long
def test_the_development_image_is_gone(well: Stack) -> None:
    image = well.image
    subprocess.run(["docker", "tag", image, f"{image}-kept"], check=True, capture_output=True)
    try:
        subprocess.run(["docker", "image", "rm", image], check=True, capture_output=True)
        made = finds(well, {"image": f"no image is named {image}"})
        assert "dev-setup.yml" in made.text("image")
    finally:
        subprocess.run(["docker", "tag", f"{image}-kept", image], check=True, capture_output=True)
        subprocess.run(["docker", "image", "rm", f"{image}-kept"], check=True, capture_output=True)


@long
def test_the_engines_disk_without_room(well: Stack) -> None:
    """The engine's disk is everybody's, and the sandbox's containers are on the machine's own: it cannot be filled.

    So the check looks, in the containers, at a file system of theirs that can be, and is full.
    """
    path = well.state / "runtime" / "netbox_dev_runtime" / "surroundings.py"
    text = path.read_text(encoding="utf-8")
    assert 'room("/")' in text
    services = well.python_services
    try:
        path.write_text(text.replace('room("/")', 'room("/dev/shm")'), encoding="utf-8")
        for name in services:
            well.compose("exec", "-T", name, "sh", "-c", "head -c 100000000 /dev/zero > /dev/shm/full")
        made = visit(well)
        assert "there is hardly any room left for the containers (" in made.text("disk"), json.dumps(made.told)
        # Our own edit of what the services run, too.
        assert set(made.names()) <= {"disk", "stale"}, json.dumps(made.told, indent=1)
    finally:
        for name in services:
            well.compose("exec", "-T", name, "rm", "-f", "/dev/shm/full")
        path.write_text(text, encoding="utf-8")


@long
def test_an_editable_install_whose_folder_is_gone(well: Stack) -> None:
    site = well.python("netbox-worker", "import sysconfig; print(sysconfig.get_path('purelib'))")
    edit = f'for file in {site}/__editable__*.pth; do echo /opt/gone > "$file"; done; ls {site}/__editable__*.pth'
    done = well.compose("exec", "-T", "-u", "root", "netbox-worker", "sh", "-c", edit)
    assert done.returncode == 0, done.stderr
    mends(well, {"editable": "is installed in netbox-worker from a folder that is not there | /opt/gone"})


@long
def test_a_database_of_another_netbox(well: Stack) -> None:
    well.psql("INSERT INTO django_migrations (app, name, applied) VALUES ('dcim', '0900_far', now())")
    try:
        made = finds(well, {"migration_missing": "the database is of another NetBox"})
        assert "dcim.0900_far" in made.text("migration_missing")
        assert "restore.yml" in made.text("migration_missing")
    finally:
        well.psql("DELETE FROM django_migrations WHERE name = '0900_far'")


@long
def test_a_service_without_the_mount(well: Stack, tmp_path: Path) -> None:
    """Where the package belongs, the service has an empty folder: as of one that was moved away before its start."""
    other = tmp_path / "other.yml"
    (tmp_path / "nothing").mkdir()
    volume = f"{tmp_path / 'nothing'}:/opt/netbox/netbox/netbox_example"
    other.write_text(json.dumps({"services": {"netbox-housekeeping": {"volumes": [volume]}}}), encoding="utf-8")
    files = ("-f", "docker-compose.yml", "-f", "docker-compose.override.yml", "-f", str(other))
    up = well.compose(*files, "up", "-d", "--no-deps", "netbox-housekeeping")
    assert up.returncode == 0, up.stderr
    mends(well, {"mounts": "1 services see other files than are on disk | netbox-housekeeping"})


@long
def test_redis_that_is_silent(well: Stack) -> None:
    well.exec("redis", *REDIS, "CLIENT PAUSE 40000 ALL")
    finds(well, {"redis": "Redis does not answer for tasks | TimeoutError"})
    well.exec("redis", *REDIS, "PING")
    well.run_once()


@long
def test_one_service_without_a_container(well: Stack) -> None:
    well.compose("rm", "-sf", "netbox-housekeeping")
    mends(well, {"stopped": "netbox-housekeeping: no container"})


@long
def test_a_database_that_takes_nobody_any_more(well: Stack) -> None:
    with sessions(well, 1000):
        finds(well, {"connections": "the database takes no further connection | too many clients"})
    well.run_once()


@long
def test_services_that_are_stale_are_made_fresh(well: Stack) -> None:
    with well.kept("netbox-dev.yml"):
        project = (well.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        well.write("netbox-dev.yml", f"{project}plugin_settings: {{greeting: fresh}}\n")
        mends(well, {"stale": "netbox"})
        assert "fresh" in well.http("/plugins/example/").text
    well.run_once()


@long
def test_settings_without_debug(well: Stack) -> None:
    with well.kept("netbox-dev.yml"):
        project = (well.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        well.write("netbox-dev.yml", f"{project}settings: {{DEBUG: false}}\n")
        assert well.run_once()[0] == 0
        finds(well, {"debug": "DEBUG = False"})
    well.run_once()
