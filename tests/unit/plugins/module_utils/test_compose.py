# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.compose import Compose, last_lines
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    BrokenCode,
    ComposeFailed,
    EngineUnavailable,
    SchemaFailed,
    TimeLimit,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.oneoff import run_task

Docker = Callable[[str], Compose]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    """Compose over a ``docker`` command that is the given shell script."""

    def make(script: str) -> Compose:
        command = tmp_path / "bin" / "docker"
        command.parent.mkdir(exist_ok=True)
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{command.parent}:{os.environ['PATH']}")
        return Compose(tmp_path)

    return make


def test_arguments_and_files_reach_docker_as_they_are(docker: Docker, tmp_path: Path) -> None:
    compose = docker('for a in "$@"; do echo "<$a>"; done; pwd')
    status, output, _errors = compose.call("up", "a b", "$(id)", "*", files=["x.yml", "y.yml"])
    assert status == 0
    assert output.split("\n") == [
        *("<compose>", "<-f>", "<x.yml>", "<-f>", "<y.yml>", "<up>", "<a b>", "<$(id)>", "<*>"),
        str(tmp_path),
    ]


def test_the_callers_own_compose_variables_do_not_lead_elsewhere(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"):
        monkeypatch.setenv(name, "another-project")
    assert "another-project" not in docker("env").must("config")


def test_lines_come_as_they_are_written_and_an_unfinished_last_one_too(docker: Docker) -> None:
    seen: list[tuple[float, str]] = []
    compose = docker("printf 'one\\r\\ntw'; sleep 0.4; printf 'o\\nthr\\377ee'; echo note >&2; exit 3")
    started = time.monotonic()
    status, output, errors = compose.call(
        "up", on_stdout=lambda line: seen.append((time.monotonic() - started, line)), on_stderr=lambda line: None
    )
    assert (status, output, errors) == (3, "one\ntwo\nthr\ufffdee", "note")
    assert [line for _when, line in seen] == ["one", "two", "thr\ufffdee"]
    assert seen[1][0] - seen[0][0] >= 0.3


def test_a_command_whose_caller_was_killed_is_known_to_be_under_way_until_it_ends(
    docker: Docker, tmp_path: Path
) -> None:
    # The docker command runs Compose as a process of its own.
    docker(f"sh -c 'sleep 60 & echo $! > {tmp_path}/sleep; wait'")
    file = tmp_path / "under-way"
    compose = Compose(tmp_path, file)
    assert not compose.commands_under_way()
    caller = os.fork()
    if caller == 0:
        compose.call("run")
    while not (tmp_path / "sleep").exists() or not (tmp_path / "sleep").read_text():
        time.sleep(0.01)
    os.kill(caller, signal.SIGKILL)
    os.waitpid(caller, 0)
    assert compose.commands_under_way()
    os.kill(int((tmp_path / "sleep").read_text()), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while compose.commands_under_way():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_command_that_ended_holds_nothing(docker: Docker, tmp_path: Path) -> None:
    docker("true")
    compose = Compose(tmp_path, tmp_path / "under-way")
    assert compose.call("up")[0] == 0
    assert not compose.commands_under_way()


def test_much_output_on_both_streams_does_not_block(docker: Docker) -> None:
    _status, output, errors = docker("seq 1 20000; seq 1 20000 >&2").call("logs")
    assert output.splitlines()[-1] == "20000"
    assert errors.splitlines() == [str(n) for n in range(19601, 20001)]


def test_what_is_given_on_standard_input_arrives(docker: Docker) -> None:
    given = "x" * 300_000 + "ü"
    assert docker("cat").must("run", stdin=given) == given
    assert docker("cat").must("run") == ""


def test_a_process_that_does_not_read_its_input_is_no_failure_of_ours(docker: Docker) -> None:
    status, _output, errors = docker("echo no such service >&2; exit 1").call("run", stdin="x" * 300_000)
    assert (status, errors) == (1, "no such service")


@pytest.mark.parametrize("script", ["echo begun; exec sleep 20"])
def test_a_time_limit_stops_the_process_and_shows_its_last_lines(docker: Docker, script: str) -> None:
    started = time.monotonic()
    with pytest.raises(TimeLimit) as caught:
        docker(script).call("up", "-d", "netbox", timeout_s=0.5)
    assert time.monotonic() - started < 5
    assert "'docker compose up -d netbox' did not end within 0 s. Last lines:\nbegun" in caught.value.message


def test_a_process_that_closes_its_output_and_goes_on_is_limited_too(docker: Docker) -> None:
    started = time.monotonic()
    with pytest.raises(TimeLimit):
        docker("exec sleep 20 >&- 2>&-").call("up", timeout_s=0.5)
    assert time.monotonic() - started < 8


def test_a_failure_says_what_was_run_where_and_the_last_lines(docker: Docker, tmp_path: Path) -> None:
    with pytest.raises(ComposeFailed) as caught:
        docker("echo; seq 1 30 >&2; echo 'no configuration file' >&2; exit 14").must("up", "-d")
    assert caught.value.message.startswith(f"'docker compose up -d' in '{tmp_path}' ended with status 14:\n20\n")
    assert caught.value.message.endswith("no configuration file")
    assert caught.value.details == {"status": 14}


@pytest.mark.parametrize("lacking", ["docker", "checkout"])
def test_without_docker_or_checkout_it_says_what_brings_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    if lacking == "docker":
        monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="role docker_host installs it"):
        Compose(tmp_path if lacking == "docker" else tmp_path / "none").call("up")


def test_the_configuration_is_asked_for_anew_only_when_a_file_of_it_changed(docker: Docker, tmp_path: Path) -> None:
    compose = docker('echo asked >> asked; echo \'{"name": "x"}\'')

    def asked() -> int:
        return len((tmp_path / "asked").read_text().splitlines())

    compose.config()["name"] = "spoilt"
    assert (compose.config(), asked()) == ({"name": "x"}, 1)
    (tmp_path / "docker-compose.override.yml").write_text("services: {}\n")
    assert (compose.config(), asked()) == ({"name": "x"}, 2)
    (tmp_path / "env").mkdir()
    (tmp_path / "env/netbox.env").write_text("A=1\n")
    compose.config(files=["docker-compose.yml"])
    compose.config()
    compose.config(files=["docker-compose.yml"])
    assert asked() == 4


def test_a_configuration_with_another_override_is_asked_without_writing_into_the_checkout(
    docker: Docker, tmp_path: Path
) -> None:
    compose = docker('printf "{\\"files\\": \\"%s\\", \\"text\\": \\"%s\\"}" "$3" "$(cat "$5")"')
    before = sorted(tmp_path.rglob("*"))
    assert compose.config_with("services: x") == {"files": "docker-compose.yml", "text": "services: x"}
    assert sorted(tmp_path.rglob("*")) == before


def test_the_configuration_is_data(docker: Docker) -> None:
    assert docker('echo \'{"name": "x"}\'').config(files=["a.yml"]) == {"name": "x"}


def test_last_lines_leave_out_blank_ones() -> None:
    assert last_lines("a\n\nb\n  \nc\n", 2) == "b\nc"


class TestOneOff:
    """Tasks in a one-off container, the container being a script."""

    @staticmethod
    def answers(*messages: Any, status: int = 0) -> str:
        lines = "".join(f"echo {json.dumps(json.dumps(m) if not isinstance(m, str) else m)!s}\n" for m in messages)
        return f'cat > request; echo "$@" > arguments; {lines} exit {status}'.replace("$@", "$*")

    def test_progress_and_result_are_told_apart_from_noise(self, docker: Docker, tmp_path: Path) -> None:
        said: list[str] = []
        compose = docker(self.answers("noise", [1], {"progress": "migration 1 of 2"}, {"result": {"applied": ["a"]}}))
        assert run_task(compose, "netbox", "schema", said.append, dry_run=True) == {"applied": ["a"]}
        assert said == ["migration 1 of 2"]
        assert json.loads((tmp_path / "request").read_text()) == {"task": "schema", "dry_run": True}
        arguments = (tmp_path / "arguments").read_text().split()
        assert arguments[:5] == ["compose", "run", "--rm", "--no-deps", "-T"]
        assert arguments[-3:] == ["netbox", "-m", "netbox_dev_runtime.task"]

    @pytest.mark.parametrize(
        ("task", "kind"),
        [("check", BrokenCode), ("schema", SchemaFailed), ("prepare", SchemaFailed), ("static", ComposeFailed)],
    )
    def test_a_tasks_own_failure_has_the_tasks_kind(self, docker: Docker, task: str, kind: type[Exception]) -> None:
        compose = docker(self.answers({"error": "NameError: x", "traceback": "File a, line 3"}, status=1))
        with pytest.raises(kind, match="NameError: x\nFile a, line 3"):
            run_task(compose, "netbox", task)

    def test_what_does_not_compile_is_told_without_a_traceback_of_ours(self, docker: Docker) -> None:
        answer = {"broken": True, "error": "runtime.compiles.Broken: a.py, line 3: invalid", "traceback": "File task"}
        with pytest.raises(BrokenCode, match=r"goes on serving:\na\.py, line 3: invalid$"):
            run_task(docker(self.answers(answer, status=1)), "netbox", "schema")

    def test_a_missing_parent_is_explained_instead_of_djangos_frames(self, docker: Docker) -> None:
        error = "NodeNotFoundError: x reference nonexistent parent node ('dcim', '0211_y')"
        with pytest.raises(SchemaFailed, match=r"nonexistent parent.*\nNetBox 4\.4 is the first") as caught:
            run_task(docker(self.answers({"error": error, "traceback": "File a"}, status=1)), "netbox", "schema")
        assert "File a" not in caught.value.message

    @pytest.mark.parametrize(("dry_run", "word"), [(True, "reading"), (False, "lasting")])
    def test_a_warm_process_is_asked_first(self, docker: Docker, tmp_path: Path, dry_run: bool, word: str) -> None:
        compose = docker(self.answers({"result": {}}))
        assert run_task(compose, "netbox", "schema", warm=True, dry_run=dry_run) == {}
        arguments = (tmp_path / "arguments").read_text().split()
        assert arguments[:4] == ["compose", "exec", "-T", "netbox"]
        assert arguments[6:] == ["netbox_dev_runtime.ask", word]

    def test_tests_are_asked_for_by_the_number_of_their_run(self, docker: Docker, tmp_path: Path) -> None:
        compose = docker(self.answers({"result": {}}))
        assert run_task(compose, "netbox", "tests", module="testing", warm=True, number=3, dry_run=True) == {}
        assert (tmp_path / "arguments").read_text().split()[6:] == ["netbox_dev_runtime.ask", "tests", "3"]

    def test_what_no_warm_process_does_is_done_in_a_container(self, docker: Docker) -> None:
        script = f'case "$*" in *.ask*) exit 75;; esac; {self.answers({"result": {"a": 1}})}'
        assert run_task(docker(script), "netbox", "schema", warm=True) == {"a": 1}

    def test_a_task_that_takes_too_long_is_ended_unless_it_only_reads(self, docker: Docker, tmp_path: Path) -> None:
        script = 'case "$*" in *end) echo ended > ended;; *) sleep 30;; esac'
        for dry_run in (True, False):
            assert not (tmp_path / "ended").exists()
            with pytest.raises(TimeLimit):
                run_task(docker(script), "netbox", "schema", warm=True, dry_run=dry_run, timeout_s=0.3)
        assert (tmp_path / "ended").exists()

    def test_what_takes_too_long_in_a_service_is_ended_there_too(self, docker: Docker, tmp_path: Path) -> None:
        # As in a container, what was begun goes on when the command that began it is killed.
        script = 'shift 4; setsid "$1" "$2" "$3" sh -c "echo \\$\\$ > pid; exec sleep 30" & wait'
        with pytest.raises(TimeLimit):
            run_task(docker(script), "netbox", "examine", inside=True, timeout_s=0.3)
        begun = Path("/proc", (tmp_path / "pid").read_text().strip())
        assert begun.exists()
        deadline = time.monotonic() + 20
        while begun.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not begun.exists()

    @pytest.mark.parametrize("status", [0, 125])
    def test_a_container_that_answers_nothing_is_shown_with_its_last_lines(self, docker: Docker, status: int) -> None:
        with pytest.raises(ComposeFailed, match=f"'netbox' ended with status {status}:\nno such image"):
            run_task(docker(f"echo no such image >&2; exit {status}"), "netbox", "check")
