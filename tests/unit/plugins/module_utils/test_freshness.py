# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import freshness
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
CONTAINER: dict[str, Any] = {
    "Image": "sha256:1",
    "Config": {"Hostname": "abc", "Labels": {"com.docker.compose.config-hash": "h"}},
    "State": {"Running": True, "Status": "running"},
    "NetworkSettings": {"Networks": {"stack_default": {}}},
}
DISK = freshness.Disk("code", "config", "sha256:1", {"netbox": "s"}, {"netbox": {"config": "s", "label": "h"}})
TOLD: dict[str, Any] = {"container": "abc", "config": "config", "code": "code"}


@pytest.mark.parametrize(
    ("container", "disk", "told", "needs", "why"),
    [
        ({}, {}, {}, "", ""),
        (None, {}, {}, "recreate", "there is no container"),
        ({}, {"services": {"netbox": "other"}}, {}, "recreate", "its Compose configuration changed"),
        ({}, {"created": {}}, {}, "recreate", "its Compose configuration changed"),
        ({"Config": {"Hostname": "abc", "Labels": {}}}, {}, {}, "recreate", "its Compose configuration changed"),
        ({"Image": "sha256:0"}, {}, {}, "recreate", "the image was built anew"),
        ({"Image": "sha256:0"}, {"image": None}, {}, "", ""),
        ({"State": {"Running": False, "Status": "exited"}}, {}, {}, "recreate", "it is exited"),
        ({"NetworkSettings": {"Networks": {}}}, {}, {}, "recreate", "its network is gone"),
        ({"NetworkSettings": {"Networks": {"host": {}}}}, {}, {}, "", ""),
        ({"State": {"Running": True, "Paused": True, "Status": "paused"}}, {}, {}, "start", "it is paused"),
        ({}, {}, None, "reload", "it has not said yet what it runs"),
        ({}, {}, {"container": "before"}, "reload", "it has not said yet what it runs"),
        ({}, {}, {"config": "old"}, "restart", "configuration files changed"),
        ({}, {}, {"code": "old"}, "reload", "it runs other code than netbox_example/ holds"),
        ({}, {}, {"code": ""}, "reload", "it runs other code than netbox_example/ holds"),
        ({}, {}, {"code": "old", "config": "old"}, "restart", "configuration files changed"),
        ({"Image": "sha256:0"}, {}, {"code": "old", "config": "old"}, "recreate", "the image was built anew"),
    ],
)
def test_the_strongest_need_decides(
    make_stack: MakeStack,
    container: dict[str, Any] | None,
    disk: dict[str, Any],
    told: dict[str, Any] | None,
    needs: str,
    why: str,
) -> None:
    stack = make_stack()
    run = stack.state / "run"
    run.mkdir(parents=True)
    if told is not None:
        (run / "netbox.json").write_text(json.dumps({**TOLD, **told}))
    there = None if container is None else {**CONTAINER, **container}
    verdict = freshness.judge(stack, "netbox", there, replace(DISK, **disk))
    assert (verdict.needs, verdict.why) == (needs, why)


@pytest.mark.parametrize(("age", "needs"), [(60.0, ""), (3.5, "reload"), (0.0, "reload"), (-3600.0, "")])
def test_a_process_has_to_outlive_one_that_ended_soon_after_its_start(
    make_stack: MakeStack, age: float, needs: str
) -> None:
    stack = make_stack()
    (stack.state / "run").mkdir(parents=True)
    told = {**TOLD, "lived": 3.04, "since": time.time() - age}
    (stack.state / "run" / "netbox.json").write_text(json.dumps(told))
    verdict = freshness.judge(stack, "netbox", CONTAINER, DISK)
    assert (verdict.needs, "ended 3.0 s after its start" in verdict.why) == (needs, bool(needs))


def test_one_that_was_made_again_by_hand_of_the_same_configuration_is_as_good(make_stack: MakeStack) -> None:
    stack = make_stack()
    (stack.state / "run").mkdir(parents=True)
    (stack.state / "run" / "netbox.json").write_text(json.dumps(TOLD))

    def container(label: str, *environment: str) -> dict[str, Any]:
        labels = {"com.docker.compose.config-hash": label}
        own = {**CONTAINER["Config"], "Labels": labels, "Env": list(environment)}
        return {**CONTAINER, "Config": own, "HostConfig": {"Mounts": [{"Type": "bind"}], "Binds": None}}

    disk = replace(DISK, created={"netbox": freshness.created_from(DISK, "netbox", container("h", "A=1", "B=2"))})
    # As docker compose up --no-deps --force-recreate does.
    assert freshness.judge(stack, "netbox", container("other", "B=2", "A=1"), disk).needs == ""
    assert freshness.judge(stack, "netbox", container("other", "B=2", "A=3"), disk).needs == "recreate"


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_supervisors_word_that_cannot_be_read_is_no_word(make_stack: MakeStack, content: str) -> None:
    stack = make_stack()
    (stack.state / "run").mkdir(parents=True)
    (stack.state / "run" / "netbox.json").write_text(content)
    assert freshness.told_by(stack, "netbox") == {}


def test_the_disk_is_read_again_for_code_configuration_and_services(make_stack: MakeStack) -> None:
    stack = make_stack(files={"netbox_example/models.py": "1\n"})
    configuration = stack.checkout / "configuration" / "extra.py"
    configuration.parent.mkdir(parents=True)
    config: dict[str, Any] = {"services": {"netbox": {"image": "x"}}}
    seen = [freshness.read_disk(stack, "i", config)]
    (stack.plugin.package_dir / "models.py").write_text("2\n")
    seen.append(freshness.read_disk(stack, "i", config))
    configuration.write_text("A = 1\n")
    seen.append(freshness.read_disk(stack, "i", config))
    config["services"]["netbox"]["image"] = "y"
    seen.append(freshness.read_disk(stack, "i", config))
    changed = [
        [key for key in ("code", "config", "services") if getattr(before, key) != getattr(after, key)]
        for before, after in zip(seen, seen[1:])
    ]
    assert changed == [["code"], ["config"], ["services"]]
    assert seen[0].created == {}


@pytest.mark.parametrize(
    ("installed", "recorded", "needs"),
    [("a", "a", ""), ("b", "a", "recreate"), (None, "a", ""), ("b", "", "")],
)
def test_a_container_with_other_packages_than_its_image_is_recreated(
    make_stack: MakeStack, installed: str | None, recorded: str, needs: str
) -> None:
    stack = make_stack()
    (stack.state / "run").mkdir(parents=True)
    (stack.state / "run" / "netbox.json").write_text(json.dumps(TOLD))
    verdict = freshness.judge(stack, "netbox", CONTAINER, replace(DISK, packages=recorded), installed)
    assert verdict.needs == needs
