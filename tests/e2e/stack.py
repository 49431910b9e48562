# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A stack on the sandbox as the tests see it: playbooks, HTTP, Compose, the database, typed commands."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, TypeVar

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")

# The plugin belongs to nobody in particular, so that what root or the image's user writes would show.
DEVELOPER = 12345
PYTHON_SERVICES = (
    "netbox",
    "netbox-housekeeping",
    "netbox-rq-scheduler",
    "netbox-rq-worker-hedgehog",
    "netbox-worker",
)
EXTRA_SERVICES = """\
services:
  netbox-rq-worker-hedgehog:
    command: rqworker default netbox_example.sync
  netbox-rq-scheduler:
    command: rqscheduler
"""
PROJECT_FILE = f"""\
{EXTRA_SERVICES}packages:
  - rq-scheduler
"""
_RECAP = re.compile(r"^localhost\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=\d+\s+failed=(\d+)", re.M)
_DONE = re.compile(r"^ {4}([a-z][a-z, ]*?) {2,}(-|[\w-]+(?:, [\w-]+)*): (.*) \[[\d.]+ s\]$", re.M)


@dataclass(frozen=True)
class Play:
    """What one run of a playbook said."""

    arguments: list[str]
    status: int
    output: str
    seconds: float

    @property
    def changed(self) -> int:
        return self._recap(2)

    @property
    def failed(self) -> int:
        return self._recap(3)

    def _recap(self, group: int) -> int:
        found = _RECAP.search(self.output)
        return int(found.group(group)) if found else -1

    @property
    def done(self) -> dict[str, set[str]]:
        """The steps of the summary that changed something, each with its services."""
        steps: dict[str, set[str]] = {}
        for name, services, _detail in _DONE.findall(self.output):
            steps.setdefault(name, set()).update(() if services == "-" else services.split(", "))
        return steps

    @property
    def flat(self) -> str:
        """The output with every run of white space as one space: Ansible wraps long messages."""
        return " ".join(self.output.split())

    def __str__(self) -> str:
        return f"$ {' '.join(self.arguments)}\n{self.output}\n[status {self.status}, {self.seconds:.1f} s]"


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stack:
    """A plugin, its stack and where both live."""

    plugin: Path
    state_home: Path
    sandbox: Path
    port: int
    images: set[str] = field(default_factory=set)

    # -- places

    @property
    def package(self) -> Path:
        return self.plugin / "netbox_example"

    @property
    def checkout(self) -> Path:
        return self.plugin / "gitignore" / "netbox-docker"

    @property
    def state(self) -> Path:
        (found,) = [path for path in self.state_home.iterdir() if path.is_dir()]
        return found

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def project(self) -> str:
        return str(json.loads(self.compose("config", "--format", "json").stdout)["name"])

    @property
    def image(self) -> str:
        return f"localhost/{self.project}:dev"

    @property
    def owner(self) -> tuple[int, int]:
        status = self.plugin.stat()
        return status.st_uid, status.st_gid

    @property
    def python_services(self) -> tuple[str, ...]:
        """Those that the stack has now: after the tests that need them all, the extra ones go."""
        extra = EXTRA_SERVICES in (self.plugin / "netbox-dev.yml").read_text(encoding="utf-8")
        return tuple(name for name in PYTHON_SERVICES if extra or f"  {name}:\n" not in EXTRA_SERVICES)

    # -- playbooks

    def start_playbook(
        self, name: str, *options: str, environment: dict[str, str] | None = None, **variables: Any
    ) -> tuple[list[str], subprocess.Popen[str]]:
        arguments = [str(ROOT / ".venv/bin/ansible-playbook"), str(ROOT / name), *options]
        given = {"plugin_path": str(self.plugin), **variables}
        arguments += ["-e", json.dumps({key: value for key, value in given.items() if value is not None})]
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env={**os.environ, "NETBOX_DEV_STATE_HOME": str(self.state_home), "NO_COLOR": "1", **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        return arguments, process

    def playbook(self, name: str, *options: str, **more: Any) -> Play:
        """Run a playbook of the checkout to its end."""
        started = time.monotonic()
        arguments, process = self.start_playbook(name, *options, **more)
        output, _stderr = process.communicate(timeout=600)
        play = Play(arguments, process.returncode, output, time.monotonic() - started)
        self._note_image()
        return play

    @property
    def sources(self) -> dict[str, Any]:
        """What dev-setup.yml is told here: where things come from, and the port."""
        return {
            "netbox_dev_netbox_docker_url": str(self.sandbox / "netbox-docker.git-source"),
            "netbox_dev_ca_bundle": os.environ.get("SSL_CERT_FILE"),
            "netbox_dev_port": self.port,
        }

    def setup(self, *options: str, **variables: Any) -> Play:
        return self.playbook("dev-setup.yml", *options, **{**self.sources, **variables})

    def apply(self, changed: str | None = None, check: bool = False, **more: Any) -> Play:
        return self.playbook("apply-change.yml", *(["--check"] if check else []), changed=changed, **more)

    def must_apply(self, changed: str | None = None, check: bool = False) -> Play:
        play = self.apply(changed, check)
        assert play.status == 0, str(play)
        return play

    def run_once(self, *moment: str, code: str = "") -> tuple[int, list[str]]:
        """What apply-change.yml does, without Ansible around it (see one_run.py); how it ended and what it told.

        ``code`` runs before it.
        """
        folder = ROOT / "tests/e2e"
        arguments = [str(self.plugin), *moment]
        started = f"{code}import sys, one_run\nsys.argv[1:] = {arguments!r}\none_run.main()\n"
        done = subprocess.run(
            [sys.executable, "-c", started],
            env={
                **os.environ,
                "NETBOX_DEV_STATE_HOME": str(self.state_home),
                "PYTHONPATH": f"{ROOT / '.venv/collections'}:{folder}",
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self._note_image()
        told = done.stdout.splitlines()
        return done.returncode, told if done.returncode in (0, -signal.SIGKILL) else [*told, done.stderr]

    def killed_before_each_call(self) -> int:
        """Run after run is killed before one more of its calls to the engine, until one comes to its end.

        Returns how many were killed.
        """
        for moment in range(1, 200):
            status, told = self.run_once(code=f"import killing; killing.before_call({moment})\n")
            if status == 0:
                return moment - 1
            assert status == -signal.SIGKILL, "\n".join(told)
        raise AssertionError("no run came to its end")

    def assert_fresh(self) -> None:
        """A further run finds nothing to do."""
        status, told = self.run_once()
        assert (status, told[-1]) == (0, "unchanged"), "\n".join(told)

    # -- the stack from outside

    def http(self, path: str, data: dict[str, str] | None = None, cookies: dict[str, str] | None = None) -> Answer:
        """GET, or POST with ``data``; redirects are not followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())} if cookies else {}
        body = None
        if data is not None:
            body = urllib.parse.urlencode(data)
            headers.update({"Content-Type": "application/x-www-form-urlencoded", "Referer": self.url + path})
        try:
            connection.request("GET" if body is None else "POST", path, body=body, headers=headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _equals, value = cookie.partition(";")[0].partition("=")
                if cookies is not None:
                    cookies[name] = value
            return Answer(response.status, response.read(), {k.lower(): v for k, v in response.getheaders()})
        finally:
            connection.close()

    @contextlib.contextmanager
    def polling(self, path: str, every_s: float = 0.2) -> Iterator[list[int | str]]:
        """Ask for a page all the time; the list has what came of it, a status or an error each."""
        found: list[int | str] = []
        done = threading.Event()

        def poll() -> None:
            while not done.wait(every_s):
                try:
                    found.append(self.http(path).status)
                except OSError as error:
                    found.append(repr(error))

        thread = threading.Thread(target=poll)
        thread.start()
        try:
            yield found
        finally:
            done.set()
            thread.join()

    def kill_run(self) -> None:
        """End the module that holds the stack's lock as nobody can refuse to be ended."""
        holder = (self.state / "lock").read_text(encoding="utf-8")
        os.kill(int(holder.partition("pid ")[2].partition(",")[0]), signal.SIGKILL)

    def compose(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "compose", *arguments],
            cwd=self.checkout,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def exec(self, service: str, *command: str) -> str:
        """Standard output of a command in a service's container."""
        done = self.compose("exec", "-T", service, *command)
        assert done.returncode == 0, f"{command} in {service}: {done.stdout}{done.stderr}"
        return done.stdout

    def python(self, service: str, code: str) -> str:
        return self.exec(service, "python", "-c", code).strip()

    def psql(self, statement: str) -> str:
        """The rows of one statement, unadorned."""
        options = ("-qAt", "-v", "ON_ERROR_STOP=1", "-U", "netbox", "netbox")
        return self.exec("postgres", "psql", *options, "-c", statement).strip()

    def typed(self, line: str, limit_s: float = 120) -> tuple[int, str]:
        """Type a line at a terminal in the checkout; return its exit status and what the terminal showed."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-c", line],
            cwd=self.checkout,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + limit_s
        try:
            while True:
                ready, _writable, _failed = select.select([ours], [], [], max(0.0, deadline - time.monotonic()))
                assert ready, f"{line}: did not end in {limit_s} s: {shown.decode('utf-8', 'replace')}"
                try:
                    block = os.read(ours, 1 << 16)
                except OSError:  # the terminal's other side is closed
                    break
                if not block:
                    break
                shown += block
            return process.wait(30), shown.decode("utf-8", "replace").replace("\r\n", "\n")
        finally:
            os.close(ours)
            if process.poll() is None:
                process.kill()
                process.wait()

    def job_result(self, query: str = "") -> str:
        """Have a worker run the plugin's job; return the job's result."""
        job = self.http(f"/plugins/example/enqueue/{query}").json()["id"]

        def finished() -> dict[str, Any] | None:
            answer = self.http(f"/plugins/example/job/{job}/")
            assert answer.status == 200, answer.text[:600]
            found: dict[str, Any] = answer.json()
            assert found["status"] != "failed", found
            return found if found["status"] == "finished" else None

        return str(wait_for(finished, f"job {job}")["result"])

    def log_in(self, name: str, password: str) -> Answer:
        """Log in with a browser's steps; return the home page as that user sees it."""
        cookies: dict[str, str] = {}
        form = self.http("/login/", cookies=cookies)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert token, form.text
        data = {"csrfmiddlewaretoken": token.group(1), "username": name, "password": password}
        answer = self.http("/login/", data, cookies)
        assert answer.status == 302, answer.text
        return self.http("/", cookies=cookies)

    # -- what runs

    def containers(self) -> dict[str, dict[str, Any]]:
        """This stack's containers by service, as the engine describes them."""
        ids = self.compose("ps", "-aq", "--no-trunc").stdout.split()
        done = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True)
        return {c["Config"]["Labels"]["com.docker.compose.service"]: c for c in json.loads(done.stdout)}

    def processes(self) -> dict[str, tuple[str, str, float | None]]:
        """For each Python service its container, when that was started, and when its child was."""
        return {
            name: (c["Id"], c["State"]["StartedAt"], self.told(name)["since"])
            for name, c in self.containers().items()
            if name in PYTHON_SERVICES
        }

    def told(self, service: str) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.state / "run" / f"{service}.json").read_text(encoding="utf-8"))
        return data

    def what_happened(self, before: dict[str, tuple[str, str, float | None]]) -> dict[str, str]:
        """``{service: recreate, restart or reload}`` of those that are no longer what they were."""
        events = {}
        for name, now in self.processes().items():
            for was, is_, event in zip(before[name], now, ("recreate", "restart", "reload")):
                if was != is_:
                    events[name] = event
                    break
        return events

    # -- the plugin's files

    def write(self, path: str, text: str) -> Path:
        """Write a file of the plugin as its owner would."""
        target = self.plugin / path
        new = not target.exists()
        target.write_text(text, encoding="utf-8")
        if new:
            os.chown(target, *self.owner)
        return target

    def replace(self, path: str, pattern: str, text: str) -> None:
        """Replace the one match of a pattern in a file of the plugin."""
        before = (self.plugin / path).read_text(encoding="utf-8")
        after, count = re.subn(pattern, lambda _: text, before, flags=re.M)
        assert count == 1, f"{path}: {count} matches of {pattern}"
        self.write(path, after)

    @contextlib.contextmanager
    def kept(self, *paths: str) -> Iterator[None]:
        """Put files of the plugin back to what they are now."""
        before = {path: (self.plugin / path).read_bytes() for path in paths if (self.plugin / path).exists()}
        try:
            yield
        finally:
            for path in paths:
                if path in before:
                    (self.plugin / path).write_bytes(before[path])
                else:
                    (self.plugin / path).unlink(missing_ok=True)

    def git(self, directory: Path, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", f"safe.directory={directory}", "-C", str(directory), *arguments],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
        return done.stdout

    # -- the end

    def _note_image(self) -> None:
        """Remember the image by id: a later build takes its name away."""
        if not (self.checkout / "docker-compose.override.yml").exists():
            return
        with contextlib.suppress(KeyError, ValueError):
            done = subprocess.run(
                ["docker", "image", "inspect", "-f", "{{.Id}}", self.image], capture_output=True, text=True, check=False
            )
            self.images.update(done.stdout.split())

    def remove(self) -> None:
        """Take down this stack's containers, volumes and images, and nothing else's."""
        if (self.checkout / "docker-compose.override.yml").exists():
            name = self.image
            self.compose("down", "-v", "--remove-orphans", "-t", "3")
            subprocess.run(["docker", "image", "rm", name], capture_output=True, check=False)
        for image in self.images:
            subprocess.run(["docker", "image", "rm", image], capture_output=True, check=False)


def wait_for(probe: Callable[[], T | None], what: str, limit_s: float = 30) -> T:
    """Ask until the answer is neither None nor false."""
    deadline = time.monotonic() + limit_s
    while True:
        found = probe()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {limit_s:.0f} s"
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
