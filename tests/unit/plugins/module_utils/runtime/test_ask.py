# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import ask

# A warm process whose tasks are small ones.
WARM = """\
import os, socket, sys, time
from netbox_dev_runtime import ask, task, testing, warm
top = sys.argv[1]
ask.SOCKET, ask.RUN_DIR = top + "/socket", top
def echo(request):
    task.progress(request["text"])
    print("noise")
    return {"pid": os.getpid(), "argv": sys.argv, "text": request["text"]}
def fail(request):
    raise ValueError("no")
def sleep(request):
    if os.path.exists(top + "/forks") and not os.fork():
        for _turn in range(600):
            if not os.path.exists(top + "/forks"):
                break
            time.sleep(0.1)
        os._exit(0)
    task.progress("asleep")
    time.sleep(60)
task.TASKS.clear()
task.TASKS.update(echo=echo, fail=fail, sleep=sleep)
def tests(begin, request):
    begin()
    import subprocess, tempfile
    found = [os.environ.get("NETBOX_DEV_TEST_RUN"), tempfile.mkdtemp(), os.path.basename(sys.argv[0])]
    left = subprocess.Popen(["sleep", "300"], start_new_session=True)
    task.progress(f"{os.getpid()} {left.pid}")
    if request["text"] == "dies":
        os.abort()
    if request["text"] == "hangs":
        time.sleep(300)
    return {"found": found}
testing.tasks = lambda begin: {name: (lambda request: tests(begin, request)) for name in ("tests", "command")}
def bind(for_tests=False):
    if os.path.exists(top + "/unbound"):
        raise TypeError("too late")
    if os.path.exists(top + "/broken"):
        raise NameError("nobody")
listener, connection = ask.listen(), socket.socket()
while True:
    warm._fork_task(listener, connection, bind)
"""
CLIENT = """\
import sys
from netbox_dev_runtime import ask
top = sys.argv.pop(1)
ask.SOCKET, ask.RUN_DIR = top + "/socket", top
ask.main()
"""


class Place:
    def __init__(self, top: Path) -> None:
        self.top = top
        package = top / "lib" / "netbox_dev_runtime"
        shutil.copytree(Path(ask.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = {**os.environ, "PYTHONPATH": str(package.parent)}
        self.warm = subprocess.Popen([sys.executable, "-c", WARM, str(top)], env=self.environment)
        self.until((top / "socket").exists)

    @staticmethod
    def until(what: object) -> None:
        assert callable(what)
        deadline = time.monotonic() + 60
        while not what():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def start(self, task: str, kind: str = ask.LASTING, number: str = "", text: str = "ä") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(self.top), kind, *filter(None, [number])],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin
        process.stdin.write(json.dumps({"task": task, "text": text}))
        process.stdin.close()
        process.stdin = None
        return process

    def asleep(self, kind: str = ask.LASTING) -> subprocess.Popen[str]:
        process = self.start("sleep", kind)
        assert process.stdout
        assert json.loads(process.stdout.readline()) == {"progress": "asleep"}
        return process

    def under_way(self) -> list[Path]:
        return [path for path in self.top.glob(f"{ask.UNDER_WAY}*") if held(path)]

    def test(self, number: str, text: str, kind: str = "tests") -> tuple[subprocess.Popen[str], list[int]]:
        """A run of tests, and the processes that it has: the tests' own, and one that they began."""
        process = self.start(kind, kind, number, text)
        assert process.stdout
        return process, [int(pid) for pid in json.loads(process.stdout.readline())["progress"].split()]

    def end(self, number: str = "") -> None:
        command = [sys.executable, "-c", CLIENT, str(self.top), "end", *filter(None, [number])]
        assert subprocess.run(command, env=self.environment, check=False, timeout=30).returncode == 0


def answered(process: subprocess.Popen[str]) -> Any:
    """What follows a line that was read."""
    assert process.stdout
    return json.loads(process.stdout.read())


def gone(pids: list[int]) -> bool:
    """Nobody of whom this machine's first process inherits is a zombie for long."""
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def held(path: Path) -> bool:
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.end()
    made.warm.kill()
    made.warm.wait()


def test_a_task_is_done_by_a_forked_process_with_the_streams_of_whoever_asked(place: Place) -> None:
    process = place.start("echo")
    output, errors = process.communicate(timeout=30)
    progress, answer = map(json.loads, output.splitlines())
    assert (progress, process.returncode, errors) == ({"progress": "ä"}, 0, "noise\n")
    assert answer["result"]["pid"] not in (process.pid, place.warm.pid)
    assert [Path(one).name for one in answer["result"]["argv"]] == ["task.py"]
    failed = place.start("fail")
    output, _errors = failed.communicate(timeout=30)
    assert (failed.returncode, json.loads(output)["error"]) == (1, "ValueError: no")
    (place.top / "broken").touch()
    broken = place.start("echo")
    output, _errors = broken.communicate(timeout=30)
    assert (broken.returncode, json.loads(output)["error"]) == (1, "NameError: nobody")
    assert not list(place.top.glob(f"{ask.UNDER_WAY}*"))


def test_where_there_is_no_warm_process_or_plugins_cannot_be_bound_nothing_is_done(place: Place) -> None:
    (place.top / "unbound").touch()
    process = place.start("echo")
    assert (process.communicate(timeout=30)[0], process.returncode) == ("", ask.COLD)
    place.warm.kill()
    place.warm.wait()
    process = place.start("echo")
    assert (process.communicate(timeout=30), process.returncode) == (("", ""), ask.COLD)


def test_a_task_ends_with_whoever_asked(place: Place) -> None:
    process = place.asleep()
    assert place.under_way()
    process.send_signal(signal.SIGKILL)
    place.until(lambda: not place.under_way())


def test_what_a_killed_run_left_is_ended_but_not_what_only_reads(place: Place) -> None:
    lasting, reading = place.asleep(), place.asleep("reading")
    place.end()
    assert (lasting.wait(20), reading.poll()) == (1, None)
    assert not list(place.top.glob(f"{ask.UNDER_WAY}*"))
    reading.kill()
    reading.wait()


def test_what_a_killed_task_has_forked_holds_nothing(place: Place) -> None:
    (place.top / "forks").touch()
    lasting = place.asleep()
    (before,) = place.under_way()
    place.end()
    lasting.wait(20)
    assert not before.exists()
    assert not list(place.top.glob(f"{ask.UNDER_WAY}*"))
    (place.top / "forks").unlink()


def test_tests_have_their_number_and_a_folder_and_leave_neither_processes_nor_files(place: Place) -> None:
    process, pids = place.test("3", "ok")
    number, folder, program = answered(process)["result"]["found"]
    assert (process.wait(20), number, program) == (0, "3", "testing.py")
    assert "/netbox-dev-tests-" in folder
    assert not Path(folder).parent.exists()
    place.until(lambda: gone(pids))
    assert not list(place.top.glob(f"{ask.TESTS}*"))


def test_a_command_of_the_plugins_is_no_run_of_tests(place: Place) -> None:
    process, _pids = place.test("1", "ok", "command")
    assert answered(process)["result"]["found"][0] is None
    assert process.wait(20) == 0


def test_tests_that_break_their_process_end_with_its_status(place: Place) -> None:
    process, pids = place.test("2", "dies")
    assert (process.communicate(timeout=30)[0], process.returncode) == ("", 128 + signal.SIGABRT)
    place.until(lambda: gone(pids))


def test_a_run_of_tests_that_is_killed_is_ended_with_all_that_it_began_and_no_other_is(place: Place) -> None:
    (killed, of_killed), (ended, of_ended), (other, of_other) = (place.test(n, "hangs") for n in ("1", "2", "3"))
    killed.kill()
    killed.wait()
    place.until(lambda: gone(of_killed))
    place.end()
    place.end("2")
    assert (ended.wait(20), other.poll()) == (1, None)
    assert gone(of_ended)
    assert not gone(of_other[:1])
    assert [path.name.split("-")[1] for path in place.top.glob(f"{ask.TESTS}*")] == ["3"]
    place.end("3")
    other.wait(20)


def test_tests_of_a_plugin_that_cannot_be_bound_are_not_begun_and_why_is_told(place: Place) -> None:
    (place.top / "unbound").touch()
    process = place.start("tests", "tests", "1")
    output, _errors = process.communicate(timeout=30)
    told = json.loads(output)
    assert (told, process.returncode) == ({"progress": "a start from nothing for this run: too late"}, ask.COLD)
    (place.top / "unbound").unlink()
    (place.top / "broken").touch()
    process = place.start("tests", "tests", "1")
    assert (process.communicate(timeout=30)[0], process.returncode) == ("", ask.COLD)
