# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""From a saved file to its effect, on one stack: with a watch running, against Django's own runserver in a container of
the same image, and where that does nothing, against the workflow document's commands on services as the image starts
them.

Files are saved at the rhythm of a person: a few seconds after the last one's effect. A client asks all the while; what
was refused or failed is told per kind on standard error. While one side is measured, the other does not run.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Callable

from e2e.stack import Stack, free_port

PACKAGE = "netbox_example"
_MANAGE = ("/opt/netbox/venv/bin/python", "/opt/netbox/netbox/manage.py")
RUNSERVER = (*_MANAGE, "runserver", "0.0.0.0:8080")
_SHIPPED = ("/usr/bin/tini", "--", "/opt/netbox/docker-entrypoint.sh")
SHIPPED_WEB = (*_SHIPPED, "/opt/netbox/launch-netbox.sh")
SHIPPED_WORKER = (*_SHIPPED, *_MANAGE, "rqworker")
LIMIT_S = 120
BETWEEN_SAVES_S = 5
BETWEEN_REQUESTS_S = 0.5
# A page on which the fields of a model are seen, in code and in the database.
_INFO = '            "version": netbox_example.config.version,\n'
_FIELDS = '            "fields": [list(Switch.objects.values())] and [f.name for f in Switch._meta.fields],\n'
Served = Callable[[], bool]


def edit(stack: Stack, path: str, pattern: str, text: str) -> None:
    """Save a file of the package with one line of it changed."""
    before = (stack.package / path).read_text(encoding="utf-8")
    after, count = re.subn(pattern, lambda _: text, before, count=1, flags=re.M)
    assert count == 1, f"{path}: {pattern}"
    stack.write(f"{PACKAGE}/{path}", after)


def shows(stack: Stack, path: str, text: str) -> bool:
    try:
        answer = stack.http(path)
    except OSError:
        return False
    return answer.status == 200 and text in answer.text


def view(stack: Stack, word: str) -> Served:
    edit(stack, "views.py", '^TITLE = ".*"$', f'TITLE = "{word}"')
    return partial(shows, stack, "/plugins/example/info/", word)


def template(stack: Stack, word: str) -> Served:
    edit(stack, f"templates/{PACKAGE}/switch_list.html", "^<h1>.*</h1>$", f"<h1>{word}</h1>")
    return partial(shows, stack, "/plugins/example/", word)


def static(stack: Stack, word: str) -> Served:
    stack.write(f"{PACKAGE}/static/{PACKAGE}/app.css", f"/* {word} */\n")
    return partial(shows, stack, f"/static/{PACKAGE}/app.css", word)


def url(stack: Stack, word: str) -> Served:
    edit(stack, "urls.py", r"^urlpatterns = \[\n", f'urlpatterns = [\n    path("{word}/", views.info),\n')
    return partial(shows, stack, f"/plugins/example/{word}/", "title")


def model_field(stack: Stack, word: str) -> Served:
    field = f"    {word} = models.IntegerField(null=True, blank=True)\n    role = models"
    edit(stack, "models.py", "^    role = models", field)
    return partial(shows, stack, "/plugins/example/info/", f'"{word}"')


def worker_job(stack: Stack, word: str) -> Served:
    edit(stack, "jobs.py", '^RESULT = ".*"$', f'RESULT = "{word}"')
    return lambda: word in stack.job_result()


def typed_model_change(stack: Stack) -> None:
    """Scenario 3 of the document."""
    web, worker = shipped_names(stack)
    for words in (("makemigrations", PACKAGE), ("migrate",)):
        done = subprocess.run(["docker", "exec", web, "python", "manage.py", *words], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    subprocess.run(["docker", "restart", web, worker], capture_output=True, check=True)


def typed_worker_change(stack: Stack) -> None:
    """The document's remedy for a job that is not the saved one."""
    subprocess.run(["docker", "restart", shipped_names(stack)[1]], capture_output=True, check=True)


KINDS = {f.__name__: f for f in (view, template, static, url, model_field, worker_job)}
TYPED = {"model_field": typed_model_change, "worker_job": typed_worker_change}


def timed(stack: Stack, kind: str, word: str, typed: Callable[[Stack], None] | None = None) -> float:
    """Seconds from the saved file to its effect."""
    started = time.monotonic()
    served = KINDS[kind](stack, word)
    if typed:
        typed(stack)
    while not served():
        assert time.monotonic() - started < LIMIT_S, f"{kind}: never served"
        time.sleep(0.02)
    return time.monotonic() - started


@contextmanager
def instead(stack: Stack, **commands: tuple[str, ...]) -> Iterator[Stack]:
    """The same stack with other containers of the same image in the place of its services, each by its entrypoint."""
    other = replace(stack, port=free_port())
    services = {"web": "netbox", "worker": "netbox-worker"}
    names = dict(zip(services, shipped_names(stack)))
    stack.compose("stop", *services.values())
    try:
        for kind, (entrypoint, *words) in commands.items():
            port = ("-p", f"127.0.0.1:{other.port}:8080") if kind == "web" else ()
            options = ("-d", "--no-deps", "--name", names[kind], *port, "--entrypoint", entrypoint)
            done = stack.compose("run", *options, services[kind], *words)
            assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + LIMIT_S
        while not shows(other, "/login/", ""):
            assert time.monotonic() < deadline, "it does not serve"
            time.sleep(0.2)
        yield other
    finally:
        subprocess.run(["docker", "rm", "-f", *names.values()], capture_output=True, check=False)
        stack.must_apply()


def shipped_names(stack: Stack) -> tuple[str, str]:
    """Of the containers in the place of web service and worker."""
    return f"{stack.project}-shipped-web", f"{stack.project}-shipped-worker"


@contextmanager
def watch(stack: Stack) -> Iterator[None]:
    _arguments, process = stack.start_playbook("watch.yml", limit=3600)
    try:
        assert process.stdout
        for line in process.stdout:
            if "watching " in line:
                break
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def repeated(
    stack: Stack, kind: str, who: str, times: int, typed: Callable[[Stack], None] | None = None
) -> list[float]:
    """Seconds of each of so many saves, with what a client met meanwhile."""
    found = []
    with stack.polling("/login/", BETWEEN_REQUESTS_S) as met:
        for turn in range(times):
            time.sleep(BETWEEN_SAVES_S)
            found.append(timed(stack, kind, f"{who}_{kind}_{turn}", typed))
    failed = [one for one in met if one != 200]
    line = f"  {kind} {who}: {len(failed)} of {len(met)} requests refused or failed; "
    sys.stderr.write(line + ", ".join(f"{value:.2f}" for value in sorted(found)) + "\n")
    return found


def measure(stack: Stack, repetitions: int) -> dict[str, tuple[list[float], list[float]]]:
    """By name: seconds of ours and of theirs. The files of the stack's plugin are changed."""
    edit(stack, "views.py", f"^{re.escape(_INFO.rstrip())}$", f"{_FIELDS}{_INFO}".rstrip())
    stack.must_apply()
    ours, theirs = {}, {}
    with watch(stack):
        for kind in KINDS:
            ours[kind] = repeated(stack, kind, "ours", repetitions)
    stack.must_apply()
    with instead(stack, web=RUNSERVER) as other:
        for kind in [kind for kind in KINDS if kind not in TYPED]:
            theirs[kind] = repeated(other, kind, "stock", repetitions)
    with instead(stack, web=SHIPPED_WEB, worker=SHIPPED_WORKER) as other:
        for kind, typed in TYPED.items():
            # The typed commands take the most time: fewer of them say as much.
            theirs[kind] = repeated(other, kind, "typed", min(repetitions, 5), typed)
    return {f"saved_{kind}": (ours[kind], theirs[kind]) for kind in KINDS}
