# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the machine: engine, tools, room, limits, clock, certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .check import Found, check, some
from .facts import Facts
from .files import Room

_GIB = 1 << 30
_LEAST_MEMORY = 300 << 20
_CLOCK_S = 5.0


@check(
    "engine",
    "The Docker engine does not answer",
    looks_at="`docker version`, as the user that runs the playbook",
    remedy="run hedgehog.netbox_dev.docker_host: it installs or starts the engine",
)
def engine(facts: Facts) -> Iterator[Found]:
    verdict, problem = facts.host_verdict, facts.host_verdict.problem
    if not facts.host.engine_version:
        evidence = facts.host.engine_error or "; ".join(verdict.needs.values())
        message = problem["message"] if problem else "no Docker engine answers"
        yield Found(message, evidence, problem["remedy"] if problem else "")
    elif problem and problem["code"] == "engine_too_old":
        yield Found(problem["message"], f"the engine is {facts.host.engine_version}", problem["remedy"])


@check(
    "tools",
    "Compose, git or a Python package is missing or too old",
    looks_at="`docker compose version`, git, and what the modules import",
    remedy="run hedgehog.netbox_dev.docker_host: it installs what is missing",
)
def tools(facts: Facts) -> Iterator[Found]:
    problem = facts.host_verdict.problem
    for name in ("compose", "packages"):
        if name in facts.host_verdict.needs:
            mends = problem if problem and problem["code"] in ("compose_v1", "python_packages") else None
            yield Found(
                mends["message"] if mends else "a tool that the stack needs is not there",
                facts.host_verdict.needs[name],
                mends["remedy"] if mends else "",
            )


@check(
    "disk",
    "The disk is nearly full",
    looks_at="bytes and inodes that are free for the plugin, for the stack's state, and for the engine's containers",
    remedy="make room: `docker system df` shows what images, containers and build cache take",
)
def disk(facts: Facts) -> Iterator[Found]:
    rooms = dict(facts.files.room)
    for service, inside in facts.inside.items():
        if inside.get("room"):
            free, total, inodes = inside["room"]
            rooms.setdefault(f"the containers ({service})", Room(int(free), int(total), inodes))
            break
    told = set()
    for where, one in rooms.items():
        # One file system is told once.
        if _tight(one) and (one.total, one.free // _GIB) not in told:
            told.add((one.total, one.free // _GIB))
            yield Found(
                f"there is hardly any room left for {where}",
                f"{one.free / _GIB:.2f} of {one.total / _GIB:.1f} GiB free, {one.inodes:.0%} of the inodes",
            )


def _tight(room: Room) -> bool:
    return room.inodes < 0.01 or (room.free < 2 * _GIB and room.free < room.total / 20)


@check(
    "memory",
    "Memory runs out",
    looks_at="the memory that is available, and whether the kernel ended a container for want of it",
    remedy="give the machine (or Docker Desktop's virtual machine) more memory, or end what takes it: "
    "`docker stats --no-stream`",
)
def memory(facts: Facts) -> Iterator[Found]:
    killed = [name for name, container in facts.containers.items() if container["State"].get("OOMKilled")]
    if killed:
        yield Found("the kernel ended a service for want of memory", f"OOMKilled: {some(killed)}", about=tuple(killed))
    elif facts.memory_free is not None and facts.memory_free < _LEAST_MEMORY:
        yield Found("hardly any memory is left", f"{facts.memory_free >> 20} MiB are available")


@check(
    "inotify",
    "Files cannot be watched",
    looks_at="whether the stack's user can make a watcher, and how many folders it may watch",
    remedy="raise the kernel's limits: `sudo sysctl fs.inotify.max_user_instances=1024 "
    "fs.inotify.max_user_watches=524288`, and in /etc/sysctl.d to keep them",
)
def inotify(facts: Facts) -> Iterator[Found]:
    errors = {name: inside["watch"] for name, inside in facts.inside.items() if inside.get("watch")}
    if errors:
        name, error = min(errors.items())
        yield Found(
            "no further watcher of files can be made: all of the user's are in use", f"inotify_init in {name}: {error}"
        )
    elif facts.files.watches is not None and facts.files.watches < 2 * facts.files.folders:
        yield Found(
            "there are more folders than may be watched",
            f"{facts.files.folders} folders in the plugin, fs.inotify.max_user_watches is {facts.files.watches}",
        )


@check(
    "clock",
    "Clocks do not agree",
    looks_at="the node's clock against those of containers and database, and against the times of the plugin's files",
    remedy="let the clock be set (`timedatectl set-ntp true`; Docker Desktop: restart it), then `touch` files from the "
    "future: what was copied from them is taken for newer",
)
def clock(facts: Facts) -> Iterator[Found]:
    clocks = {name: inside["time"] for name, inside in facts.inside.items() if inside.get("time")}
    if facts.database.get("time"):
        clocks["the database"] = facts.database["time"]
    for name, moment in clocks.items():
        # Asked within the time that collecting took.
        early, late = facts.now - moment, moment - facts.until
        if max(early, late) > _CLOCK_S:
            yield Found(
                f"the clock of {name} is not the node's",
                f"it is {max(early, late):.0f} s {'behind' if early > late else 'ahead'}",
            )
            return
    if facts.files.future:
        path, ahead = max(facts.files.future.items(), key=lambda item: item[1])
        yield Found(
            f"{len(facts.files.future)} files of the plugin were saved in the future",
            f"{path}: {ahead / 60:.0f} minutes from now",
            about=tuple(facts.files.future),
        )


@check(
    "ca_bundle",
    "The CA bundle is of no use",
    looks_at="the file that `ca_bundle` in netbox-dev.yml names, with which the image is built behind a proxy",
    remedy="give `ca_bundle` the proxy's certificates as a PEM file, and run dev-setup.yml",
)
def ca_bundle(facts: Facts) -> Iterator[Found]:
    if facts.files.ca_bundle:
        yield Found("the CA bundle cannot be used: the next build of the image fails", facts.files.ca_bundle)


@check(
    "proxy",
    "A proxy stands between the services",
    looks_at="the proxy variables in each container; the engine puts those of ~/.docker/config.json there",
    remedy='add "localhost,127.0.0.1" to noProxy in ~/.docker/config.json (or to no_proxy), then '
    "`docker compose up -d --force-recreate` in the checkout",
)
def proxy(facts: Facts) -> Iterator[Found]:
    for service, inside in facts.inside.items():
        given = inside.get("proxy", {})
        # curl, by which health is asked, goes by the name in small letters alone.
        through = re.sub(r"^(\w+://)?.*@", r"\1", given.get("http_proxy", ""))
        spared = f"{given.get('no_proxy', '')},{given.get('NO_PROXY', '')}".split(",")
        if through and not {"localhost", "*"} & {name.strip() for name in spared}:
            yield Found(
                "health checks of the services go to a proxy", f"http_proxy={through} in {service}, no_proxy not"
            )
            return


CHECKS = (engine, tools, disk, memory, inotify, clock, ca_bundle, proxy)
