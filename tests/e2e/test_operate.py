# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The playbooks of the loop: restart, manage and logs act on this stack and say what they did."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import Engine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import TimeLimit
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock_holder

from .long import long
from .stack import PYTHON_SERVICES, Play, Stack, wait_for

INFO = "/plugins/example/info/"


def result(play: Play) -> dict[str, Any]:
    """What a playbook told with output=json: the only line that begins with a brace."""
    (line,) = [line for line in play.output.splitlines() if line.startswith("{")]
    found: dict[str, Any] = json.loads(line)
    return found


def manage(stack: Stack, command: str | list[str] | None, *options: str, **more: Any) -> Play:
    return stack.playbook("manage.yml", *options, command=command, **more)


# -- restart -------------------------------------------------------------------------------------------------------


def test_a_restart_by_role_restarts_that_alone_and_leaves_the_stack_fresh(stack: Stack) -> None:
    before = stack.processes()
    play = stack.playbook("restart.yml", services="scheduler,netbox-worker", output="json")
    assert play.status == 0, str(play)
    assert result(play)["services"] == ["netbox-rq-scheduler", "netbox-worker"]
    assert stack.what_happened(before) == dict.fromkeys(("netbox-rq-scheduler", "netbox-worker"), "restart")
    status = result(stack.playbook("status.yml", output="json"))
    assert status["fresh"] is True, json.dumps(status)
    assert {one["service"] for one in status["services"]} == set(PYTHON_SERVICES)


def test_a_service_that_is_not_there_is_refused_with_the_nearest(stack: Stack) -> None:
    before = stack.processes()
    play = stack.playbook("restart.yml", services="netbox,netbox-wroker", output="json")
    assert play.status != 0
    assert result(play)["failure"]["code"] == "unknown_service"
    assert "did you mean 'netbox-worker'?" in play.flat
    assert stack.processes() == before


@long
def test_a_restart_in_check_mode_says_what_it_would_restart(stack: Stack) -> None:
    before = stack.processes()
    play = stack.playbook("restart.yml", "--check", services="quick")
    assert (play.status, play.changed) == (0, 1), str(play)
    assert "would restart: netbox, netbox-rq-scheduler, netbox-rq-worker-hedgehog, netbox-worker" in play.flat
    assert stack.processes() == before


@long
def test_code_that_does_not_start_is_found_before_anything_stops(stack: Stack) -> None:
    before = {name: found[:2] for name, found in stack.processes().items()}
    with stack.kept("netbox_example/views.py"):
        stack.write("netbox_example/views.py", "import nothing_of_that_name\n")
        play = stack.playbook("restart.yml", services="web")
        assert play.status != 0, str(play)
        assert "nothing_of_that_name" in play.flat
        assert stack.http(INFO).status == 200
        assert {name: found[:2] for name, found in stack.processes().items()} == before
    stack.must_apply()


@long
def test_every_service_is_restarted_database_and_redis_first(stack: Stack) -> None:
    before = {name: c["State"]["StartedAt"] for name, c in stack.containers().items()}
    play = stack.playbook("restart.yml", services="all")
    assert play.status == 0, str(play)
    after = {name: c["State"]["StartedAt"] for name, c in stack.containers().items()}
    assert [name for name in before if before[name] == after[name]] == []
    assert max(after[name] for name in ("postgres", "redis", "redis-cache")) < after["netbox"]
    assert stack.http("/login/").status == 200
    assert result(stack.playbook("status.yml", output="json"))["fresh"] is True


# -- manage --------------------------------------------------------------------------------------------------------


def test_what_only_reads_runs_in_check_mode_and_changes_nothing(stack: Stack) -> None:
    play = manage(stack, "showmigrations netbox_example", "--check")
    assert (play.status, play.changed) == (0, 0), str(play)
    assert "[X] 0001_initial" in play.output
    play = manage(stack, "python manage.py migrate -v 0")
    assert (play.status, play.changed) == (0, 0), str(play)


@long
def test_migrate_is_changed_when_it_migrates(stack: Stack) -> None:
    last = sorted(path.stem for path in (stack.package / "migrations").glob("0*.py"))[-2:]
    play = manage(stack, ["migrate", "netbox_example", last[0]])
    assert (play.status, play.changed) == (0, 1), str(play)
    play = manage(stack, "migrate", "--check")
    assert (play.status, play.changed) == (0, 1), str(play)
    assert f"netbox_example.{last[1]}" in play.output
    assert manage(stack, "migrate").changed == 1
    stack.must_apply()


def test_a_command_that_does_not_exist_is_refused_with_the_nearest(stack: Stack) -> None:
    play = manage(stack, "exmaple_info", output="json")
    assert play.status != 0
    assert result(play)["failure"]["code"] == "unknown_command"
    assert "did you mean 'example_info'?" in play.flat

    play = manage(stack, "exmaple_info", "--check", output="json")
    assert play.status != 0
    assert result(play)["failure"]["code"] == "unknown_command"


@long
@pytest.mark.parametrize(("command", "changed"), [("test netbox_example", 0), ("example_info", 1), ("flush", 1)])
def test_check_mode_runs_no_command_that_is_not_known_to_read(stack: Stack, command: str, changed: int) -> None:
    play = manage(stack, command, "--check")
    assert (play.status, play.changed) == (0, changed), str(play)
    assert "not run in check mode" in play.output
    assert "fabrics: " not in play.output


def test_no_shell_reads_a_command_and_its_last_lines_explain_a_failure(stack: Stack) -> None:
    play = manage(stack, "loaddata '$(id); x y.json'", output="json")
    assert play.status != 0
    assert "No fixture named '$(id); x y' found" in play.flat, str(play)
    assert result(play)["failure"]["details"]["status"] == 1


def test_what_wants_a_terminal_is_the_line_to_type(stack: Stack) -> None:
    play = manage(stack, "nbshell", output="json")
    assert (play.status, play.changed) == (0, 0), str(play)
    line = result(play)["line"]
    assert line.endswith("docker compose exec netbox python manage.py nbshell")
    status, output = stack.typed(line.replace("nbshell", "showmigrations netbox_example").replace("exec", "exec -T"))
    assert (status, "0001_initial" in output) == (0, True), output


def test_a_script_beside_who_types_runs_with_netbox_set_up(stack: Stack, tmp_path: Path) -> None:
    script = tmp_path / "count ünï.py"
    script.write_text(
        "from netbox_example.models import Fabric\n\n\ndef count():\n    return Fabric.objects.count()\n\n\n"
        "print('counted', count() * 0 + 42)\n",
        encoding="utf-8",
    )
    play = manage(stack, None, script=str(script))
    assert play.status == 0, str(play)
    assert "counted 42" in play.output


def test_a_script_that_is_not_there_is_named(stack: Stack, tmp_path: Path) -> None:
    play = manage(stack, None, script=str(tmp_path / "none.py"), output="json")
    assert play.status != 0
    assert result(play)["failure"]["code"] == "invalid_path"
    assert f"'{tmp_path / 'none.py'}' is no file" in play.flat
    play = stack.playbook("restart.yml", time_limit="soon", output="json")
    assert result(play)["failure"]["code"] == "invalid_option", str(play)


@long
def test_a_command_ends_at_its_time_limit_in_the_container_too(stack: Stack, tmp_path: Path) -> None:
    script = tmp_path / "long.py"
    script.write_text("import time\nprint('begun', flush=True)\ntime.sleep(300)\n", encoding="utf-8")
    play = manage(stack, None, script=str(script), time_limit=8)
    assert play.status != 0
    assert "did not end within 8 s" in play.flat, str(play)
    assert "begun" in play.output
    assert not commands(stack)


def commands(stack: Stack) -> list[str]:
    """Management commands that run in the web service's container."""
    return re.findall(r"netbox_dev_runtime\.command", stack.compose("top", "netbox").stdout)


def begun(stack: Stack, tmp_path: Path) -> subprocess.Popen[str]:
    """A playbook whose script has begun, and goes on for minutes."""
    script = tmp_path / "long.py"
    script.write_text("import time\nprint('begun', flush=True)\ntime.sleep(300)\n", encoding="utf-8")
    _arguments, process = stack.start_playbook("manage.yml", script=str(script))
    assert process.stdout
    shown = []
    for line in process.stdout:
        shown.append(line)
        if line.strip() == "begun":
            return process
    raise AssertionError(f"the script never began:\n{''.join(shown)}")


@long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_ends_with_its_run_in_the_container_too(stack: Stack, tmp_path: Path, number: signal.Signals) -> None:
    process = begun(stack, tmp_path)
    assert commands(stack)
    os.killpg(process.pid, number)
    process.communicate(timeout=60)
    wait_for(lambda: not commands(stack), "the command to end", 30)
    assert manage(stack, "check").status == 0


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGKILL, marks=long), pytest.param(signal.SIGHUP, id="the terminal is closed")]
)
def test_a_command_ends_soon_when_nobody_is_there_any_more(
    stack: Stack, tmp_path: Path, number: signal.Signals
) -> None:
    # Who runs the tests may let them outlive a terminal.
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        process = begun(stack, tmp_path)
    finally:
        signal.signal(signal.SIGHUP, inherited)
    assert commands(stack)
    # Ansible's own process alone: what it began has other sessions, and hears nothing of it.
    process.send_signal(number)
    wait_for(lambda: not commands(stack), "the command to end", 15)
    wait_for(lambda: not lock_holder(stack.state), "the lock to be free", 15)
    process.communicate(timeout=60)


@long
def test_a_command_ends_when_all_that_ran_it_was_killed(stack: Stack, tmp_path: Path) -> None:
    process = begun(stack, tmp_path)
    listed = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout.split()[2:]
    above = dict(zip(map(int, listed[::2]), map(int, listed[1::2])))
    workers = [pid for pid, parent in above.items() if parent == process.pid]
    for pid in (process.pid, *workers):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not commands(stack), "the command to end", 60)
    wait_for(lambda: not lock_holder(stack.state), "the lock to be free", 15)


def test_what_hangs_in_a_container_ends_at_its_limit_there_too(stack: Stack) -> None:
    engine = Engine(stack.project)
    for service in ("netbox", "postgres"):
        container = stack.containers()[service]["Id"]
        with pytest.raises(TimeLimit, match="did not end within 1 s in its container and was ended"):
            engine.execute(container, "sh", "-c", "echo begun; sleep 4321 & sleep 4321", limit_s=1)
        assert "sleep 4321" not in stack.compose("top", service).stdout
    with pytest.raises(TimeLimit):
        engine.execute(container, "psql", "-U", "netbox", "-c", "SELECT pg_sleep(4321)", limit_s=1)
    # The server has given up, too.
    assert stack.psql("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(4321)'") == "0"


@long
def test_a_command_that_a_killed_run_left_is_ended_by_the_next(stack: Stack, tmp_path: Path) -> None:
    process = begun(stack, tmp_path)
    module = int(re.findall(r"\d+", (stack.state / "lock").read_text(encoding="ascii"))[0])
    for pid in (module, process.pid):
        os.kill(pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert commands(stack)
    play = manage(stack, "collectstatic --noinput")
    assert play.status == 0, str(play)
    assert not commands(stack)


@long
@pytest.mark.parametrize(
    ("command", "changed", "shown"),
    [
        ("collectstatic --noinput", 0, "unmodified"),
        ("makemigrations netbox_example --dry-run", 0, "netbox_example"),
        ("check", 0, "System check identified no issues"),
        ("dumpdata netbox_example.fabric", 0, "["),
        ("help", 0, "showmigrations"),
        ("example_info", 1, "fabrics: "),
        ("flush", -1, "asked a question"),
    ],
)
def test_changed_is_known_where_it_can_be(stack: Stack, command: str, changed: int, shown: str) -> None:
    play = manage(stack, command)
    assert shown in play.output, str(play)
    assert (play.changed if play.status == 0 else -1) == changed, str(play)


@long
def test_a_command_runs_without_the_web_service(stack: Stack) -> None:
    stack.compose("stop", "netbox")
    try:
        play = manage(stack, "showmigrations netbox_example")
        assert play.status == 0, str(play)
        assert "[X] 0001_initial" in play.output
    finally:
        stack.must_apply()


# -- logs ----------------------------------------------------------------------------------------------------------


def written(stack: Stack, service: str, *lines: bytes) -> None:
    """Lines among what a service's first process writes."""
    pid = stack.containers()[service]["State"]["Pid"]
    with open(f"/proc/{pid}/fd/1", "wb") as stream:
        stream.writelines(line + b"\n" for line in lines)


def test_failures_are_grouped_with_the_plugins_frames_first_and_followed_as_they_come(stack: Stack) -> None:
    shown: list[tuple[float, str]] = []
    with stack.kept("netbox_example/views.py"):
        stack.replace(
            "netbox_example/views.py", r'^    """What this process has loaded."""$', "    raise KeyError(TITLE)"
        )
        wait_for(lambda: stack.http(INFO).status == 500, "the view to fail", limit_s=90)
        _arguments, process = stack.start_playbook("logs.yml", services="web,netbox-worker", follow=9, errors=True)
        reader = threading.Thread(
            target=lambda: shown.extend((time.monotonic(), line) for line in process.stdout or ())
        )
        reader.start()
        time.sleep(4)
        stack.compose("restart", "-t", "1", "netbox-worker")
        stack.http(INFO)
        written(stack, "netbox-worker", b"ERROR:late:from the new run")
        assert process.wait(60) == 0
        reader.join()
        ended = time.monotonic()
        for _again in range(2):
            stack.http(INFO)
        play = stack.playbook("logs.yml", services="web", since="2m", errors=True)
    text = "".join(line for _moment, line in shown)
    seen = [moment for moment, line in shown if "KeyError: '" in line]
    assert seen, text
    assert ended - seen[0] > 1, "told before it ended"
    assert "ERROR:late:from the new run" in text
    lines = [line.strip() for line in play.output.splitlines()]
    (at,) = [n for n, line in enumerate(lines) if re.search(r"x KeyError: '.*' \(netbox ", line)]
    assert int(lines[at].partition("x")[0]) >= 4, str(play)
    assert lines[at + 1].startswith("netbox_example/views.py:"), str(play)
    assert lines[at + 1].endswith("in info: raise KeyError(TITLE)")
    stack.must_apply()


def test_hostile_lines_are_readable(stack: Stack) -> None:
    written(
        stack,
        "netbox-worker",
        b"mark \x1b[31mred\x1b[0m \xff\xfe " + b"y" * 40000 + b" ERROR end",
        "mark schön".encode(),
    )
    play = stack.playbook("logs.yml", services="worker", since="1m", grep="^mark", output="json")
    assert play.status == 0, str(play)[:2000]
    first, second = (event["text"] for event in result(play)["events"])
    # The engine's own log has replaced what is no UTF-8.
    assert first.startswith(
        ("mark red \\xff\\xfe yyy", "mark red \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} yyy")
    )
    assert first.endswith("y ERROR end")
    assert first.count("y") == 40000
    assert second == "mark schön"


@long
@pytest.mark.parametrize(("option", "said"), [({"since": "soon"}, "is no moment"), ({"grep": "a("}, "no regular")])
def test_a_moment_or_pattern_that_cannot_be_read_is_refused(stack: Stack, option: dict[str, str], said: str) -> None:
    play = stack.playbook("logs.yml", **option)
    assert play.status != 0
    assert said in play.flat, str(play)


# -- monitor -------------------------------------------------------------------------------------------------------

PAGE = "/plugins/example/"
QUICKLY = {"window": 2, "samples": 8}


def test_a_measurement_is_a_table_data_and_a_page(stack: Stack) -> None:
    play = stack.playbook("monitor.yml", urls=f"{PAGE},/login/", output="json", **QUICKLY)
    assert (play.status, play.changed) == (0, 0), str(play)
    measured = result(play)["measured"]
    assert measured["pages"][PAGE]["statuses"] == {"200": 8}
    assert set(measured["containers"]) >= {*PYTHON_SERVICES, "postgres", "redis"}
    assert measured["containers"]["netbox"]["memory"] > 2**20
    assert {one["queue"] for one in measured["queues"]} >= {"default", "netbox_example.sync"}
    page = Path(result(play)["report"]).read_text(encoding="utf-8")
    assert page.count("<svg") == 3


@long
def test_a_page_that_became_worse_than_the_baseline_fails_the_run(stack: Stack) -> None:
    play = stack.playbook("monitor.yml", baseline="save", urls=PAGE, **QUICKLY)
    assert (play.status, play.changed) == (0, 1), str(play)
    worse = "            count=[self.object_list.count() for _n in range(3)][0] + bool(__import__('time').sleep(0.3)),"
    with stack.kept("netbox_example/views.py"):
        stack.replace("netbox_example/views.py", r"^            count=self\.object_list\.count\(\),$", worse)
        stack.must_apply()
        play = stack.playbook("monitor.yml", baseline="compare", urls=PAGE, output="json", **QUICKLY)
    assert play.status != 0, str(play)
    failure = result(play)["failure"]
    assert failure["code"] == "performance_regression"
    assert {(one["path"], one["what"]) for one in failure["details"]["regressions"]} == {
        (PAGE, "seconds"),
        (PAGE, "queries"),
    }
    stack.must_apply()


@long
def test_what_did_not_change_is_no_worse_and_nothing_is_left_in_the_database(stack: Stack) -> None:
    rows = "SELECT count(*), max(last_login) FROM users_user"
    before = stack.psql(rows)
    assert stack.playbook("monitor.yml", baseline="save", window=2, samples=20).status == 0
    for _again in range(3):
        play = stack.playbook("monitor.yml", baseline="compare", window=2, samples=20)
        assert play.status == 0, str(play)
        assert "no worse than the baseline" in play.flat
    # The visitor logs in for real; what counts queries does not.
    assert stack.psql(rows).split("|")[0] == before.split("|")[0]


OWN = """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--{option}", action="store_true")

    def handle(self, *args, **options):
        self.stdout.write("{name}: " + str(options["{option}"]))
        {then}
"""


@long
def test_the_plugins_own_commands_are_steps_and_any_command_is_profiled(stack: Stack) -> None:
    folder = "netbox_example/management/commands"
    options = {"performance_test": "baseline", "debug_sql": "other", "diagnostic_fgd_ingestion": "profile"}
    files = {name: f"{folder}/{name}.py" for name in options}
    with stack.kept(*files.values()):
        for name, option in options.items():
            stack.write(files[name], OWN.format(name=name, option=option, then="pass"))
        play = stack.playbook("monitor.yml", profile="example_info", baseline="save", output="json", **QUICKLY)
        assert (play.status, play.changed) == (0, 1), str(play)
        measured = result(play)["measured"]
        told = {one["command"]: one["output"] for one in measured["commands"] if one["ok"]}
        assert told == {
            "performance_test --baseline": "performance_test: True",
            "debug_sql": "debug_sql: False",
            "diagnostic_fgd_ingestion --profile": "diagnostic_fgd_ingestion: True",
        }
        page, text = (Path(name).read_text(encoding="utf-8") for name in measured["profile"])
        assert 'class="own"' in page
        assert "example_info.py" in text
        (stack.state / "reports" / "monitor.html").unlink()
        for name, option in options.items():
            broken = f'raise RuntimeError("{name} has found something")'
            stack.write(files[name], OWN.format(name=name, option=option, then=broken))
        play = stack.playbook("monitor.yml", profile="exmaple_info", baseline="save", output="json", **QUICKLY)
        assert play.status != 0, str(play)
        failure = result(play)["failure"]
        assert failure["code"] == "command_failed"
        assert len(failure["details"]["failures"]) == 4, failure
        for name in options:
            assert f"RuntimeError: {name} has found something" in failure["message"]
        assert "did you mean 'example_info'?" in failure["message"]
        # The report was written before, and has it, too.
        report = (stack.state / "reports" / "monitor.html").read_text(encoding="utf-8")
        assert "debug_sql has found something" in report
    stack.must_apply()


@long
def test_check_mode_measures_and_writes_nothing(stack: Stack) -> None:
    def written() -> dict[str, int]:
        folders = (stack.state, stack.state / "reports")
        return {str(path): path.stat().st_mtime_ns for one in folders for path in one.glob("*") if path.name != "run"}

    before = written()
    given = {"baseline": "save", "profile": "example_info", "report": str(stack.sandbox / "none.html")}
    play = stack.playbook("monitor.yml", "--check", **given, **QUICKLY)
    assert (play.status, play.changed) == (0, 1), str(play)
    assert f"would write: {stack.sandbox / 'none.html'}" in play.output
    assert "would profile: example_info" in play.output
    assert not (stack.sandbox / "none.html").exists()
    play = stack.playbook("logs.yml", "--check", services="web", lines=2)
    assert (play.status, play.changed) == (0, 0), str(play)
    assert written() == before


@long
def test_statements_are_told_where_the_database_keeps_them_and_locks_by_whom(stack: Stack) -> None:
    def database() -> dict[str, Any]:
        play = stack.playbook("monitor.yml", urls=PAGE, output="json", commands=False, **QUICKLY)
        assert play.status == 0, str(play)
        found: dict[str, Any] = result(play)["measured"]["database"]
        return found

    assert database()["no_statements"] == "the extension pg_stat_statements is not there"
    stack.psql("CREATE EXTENSION pg_stat_statements")
    try:
        # It is there, and not preloaded: that is told, and all else measured.
        found = database()
        assert "must be loaded via" in found["no_statements"]
        assert found["max_connections"] == 100
        stack.psql("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
        stack.compose("restart", "-t", "5", "postgres")
        wait_for(lambda: stack.containers()["postgres"]["State"]["Health"]["Status"] == "healthy", "the database", 60)
        stack.must_apply()
        stack.psql("SELECT count(*) FROM netbox_example_fabric")
        found = database()
        assert found["no_statements"] == ""
        assert found["statements"]
        assert all(one["calls"] > 0 for one in found["statements"])
    finally:
        stack.psql("ALTER SYSTEM RESET shared_preload_libraries")
        stack.psql("DROP EXTENSION pg_stat_statements")
        stack.compose("restart", "-t", "5", "postgres")
        wait_for(lambda: stack.containers()["postgres"]["State"]["Health"]["Status"] == "healthy", "the database", 60)
        stack.must_apply()
    hold = "BEGIN; LOCK TABLE netbox_example_fabric IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(40)"
    wait = "LOCK TABLE netbox_example_fabric IN SHARE MODE"
    psql = ("docker", "compose", "exec", "-T", "postgres", "psql", "-qAt", "-U", "netbox", "netbox", "-c")
    locking = "FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK TABLE netbox_example%'"
    sessions = []
    try:
        for number, statement in enumerate((hold, f"BEGIN; {wait}"), 1):
            sessions.append(subprocess.Popen([*psql, statement], cwd=stack.checkout, stdout=subprocess.DEVNULL))
            wait_for(lambda number=number: stack.psql(f"SELECT count(*) {locking}") == str(number), "the lock", 20)
        found = result(stack.playbook("monitor.yml", urls="/login/", output="json", commands=False, **QUICKLY))[
            "measured"
        ]["database"]
        (blocked,) = [one for one in found["blocked"] if wait in one["query"]]
        holders = {one["pid"] for one in found["longest"] if "pg_sleep(40)" in one["query"]}
        assert set(blocked["by"]) == holders
        assert found["locks"]["AccessExclusiveLock"] >= 1
    finally:
        stack.psql(f"SELECT pg_terminate_backend(pid) {locking}")
        for session in sessions:
            session.wait(30)


@long
def test_a_page_that_fails_is_no_baseline(stack: Stack) -> None:
    (stack.state / "baseline.json").unlink(missing_ok=True)
    with stack.kept("netbox_example/views.py"):
        stack.replace(
            "netbox_example/views.py", r'^    """What this process has loaded."""$', "    raise KeyError(TITLE)"
        )
        wait_for(lambda: stack.http(INFO).status == 500, "the view to fail", limit_s=90)
        play = stack.playbook("monitor.yml", baseline="save", urls=f"/login/,{INFO}", commands=False, **QUICKLY)
        assert play.status != 0, str(play)
        assert f"{INFO} answers 500, and nothing was kept" in play.flat
        assert not (stack.state / "baseline.json").exists()
    stack.must_apply()


@long
def test_a_baseline_that_was_not_saved_is_said(stack: Stack) -> None:
    (stack.state / "baseline.json").unlink(missing_ok=True)
    play = stack.playbook("monitor.yml", baseline="compare", **QUICKLY)
    assert play.status != 0
    assert "none was saved for this stack" in play.flat, str(play)
