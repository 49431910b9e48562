# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""After many saves, broken ones among them, everything is as it was: processes, files, connections, memory."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from pathlib import Path
from typing import Any

from .long import long
from .stack import Stack, wait_for
from .test_warm import portrait, put
from .test_watch import watching

SAVES = int(os.environ.get("NETBOX_DEV_SOAK", "500"))
SEED = int(os.environ.get("NETBOX_DEV_SOAK_SEED", "1"))
FOLDER = "netbox_example"
TEMPLATE = f"{FOLDER}/templates/{FOLDER}/switch_list.html"
STYLE = f"{FOLDER}/static/{FOLDER}/app.css"
FILES = (f"{FOLDER}/views.py", f"{FOLDER}/urls.py", f"{FOLDER}/jobs.py", f"{FOLDER}/navigation.py", TEMPLATE, STYLE)
# What is saved in the place of a Python file, made of what it was.
SAVED = (
    "{text}\n",
    "# {number}\n{text}",
    "{text}\nNUMBER = {number}\n",
    "{text}\ndef broken(:\n",
    "{text}\nNAME = nobody\n",
    "import nothing_of_that_name\n{text}",
    "raise SystemExit({number})\n{text}",
)
LOOK = """\
import json, os, sys
found = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        words = open(f"/proc/{pid}/cmdline").read().split(chr(0))
        rest = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
        if "netbox_dev_runtime" not in " ".join(words) and rest[0] != "Z":
            continue
        found.append([words[2:4], rest[0], len(os.listdir(f"/proc/{pid}/fd")), int(rest[21]) * 4 / 1024, int(pid)])
    except OSError:
        continue
print(json.dumps([sorted(found), sorted(os.listdir("/tmp"))]))
"""
SERVICES = ("netbox", "netbox-worker")
# Looks at what goes on, evenly over the saves; more memory than this in 100 saves is no noise.
LOOKS = 20
GROWTH_MIB = 2.0


def look(stack: Stack, service: str) -> tuple[list[Any], list[str]]:
    """A service's processes as (words, state, descriptors, MiB, process id), and its temporary files."""
    processes, temporary = json.loads(stack.python(service, LOOK))
    return processes, temporary


def connections(stack: Stack) -> int:
    """To all databases: one that is left may be to any."""
    return int(stack.psql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"))


def told_files(stack: Stack) -> list[str]:
    return sorted(path.name for path in (stack.state / "run").iterdir())


def of_watch(above: int) -> tuple[float, int]:
    """MiB and open files of a process of the node's and all below it."""
    parents, size, files = {above}, 0.0, 0
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda one: int(one.name)):
        with contextlib.suppress(OSError):
            rest = (path / "stat").read_text().rpartition(")")[2].split()
            if int(path.name) in parents or int(rest[1]) in parents:
                parents.add(int(path.name))
                size += int(rest[21]) * 4 / 1024
                files += len(list((path / "fd").iterdir()))
    return size, files


def sample(stack: Stack, watch: int) -> dict[str, float]:
    """MiB of every process that may be there, by its service and id, and of the watch."""
    found = {f"{name} {one[4]} {one[0]}": float(one[3]) for name in SERVICES for one in look(stack, name)[0]}
    return {**found, "watch": of_watch(watch)[0]}


def growth(points: list[tuple[int, float]]) -> float:
    """MiB in 100 saves, by the line that fits (save, MiB) best."""
    middle = [sum(column) / len(points) for column in zip(*points)]
    spread = sum((save - middle[0]) ** 2 for save, _size in points)
    return 100 * sum((save - middle[0]) * (size - middle[1]) for save, size in points) / spread


def assert_flat(samples: list[tuple[int, dict[str, float]]]) -> None:
    """Whatever is there all the while takes no more in the second half."""
    half = samples[len(samples) // 2 :]
    lasting = [name for name in half[0][1] if all(name in found for _save, found in half)]
    assert sum("runtime.supervise" in name for name in lasting) == len(SERVICES), lasting
    assert sum("runtime.warm" in name for name in lasting) == len(SERVICES), lasting
    grown = {name: growth([(save, found[name]) for save, found in half]) for name in lasting}
    sizes = {name: (round(half[0][1][name], 1), round(half[-1][1][name], 1)) for name in lasting}
    print(f"MiB in 100 saves: {grown}; from, to: {sizes}")
    assert {name: more for name, more in grown.items() if more > GROWTH_MIB} == {}


@long
def test_many_saves_leave_nothing_behind(stack: Stack) -> None:
    chosen = random.Random(SEED)
    put(stack, "portrait.py")
    before = {name: look(stack, name) for name in SERVICES}
    files, connected = told_files(stack), connections(stack)
    texts = {path: (stack.plugin / path).read_text(encoding="utf-8") for path in FILES}
    samples: list[tuple[int, dict[str, float]]] = []
    with stack.kept(*FILES), stack.polling("/plugins/example/", 0.2) as met, watching(stack, limit=7200) as process:
        assert process.stdout
        opened = of_watch(process.pid)[1]
        # What nobody reads would stop it.
        threading.Thread(target=list, args=(process.stdout,), daemon=True).start()
        for number in range(SAVES):
            path = chosen.choice(FILES)
            saved = chosen.choice(SAVED) if path.endswith(".py") else chosen.choice(("{text}", "{text}\n"))
            stack.write(path, saved.format(text=texts[path], number=number))
            time.sleep(chosen.choice((0.0, 0.05, 0.3, 1.0, 3.0)))
            assert process.poll() is None
            if number % max(SAVES // LOOKS, 1) == 0:
                samples.append((number, sample(stack, process.pid)))
        # While a command of the watch's runs it has pipes to it.
        wait_for(lambda: of_watch(process.pid)[1] <= opened + 4, "the files that the watch had open before", 180)
    stack.must_apply()
    assert [status for status in met if status != 200] == []
    assert met
    wait_for(lambda: len(look(stack, "netbox")[0]) == len(before["netbox"][0]), "the processes that were there before")
    for name in SERVICES:
        (was, temporary), (is_now, temporary_now) = before[name], look(stack, name)
        assert [one[0] for one in is_now] == [one[0] for one in was]
        assert "Z" not in [one[1] for one in is_now]
        assert temporary_now == temporary
        for old, new in zip(was, is_now):
            assert abs(new[2] - old[2]) <= 4, (old, new)
            assert new[3] <= old[3] * 1.2 + 8, (old, new)
    assert_flat(samples)
    assert told_files(stack) == files
    assert connections(stack) <= connected + 4
    assert portrait(stack, "warm") == portrait(stack, "cold")


@long
def test_no_request_is_lost_while_files_are_saved_sooner_than_netbox_starts(stack: Stack) -> None:
    path = f"{FOLDER}/views.py"
    text = (stack.plugin / path).read_text(encoding="utf-8")
    with stack.kept(path), contextlib.ExitStack() as clients:
        met = [clients.enter_context(stack.polling("/plugins/example/info/", 0.001)) for _client in range(6)]
        for number in range(SAVES // 10):
            stack.write(path, f"{text}\nNUMBER = {number}\n")
            time.sleep((0.2, 0.5, 0.8, 1.1, 1.5)[number % 5])
    assert {status for found in met for status in found} == {200}
    stack.must_apply()
