# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Finding changes among many files, against ``git status --porcelain`` on the same tree.

A tenth of the files is changed in place, stylesheets each to another size: git tells that from the sizes, and so does
who asks it. What is measured is which files differ, as ``change_info`` asks; not the search of all folders that comes
first after an apply that changed their names, nor the reading of what is recorded, which ``change_apply`` does besides.

Arguments: the number of files (100000) and of repetitions (5). The peak of memory goes to standard error.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLLECTIONS = Path(__file__).resolve().parents[2] / ".venv/collections"
CHANGED_PART = 10
IN_A_FOLDER = 50
INIT = "from netbox.plugins import PluginConfig\n\n\nclass C(PluginConfig):\n    name = 'pkg'\n\n\nconfig = C\n"
# One process per measurement, as a module run is one: the import of the engine is not what is compared.
OURS = r"""
import re, sys, time
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import differences, manifest, stack, tree
made = stack.resolve(sys.argv[1])
started = time.monotonic()
before, why = manifest.read_manifest(made)
files = tree.Tree(made)
now = files.read(before)
found = differences.differences(files, before, now) if before else []
seconds = time.monotonic() - started
if sys.argv[2] == "record":
    manifest.write_manifest(made, files.completed(now), time.time_ns() - 10**10)
# The resource module would tell the peak of the process that started this one, if that is higher.
peak = re.search(r"VmHWM:\s*(\d+)", open("/proc/self/status").read()).group(1)
print(seconds, len(found), int(peak) // 1024)
"""


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Dev", "-c", "user.email=dev@example.com", "-c", "gc.auto=0")
    done = subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, text=True)
    return done.stdout


def write_tree(root: Path, number: int) -> list[Path]:
    """A plugin of ``number`` small files."""
    (root / "pkg").mkdir(parents=True)
    (root / "pkg/__init__.py").write_text(INIT)
    files = []
    for index in range(number):
        folder = root / "pkg/static" / f"d{index // (IN_A_FOLDER * 20)}" / f"e{index // IN_A_FOLDER % 20}"
        if index % IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        files.append(folder / f"f{index}.css")
        files[-1].write_text(f".c{index} {{ margin: 0 }}\n" * 4)
    return files


def ours(root: Path, state: Path, what: str) -> tuple[float, int, int]:
    """Seconds, number of differences, and the peak of memory in MB."""
    environment = {**os.environ, "NETBOX_DEV_STATE_HOME": str(state), "PYTHONPATH": str(COLLECTIONS)}
    done = subprocess.run(
        [sys.executable, "-c", OURS, str(root), what], env=environment, check=True, capture_output=True, text=True
    )
    seconds, found, megabytes = done.stdout.split()
    return float(seconds), int(found), int(megabytes)


def theirs(root: Path) -> float:
    started = time.monotonic()
    git(root, "--no-optional-locks", "status", "--porcelain")
    return time.monotonic() - started


def measure(name: str, root: Path, state: Path, repetitions: int, expected: int) -> None:
    mine, other, megabytes = [], [], 0
    for _turn in range(repetitions):
        other.append(theirs(root))
        seconds, found, megabytes = ours(root, state, "look")
        assert found == expected, f"{name}: {found} differences were found, {expected} were made"
        mine.append(seconds)
    median, reference = statistics.median(mine), statistics.median(other)
    print(f"{name} {median:.2f} {reference:.2f} {median / reference:.2f}", flush=True)
    for who, values in (("ours", mine), ("theirs", other)):
        print(f"  {name} {who}: {', '.join(f'{value:.2f}' for value in sorted(values))}", file=sys.stderr)
    print(f"  {name} memory: {megabytes} MB", file=sys.stderr)


def main(number: int = 100_000, repetitions: int = 5) -> None:
    home = Path(tempfile.mkdtemp(prefix="netbox-dev-scan-"))
    root, state = home / "plugin", home / "state"
    try:
        files = write_tree(root, number)
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "all")
        # Git's index trusts no time stamp that is as young as itself.
        time.sleep(1.1)
        git(root, "status", "--porcelain")
        ours(root, state, "record")
        measure(f"scan_{number}_unchanged", root, state, repetitions, 0)
        for path in files[::CHANGED_PART]:
            path.write_text("changed\n")
        measure(f"scan_{number}_tenth_changed", root, state, repetitions, len(files[::CHANGED_PART]))
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
