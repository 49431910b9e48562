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
        found.append([words[2:4], rest[0], len(os.listdir(f"/proc/{pid}/fd")), int(rest[21]) * 4 // 1024])
    except OSError:
        continue
print(json.dumps([sorted(found), sorted(os.listdir("/tmp"))]))
"""


def look(stack: Stack, service: str) -> tuple[list[Any], list[str]]:
    """A service's processes as (words, state, descriptors, MiB), and its temporary files."""
    processes, temporary = json.loads(stack.python(service, LOOK))
    return processes, temporary


def connections(stack: Stack) -> int:
    return int(stack.psql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'netbox'"))


def told_files(stack: Stack) -> list[str]:
    return sorted(path.name for path in (stack.state / "run").iterdir())


@long
def test_many_saves_leave_nothing_behind(stack: Stack) -> None:
    chosen = random.Random(SEED)
    put(stack, "portrait.py")
    services = ("netbox", "netbox-worker")
    before = {name: look(stack, name) for name in services}
    files, connected = told_files(stack), connections(stack)
    texts = {path: (stack.plugin / path).read_text(encoding="utf-8") for path in FILES}
    with stack.kept(*FILES), stack.polling("/plugins/example/", 0.2) as met, watching(stack, limit=7200) as process:
        assert process.stdout
        # What nobody reads would stop it.
        threading.Thread(target=list, args=(process.stdout,), daemon=True).start()
        for number in range(SAVES):
            path = chosen.choice(FILES)
            saved = chosen.choice(SAVED) if path.endswith(".py") else chosen.choice(("{text}", "{text}\n"))
            stack.write(path, saved.format(text=texts[path], number=number))
            time.sleep(chosen.choice((0.0, 0.05, 0.3, 1.0, 3.0)))
            assert process.poll() is None
    stack.must_apply()
    assert [status for status in met if status != 200] == []
    wait_for(lambda: len(look(stack, "netbox")[0]) == len(before["netbox"][0]), "the processes that were there before")
    for name in services:
        (was, temporary), (is_now, temporary_now) = before[name], look(stack, name)
        assert [one[0] for one in is_now] == [one[0] for one in was]
        assert "Z" not in [one[1] for one in is_now]
        assert temporary_now == temporary
        for old, new in zip(was, is_now):
            assert abs(new[2] - old[2]) <= 4, (old, new)
            assert new[3] <= old[3] * 1.2 + 8, (old, new)
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
