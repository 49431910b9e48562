# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What finding changes costs against git, what an edit costs against the workflow document's own commands, and what
snapshots cost against what others have for it.

Each pair is measured on one tree or one stack, in one run.

Prints one line each, ``name ours_s theirs_s ratio`` (medians; the spread goes to the report on standard error).
Arguments: the number of repetitions (3).
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import saved, testdb
from bench.scan import main as scan
from bench.snapshots import measure
from e2e.conftest import build_sandbox
from e2e.stack import Stack, free_port

RESTARTED = ("netbox", "netbox-worker")


def timed(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def add_field(stack: Stack, name: str) -> None:
    path = stack.package / "models.py"
    text = path.read_text(encoding="utf-8")
    place = text.index("    class Meta", text.index("class Switch"))
    field = f'    {name} = models.CharField(max_length=9, default="", blank=True)\n\n'
    path.write_text(text[:place] + field + text[place:], encoding="utf-8")


def served(stack: Stack) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if stack.http("/login/").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("NetBox is not served")


def typed_model_change(stack: Stack) -> None:
    """Scenario 3 of the document, and waiting until it can be used."""
    manage = ("exec", "-T", "netbox", "python", "manage.py")
    stack.compose(*manage, "makemigrations", "netbox_example")
    stack.compose(*manage, "migrate")
    stack.compose("restart", *RESTARTED)
    served(stack)


def typed_settings_change(stack: Stack) -> None:
    """Scenario 5 of the document, and waiting until it can be used."""
    stack.compose("restart", *RESTARTED, "netbox-housekeeping")
    served(stack)


def report(name: str, ours: list[float], theirs: list[float]) -> None:
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"{name} {mine:.2f} {other:.2f} {mine / other:.2f}", flush=True)
    for who, values in (("ours", ours), ("theirs", theirs)):
        print(f"  {name} {who}: {', '.join(f'{value:.2f}' for value in sorted(values))}", file=sys.stderr)


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    scan(repetitions=repetitions)
    home = Path(tempfile.mkdtemp(prefix="netbox-dev-bench-"))
    stack = Stack(home / "sandbox/plugin", home / "state", home / "sandbox", free_port())
    try:
        build_sandbox(home / "sandbox")
        play = stack.setup()
        assert play.status == 0, str(play)
        ours: list[float] = []
        theirs: list[float] = []
        for turn in range(repetitions):
            add_field(stack, f"typed_{turn}")
            theirs.append(timed(partial(typed_model_change, stack)))
            stack.must_apply()
            add_field(stack, f"ours_{turn}")
            ours.append(timed(stack.must_apply))
        report("model_field", ours, theirs)
        ours, theirs = [], []
        for turn in range(repetitions):
            theirs.append(timed(partial(typed_settings_change, stack)))
            stack.must_apply()
            stack.write("netbox-dev.yml", f"plugin_settings: {{greeting: bench {turn}}}\n")
            ours.append(timed(stack.must_apply))
        report("plugin_setting", ours, theirs)
        for name, (mine, others) in measure(stack, repetitions).items():
            report(name, mine, others)
        report("test_database", *testdb.measure(stack, repetitions))
        for name, both in saved.measure(stack, repetitions).items():
            report(name, *both)
    finally:
        stack.remove()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
