# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import stacks
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import ROLE_LABEL, Engine

PLACE = "/opt/netbox-dev/example"


def container(role: str, path: str, running: bool, port: str = "") -> dict[str, Any]:
    return {
        "Config": {
            "Env": ["DEBUG=true", f"NETBOX_DEV_REPOSITORY={PLACE}"],
            "Labels": {ROLE_LABEL: role, "com.docker.compose.project": f"project-{Path(path).name}"},
        },
        "Mounts": [
            {"Source": "/state/run", "Destination": "/opt/netbox-dev/.run"},
            {"Source": path, "Destination": PLACE},
        ],
        "HostConfig": {"PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": port}]} if port else None},
        "State": {"Running": running},
    }


class Machine:
    def __init__(self, **found: list[dict[str, Any]]) -> None:
        self.found = found

    def stacks(self) -> dict[str, list[dict[str, Any]]]:
        return self.found


def test_stacks_are_told_by_their_plugins_paths(tmp_path: Path) -> None:
    there = str(tmp_path)
    machine = Machine(
        b=[container("worker", there, True), container("web", there, False, "8001")],
        a=[container("web", "/gone/plugin", False, "8000")],
    )
    found = stacks.find_stacks(cast(Engine, machine))
    assert [(one["id"], one["plugin_path"], one["there"]) for one in found] == sorted(
        [("a", "/gone/plugin", False), ("b", there, True)], key=lambda one: one[1]
    )
    (ours,) = [one for one in found if one["id"] == "b"]
    assert (ours["url"], ours["services"], ours["running"]) == ("http://127.0.0.1:8001", 2, 1)
    lines = stacks.table(found)
    assert lines[0].split() == ["plugin", "address", "running", "project"]
    assert [line.split() for line in lines if there in line] == [
        [there, "http://127.0.0.1:8001", "1", "of", "2", f"project-{tmp_path.name}"]
    ]
    assert any("/gone/plugin (gone)" in line for line in lines)


def test_a_container_that_tells_nothing_of_its_plugin_is_listed_all_the_same() -> None:
    bare = {**container("worker", "/x", True), "Mounts": [], "Config": {"Env": None, "Labels": {}}}
    bare["Config"]["Labels"]["com.docker.compose.project"] = "other"
    (found,) = stacks.find_stacks(cast(Engine, Machine(c=[bare])))
    assert (found["plugin_path"], found["there"], found["url"], found["project_name"]) == ("", False, "", "other")
    assert stacks.table([found])[1].startswith("unknown  ")


def test_without_stacks_that_is_said() -> None:
    assert stacks.table(stacks.find_stacks(cast(Engine, Machine()))) == ["this machine has no stack"]
