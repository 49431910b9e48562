# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be mended unasked: nothing here can lose rows, files or edits of the developer.

The developer's own files change neither content nor owner. A file in the plugin that belongs to root or to an account
of the system was written there by a container or a run as root, and is given to who owns the repository; to files of
other people the stack's user is let in by an ACL, or by the group.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Callable

from ..changes import Wanted
from ..compose import OVERRIDE
from ..converge import Converger
from ..errors import CommandFailed
from ..events import Reporter
from ..freshness import Verdict
from ..override import EDITED, NETBOX_DIR, authorship
from ..running import Limits
from ..schema import wishes_of
from ..services import python_services
from ..stack import Stack
from .check import Finding, some
from .files import is_foreign

# In the order in which they are done: files first, services after them, and the run that proves all last.
WAYS: dict[str, str] = {
    "override": f"the edited {OVERRIDE} is kept beside it, and written anew",
    "owner": "the files are given to who owns the repository",
    "access": "the stack's user is let in, by an ACL or the group",
    "static_access": "the image's group may write into the volume of static files",
    "recreate": "the services are made anew from their image",
    "apply": "apply_change starts and reloads what needs it",
    "migrate": "apply_change applies the migrations, where none of them can lose rows",
    "static": "apply_change collects the static files",
}
_BY_RUN: dict[str, tuple[str, ...]] = {"migrate": ("migrations",), "static": ("static",)}
# What needs no more than that services are fresh, which every run sees to.
_FRESH = ("python",)


def mend(stack: Stack, findings: Iterable[Finding], reporter: Reporter, limits: Limits) -> None:
    """Mend what can be; raises what the run that proves it ends with."""
    by_way: dict[str, list[Finding]] = {}
    for finding in findings:
        by_way.setdefault(finding.fix, []).append(finding)
    for way in ("override", "owner", "access"):
        if way in by_way:
            about = [path for finding in by_way[way] for path in finding.about]
            with reporter.step(way) as step:
                step.changed, step.detail = _FILES[way](stack, about)
    if not set(by_way) - {"", "owner", "access"}:
        return
    converger = Converger(stack, reporter, limits)
    # No file is written into the plugin, and no edit that was not applied yet taken up but by who asks for it.
    converger.wishes = wishes_of(stack, makemigrations=False)
    converger.spares = True
    for way in ("static_access", "recreate"):
        if way in by_way:
            _RUNNING[way](converger, [service for finding in by_way[way] for service in finding.about])
    converger.run(Wanted.of([name for way in by_way for name in _BY_RUN.get(way, ())] or _FRESH))


# What mends files returns whether it changed any, and what is to be told.


def keep_edited_override(stack: Stack, _about: list[str]) -> tuple[bool, str]:
    """Move an override that was edited aside, under a name that none has; the next run writes ours."""
    path = stack.checkout / OVERRIDE
    if not path.exists() or authorship(path.read_text(encoding="utf-8", errors="replace")) != EDITED:
        return False, ""
    number = 1
    while (kept := path.with_name(f"{OVERRIDE}.edited-{number}")).exists():
        number += 1
    path.rename(kept)
    return True, f"kept as {kept.name}"


def give_back(stack: Stack, paths: list[str]) -> tuple[bool, str]:
    """Give files that root or an account of the system owns to who owns the repository."""
    plugin = stack.plugin
    given, refused = [], []
    for relative in paths:
        path = plugin.root / relative
        # Looked at again: it may be gone, or another file by now. A link is given, not what it leads to.
        if not os.path.lexists(path) or not is_foreign(os.lstat(path).st_uid, plugin.uid):
            continue
        try:
            os.lchown(path, plugin.uid, plugin.gid)
            given.append(relative)
        except PermissionError:
            refused.append(relative)
    told = [f"given back: {some(given)}"] if given else []
    told += [f"{some(refused)} only root can give away: run doctor.yml with -b"] if refused else []
    return bool(given), "; ".join(told)


def let_in(stack: Stack, paths: list[str]) -> tuple[bool, str]:
    """Let the stack's user read files of the package (and enter or write folders), and leave their owners alone."""
    plugin, done, refused = stack.plugin, [], []
    named = [plugin.package_dir / relative for relative in paths]
    # What is in a folder may be seen only once we are let in ourselves.
    for path in (one for name in named for one in chain([name], _closed_below(name, plugin.uid, plugin.gid))):
        if path.is_symlink() or not path.exists():
            continue
        relative = path.relative_to(plugin.package_dir).as_posix()
        try:
            _let_in(path, plugin.uid, plugin.gid)
            done.append(relative)
        except (PermissionError, subprocess.CalledProcessError):
            refused.append(relative)
    told = [f"let in: {some(done)}"] if done else []
    told += [f"{some(refused)}: only the owner or root can: run doctor.yml with -b"] if refused else []
    return bool(done), "; ".join(told)


def _closed_below(folder: Path, uid: int, gid: int) -> Iterator[Path]:
    """What is closed by its mode in a folder, into which nobody could look to tell: each before what is in it."""
    for here, folders, names in os.walk(folder) if not folder.is_symlink() else ():
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for path in (Path(here, name) for name in (*folders, *sorted(names))):
            if os.access(here, os.X_OK) and _closed(path.lstat(), uid, gid):
                yield path


def _closed(status: os.stat_result, uid: int, gid: int) -> bool:
    shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
    needed = 0o5 if stat.S_ISDIR(status.st_mode) else 0o4
    return status.st_mode >> shift & needed != needed


def _let_in(path: Path, uid: int, gid: int) -> None:
    status = path.stat()
    folder = stat.S_ISDIR(status.st_mode)
    if status.st_uid == uid:
        path.chmod(stat.S_IMODE(status.st_mode) | (0o700 if folder else 0o600))
        return
    setfacl = shutil.which("setfacl")
    if setfacl:
        entry = f"u:{uid}:rw{'x' if folder else ''}"
        subprocess.run([setfacl, "-m", entry, "--", str(path)], check=True, capture_output=True)
        return
    os.chown(path, -1, gid)
    path.chmod(stat.S_IMODE(status.st_mode) | (0o070 if folder else 0o060))


def open_static(converger: Converger, services: list[str]) -> None:
    """Give the image's group, in which the stack's user is, the volume of static files."""
    container = converger.engine.containers()[services[0]]["Id"]
    with converger.reporter.step("open the volume of static files") as step:
        for command in (("chgrp", "-R", "0"), ("chmod", "-R", "g+rwX")):
            words = (*command, f"{NETBOX_DIR}/static")
            status, _output = converger.engine.execute(container, *words, user="0")
            if status:
                raise CommandFailed(
                    f"'{' '.join(words)}' in the container of '{services[0]}', by root, ended with status {status}; "
                    "the volume may be read-only, or on a file system that has no such owners.",
                    status=status,
                )
        step.changed = True


def recreate(converger: Converger, services: list[str]) -> None:
    """Make services anew; what they run is proved by the run after it."""
    names = list(dict.fromkeys(services))
    converger.roles = python_services(converger.compose.config())
    converger.up_backing()
    with converger.reporter.step("recreate", tuple(names)) as step:
        converger.act([Verdict(name, "recreate", "") for name in names], converger.disk())
        step.changed = True


_FILES: dict[str, Callable[[Stack, list[str]], tuple[bool, str]]] = {
    "override": keep_edited_override,
    "owner": give_back,
    "access": let_in,
}
_RUNNING: dict[str, Callable[[Converger, list[str]], None]] = {"static_access": open_static, "recreate": recreate}
