# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import supervise

LIMIT_S = 15.0
# The supervisor as in a container, its places moved below one directory.
LAUNCHER = """\
import sys
from netbox_dev_runtime import supervise
top = sys.argv.pop(1)
supervise.CONFIG_DIRS = (top + "/config",)
supervise.NETBOX_DIR, supervise.RUN_DIR = top, top + "/run"
supervise.RETRY_S = (0.2,)
supervise.POLL_S, supervise.SETTLE_S = 0.05, 0.03
supervise.main()
"""
# A plugin that says in its only file how its process behaves.
CHILD = """\
import json, os, signal, sys, time
from netbox_dev_runtime.binding import Unbound
def run(arguments, start):
    fd = int(os.environ["NETBOX_DEV_READY_FD"])
    def tell(message, last=True):
        os.write(fd, json.dumps(message).encode() + b"\\n")
        if last:
            os.close(fd)
    text = open(os.environ["TOP"] + "/pkg/code.py").read()
    try:
        start()
    except Unbound as error:
        return tell({"cold": str(error)})
    except Exception as error:
        tell({"error": f"Traceback:\\n{error!r}"})
        raise
    if "broken" in text:
        tell({"error": "SyntaxError: " + text})
        sys.exit(1)
    if "crash" in text:
        os._exit(7)
    if "slow" in text:
        time.sleep(1)
    if "stubborn" in text:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    tell({"ready": {
        "text": text, "pid": os.getpid(), "registered": "refused" not in text, "netbox": "4.3.1", "why": "too old",
        "arguments": sys.argv[1:],
    }}, last="checks" not in text)
    os.read(int(os.environ["NETBOX_DEV_GO_FD"]), 2)
    open(os.environ["TOP"] + "/at-work", "a").write(f"{os.getpid()} {os.getppid()} " + " ".join(
        open(f"/proc/{os.getppid()}/task/{os.getppid()}/children").read().split()) + "\\n")
    if "checks" in text:
        time.sleep(0.3)
        tell({"checks": "x.E001" if "fail" in text else ""})
    if "ends" in text:
        time.sleep(0.3)
        sys.exit(3)
    time.sleep(60)
if __name__ == "__main__":
    run(sys.argv[1:], lambda: None)
"""
# A NetBox that says in the same file what becomes of a late plugin.
BINDING = """\
import os
class Unbound(Exception):
    pass
def text():
    return open(os.environ["TOP"] + "/pkg/code.py").read()
def preload():
    if "early" in text():
        raise Unbound("it is imported early")
    return {"started": os.getpid()}
def bind(before):
    assert before["started"] != os.getpid()
    if "unbound" in text():
        raise Unbound("plugins change X")
    if "late" in text():
        raise TypeError("too late")
"""


class Supervised:
    """A running supervisor and what it tells."""

    def __init__(self, top: Path, *arguments: str, first: str = "good 1", warm: bool = False) -> None:
        self.top = top
        for folder in ("pkg", "run", "config"):
            (top / folder).mkdir(exist_ok=True)
        package = top / "lib" / "netbox_dev_runtime"
        shutil.copytree(Path(supervise.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
        (package / "child.py").write_text(CHILD)
        (package / "binding.py").write_text(BINDING)
        (top / "launch.py").write_text(LAUNCHER)
        self.save(first)
        environment = {
            **os.environ,
            "PYTHONPATH": str(package.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "NETBOX_DEV_PACKAGE": "pkg",
            "NETBOX_DEV_SERVICE": "svc",
            "NETBOX_DEV_WARM": str(warm).lower(),
            "TOP": str(top),
        }
        with open(top / "log", "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(top / "launch.py"), str(top), *arguments], env=environment, stdout=log, stderr=log
            )

    def save(self, text: str) -> None:
        path = self.top / "pkg" / "code.py"
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").replace(path)

    def told(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            data = json.loads((self.top / "run" / "svc.json").read_text())
            assert isinstance(data, dict)
            return data
        return {}

    def wait(self, what: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            told = self.told()
            if told and what(told):
                return told
            assert self.process.poll() is None, f"the supervisor ended: {self.log()}"
            time.sleep(0.03)
        pytest.fail(f"never told: {self.told()}\n{self.log()}")

    def runs(self, text: str) -> dict[str, Any]:
        return self.wait(lambda told: told["report"].get("text") == text and not told["busy"])

    def log(self) -> str:
        return (self.top / "log").read_text()

    def children(self) -> list[tuple[int, str]]:
        """(pid, state) of the supervisor's children, zombies included."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        found = []
        for pid in listed:
            with contextlib.suppress(OSError):
                found.append((int(pid), Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]))
        return found


Start = Callable[..., Supervised]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervised] = []

    def go(*arguments: str, **options: Any) -> Supervised:
        started.append(Supervised(tmp_path, *arguments, **options))
        return started[-1]

    yield go
    for one in started:
        left = [pid for pid, _state in one.children()] if one.process.poll() is None else []
        one.process.kill()
        one.process.wait()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def gone(pid: int) -> bool:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.03)
    return False


def test_a_saved_file_brings_a_new_process_and_the_old_one_ends(start: Start) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    assert (first["generation"], first["attempts"], first["error"]) == (1, 1, "")
    assert first["code"] == first["attempted"] != ""
    one.save("good 2")
    second = one.runs("good 2")
    assert second["generation"] == 2
    assert second["code"] != first["code"]
    assert gone(first["report"]["pid"])
    assert [state for _pid, state in one.children()] in (["S"], ["R"])


def test_a_process_without_the_plugin_does_not_replace_one_that_has_it(start: Start) -> None:
    one = start("web")
    first = one.runs("good 1")
    one.save("refused")
    told = one.wait(lambda told: told["error"] and not told["busy"])
    assert told["error"] == "NetBox 4.3.1 does not take the plugin: too old"
    assert (told["report"], told["generation"]) == (first["report"], 1)
    assert told["attempted"] != told["code"] == first["code"]
    one.save("good 2")
    assert one.runs("good 2")["error"] == ""


def test_without_any_that_has_it_a_process_without_the_plugin_serves(start: Start) -> None:
    one = start("web", first="refused")
    assert one.runs("refused")["report"]["registered"] is False
    one.save("good 1")
    assert one.runs("good 1")["report"]["registered"] is True


def test_what_a_processes_checks_find_is_told_with_it_and_is_gone_with_it(start: Start) -> None:
    one = start("web", first="checks fail")
    assert one.runs("checks fail")["checks"] is None
    told = one.wait(lambda told: told["checks"])
    assert (told["checks"], told["error"]) == ("x.E001", "")
    assert "Django's checks fail:\nx.E001" in (one.top / "log").read_text()
    one.save("checks pass")
    one.runs("checks pass")
    assert one.wait(lambda told: told["checks"] is not None)["checks"] == ""


def test_the_same_content_saved_again_changes_nothing(start: Start) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    stamp = (one.top / "run" / "svc.json").stat().st_ino
    one.save("good 1")
    # Told again when the save was looked at, with the same process.
    one.wait(lambda _: (one.top / "run" / "svc.json").stat().st_ino != stamp)
    assert one.told()["report"] == first["report"]
    assert one.told()["attempts"] == 1


def test_a_hang_up_forces_a_new_process(start: Start) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    one.process.send_signal(signal.SIGHUP)
    second = one.wait(lambda told: told["generation"] == 2)
    assert second["report"]["pid"] != first["report"]["pid"]
    assert second["code"] == first["code"]


@pytest.mark.parametrize(("text", "error"), [("broken", "SyntaxError: broken"), ("crash", "ended with status 7")])
def test_code_that_cannot_start_leaves_the_old_process_and_says_why(start: Start, text: str, error: str) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    one.save(text)
    failed = one.wait(lambda told: told["error"] and not told["busy"])
    assert error in failed["error"]
    assert error in one.log()
    assert failed["report"] == first["report"]
    assert failed["code"] == first["code"] != failed["attempted"]
    time.sleep(0.4)
    assert one.told()["attempts"] == 2, "it is not tried again before something changes"
    one.save("good 1")
    back = one.wait(lambda told: not told["error"])
    assert back["report"] == first["report"], "back to what runs: nothing to start"
    one.save("good 3")
    assert one.runs("good 3")["generation"] == 2


def test_code_that_never_started_is_tried_again(start: Start) -> None:
    one = start("manage", "rqworker")
    one.save("crash")
    one.wait(lambda told: told["attempts"] >= 3)
    one.save("good 2")
    assert one.runs("good 2")["error"] == ""


def test_a_process_that_ends_by_itself_is_started_again(start: Start) -> None:
    one = start("manage", "rqworker")
    one.save("good, but ends")
    told = one.wait(lambda told: told["generation"] >= 3)
    assert "ended with status 3" in one.log()
    # The next one has to outlive it, until other code is there.
    assert 0.3 <= told["lived"] < 5
    one.save("good 4")
    assert one.runs("good 4")["lived"] == 0


def test_a_save_while_one_is_starting_takes_its_place(start: Start) -> None:
    one = start("manage", "rqworker")
    one.runs("good 1")
    one.save("slow")
    one.wait(lambda told: told["busy"])
    one.save("good 3")
    assert one.runs("good 3")["generation"] == 2
    time.sleep(0.3)
    assert len(one.children()) == 1


def test_one_that_was_starting_during_a_save_starts_again_whatever_was_saved(start: Start) -> None:
    one = start("manage", "rqworker")
    one.runs("good 1")
    one.save("slow")
    one.wait(lambda told: told["busy"])
    # As an edit and its undoing, between which it may have read.
    one.save("slow")
    assert one.runs("slow")["attempts"] == 3


def test_of_a_scheduler_never_more_than_one_is_at_work(start: Start) -> None:
    one = start("manage", "rqscheduler")
    first = one.runs("good 1")
    one.save("slow 2")
    one.wait(lambda told: told["busy"])
    assert Path(f"/proc/{first['report']['pid']}").exists()
    # Saved again while the second is starting: it makes way, and the third comes.
    one.save("slow 3")
    assert one.runs("slow 3")["generation"] == 2
    assert len(one.children()) == 1
    begun = [line.split() for line in (one.top / "at-work").read_text().splitlines()]
    assert len(begun) == 2
    # Each began its work when it was the supervisor's only child.
    assert all(children == [pid] for pid, _parent, *children in begun)


def test_a_scheduler_that_does_not_start_leaves_the_old_one_at_work(start: Start) -> None:
    one = start("manage", "rqscheduler")
    first = one.runs("good 1")
    one.save("broken 2")
    told = one.wait(lambda told: told["error"] and not told["busy"])
    assert told["report"]["pid"] == first["report"]["pid"]
    assert Path(f"/proc/{first['report']['pid']}").exists()


@pytest.mark.parametrize("kind", [["manage", "rqworker"], ["exec", "sleep", "60"]])
def test_it_stops_within_two_seconds_and_leaves_nothing(start: Start, kind: list[str]) -> None:
    one = start(*kind)
    one.wait(lambda told: told["generation"] == 1)
    children = [pid for pid, _state in one.children()]
    assert len(children) == 1
    started = time.monotonic()
    one.process.terminate()
    assert one.process.wait(LIMIT_S) == 0
    assert time.monotonic() - started < 2
    assert all(gone(pid) for pid in children)


def test_another_program_is_started_anew_on_a_saved_file(start: Start) -> None:
    one = start("exec", "sleep", "60")
    one.wait(lambda told: told["generation"] == 1)
    (before,) = one.children()
    one.save("good 2")
    one.wait(lambda told: told["generation"] == 2)
    assert gone(before[0])


def test_a_script_that_starts_netbox_anew_each_time_goes_on(start: Start) -> None:
    one = start("script", "sleep", "60")
    before = one.wait(lambda told: told["generation"] == 1)
    child = one.children()
    one.save("good 2")
    one.wait(lambda told: told["code"] != before["code"])
    assert one.children() == child
    one.process.send_signal(signal.SIGHUP)
    one.wait(lambda told: told["generation"] == 2)
    assert gone(child[0][0])


def test_orphans_and_ended_processes_are_no_zombies(start: Start) -> None:
    one = start("manage", "rqworker")
    one.runs("good 1")
    for number in range(2, 5):
        one.save(f"good {number}")
        one.runs(f"good {number}")
    time.sleep(0.4)
    assert "Z" not in [state for _pid, state in one.children()]


def test_what_no_process_holds_is_no_reason_to_reload(start: Start) -> None:
    one = start("manage", "rqworker")
    one.runs("good 1")
    for name in ("templates/pkg/a.html", "static/pkg/a.css", "tests/test_a.py", "__pycache__/x.pyc", ".code.py.swp"):
        (one.top / "pkg" / name).parent.mkdir(parents=True, exist_ok=True)
        (one.top / "pkg" / name).write_text("x")
    time.sleep(0.4)
    assert one.told()["attempts"] == 1


def test_while_reloads_are_held_what_runs_goes_on_and_then_one_new_process_comes(start: Start) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    hold = one.top / "run" / supervise.HOLD
    hold.touch()
    one.save("good 2")
    one.process.send_signal(signal.SIGHUP)
    time.sleep(0.4)
    assert (one.told()["attempts"], one.told()["report"]) == (1, first["report"])
    one.save("good 3")
    hold.unlink()
    assert (one.runs("good 3")["attempts"], one.told()["generation"]) == (2, 2)


def test_a_process_that_is_starting_when_reloads_are_held_makes_way(start: Start) -> None:
    one = start("manage", "rqworker")
    one.runs("good 1")
    one.save("slow 2")
    one.wait(lambda told: told["busy"])
    (one.top / "run" / supervise.HOLD).touch()
    one.wait(lambda told: not told["busy"])
    assert one.told()["report"]["text"] == "good 1"
    (one.top / "run" / supervise.HOLD).unlink()
    assert one.runs("slow 2")["generation"] == 2


@pytest.mark.parametrize("ago", [supervise.HOLD_S - 1, -3600])
def test_a_hold_that_nobody_renews_ends_by_itself_also_when_the_clock_was_set_back(start: Start, ago: float) -> None:
    one = start("manage", "rqworker")
    one.runs("good 1")
    hold = one.top / "run" / supervise.HOLD
    hold.touch()
    left = time.time() - ago
    os.utime(hold, (left, left))
    one.save("good 2")
    assert one.runs("good 2")["generation"] == 2


def test_a_service_in_which_nothing_runs_starts_in_spite_of_a_hold(start: Start, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / supervise.HOLD).touch()
    assert start("manage", "rqworker").runs("good 1")["generation"] == 1


def say(one: Any, code: str, *same: str) -> None:
    word = one.top / "run" / f"{supervise.WATCHED}.new"
    word.write_text(json.dumps({"code": code, "same": same}))
    word.replace(one.top / "run" / supervise.WATCHED)


def code_of(one: Any) -> str:
    return supervise.digest.code_digest(str(one.top / "pkg"), str(one.top / "run"))


def test_while_a_watch_runs_a_saved_file_is_loaded_when_the_watch_says_so_or_has_ended(start: Start) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    say(one, first["code"])
    one.save("good 2")
    time.sleep(0.4)
    assert one.told()["attempts"] == 1
    say(one, code_of(one))
    assert one.runs("good 2")["generation"] == 2
    one.save("good 3")
    time.sleep(0.4)
    assert one.told()["generation"] == 2
    one.process.send_signal(signal.SIGHUP)
    assert one.runs("good 3")["generation"] == 3
    one.save("good 4")
    (one.top / "run" / supervise.WATCHED).unlink()
    assert one.runs("good 4")["generation"] == 4


def test_code_that_a_watch_takes_for_the_same_needs_no_new_process(start: Start) -> None:
    one = start("manage", "rqworker")
    first = one.runs("good 1")
    say(one, first["code"])
    one.save("good 1, and a comment")
    say(one, code_of(one), first["code"])
    told = one.wait(lambda told: told["code"] == code_of(one))
    assert (told["generation"], told["report"]) == (1, first["report"])
    (one.top / "run" / supervise.WATCHED).unlink()
    time.sleep(0.3)
    assert one.told()["attempts"] == 1


def test_children_are_forked_from_a_warm_process_and_are_the_supervisors_own(start: Start) -> None:
    one = start("manage", "rqworker", "high", warm=True)
    for number in (1, 2, 3):
        one.save(f"good {number}")
        told = one.runs(f"good {number}")
        assert (told["warm"], told["cold"], told["error"]) == (True, "", "")
        # Its parent before may end a moment later.
        one.wait(lambda told: told["report"]["pid"] in [pid for pid, _state in one.children()])
        assert told["report"]["arguments"] == ["manage", "rqworker", "high"]

    def two_alive(_told: dict[str, Any]) -> bool:
        states = [state for _pid, state in one.children()]
        return len(states) == 2 and "Z" not in states

    one.wait(two_alive)


@pytest.mark.parametrize(("text", "why"), [("unbound", "plugins change X"), ("late", "TypeError('too late')")])
def test_what_cannot_be_bound_late_is_started_from_nothing_and_said(start: Start, text: str, why: str) -> None:
    one = start("web", warm=True)
    one.runs("good 1")
    one.save(text)
    told = one.runs(text)
    assert (told["warm"], told["cold"], told["error"]) == (False, why, "")
    one.save("good 2")
    told = one.runs("good 2")
    assert (told["warm"], told["cold"]) == (True, "")


def test_code_that_starts_neither_way_is_an_error_and_a_syntax_error_at_once(start: Start) -> None:
    one = start("manage", "rqworker", warm=True)
    first = one.runs("good 1")
    one.save("broken")
    told = one.wait(lambda told: told["error"])
    assert (told["error"], told["attempts"]) == ("SyntaxError: broken", 2)
    one.save("crash")
    told = one.wait(lambda told: "status 7" in told["error"])
    assert (told["attempts"], told["report"]) == (4, first["report"])


def test_without_a_warm_process_it_is_said_why(start: Start) -> None:
    one = start("manage", "rqworker", first="early", warm=True)
    told = one.runs("early")
    assert (told["warm"], told["cold"]) == (False, "it is imported early")


def test_a_warm_process_that_died_comes_back(start: Start) -> None:
    one = start("manage", "rqworker", warm=True)
    told = one.runs("good 1")
    (warm,) = [pid for pid, _state in one.children() if pid != told["report"]["pid"]]
    os.kill(warm, signal.SIGKILL)
    assert gone(warm)
    one.save("good 2")
    assert one.runs("good 2")["cold"] == "it ended with status -9"
    one.save("good 3")
    assert one.runs("good 3")["warm"]
    left = one.children()
    one.process.terminate()
    assert one.process.wait(LIMIT_S) == 0
    assert len(left) >= 2
    assert all(gone(pid) for pid, _state in left)
