# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import override
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.compose import OVERRIDE
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import ForeignOverride, InvalidProject
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
Base = dict[str, Any]
EXTRA = {
    "netbox-rq-worker-hedgehog": {"command": "rqworker default"},
    "netbox-rq-scheduler": {"command": ["rqscheduler", "--interval", 5]},
}
PYTHON = ["netbox", "netbox-housekeeping", "netbox-worker"]


class FakeCompose:
    """The checkout's own configuration, as Compose would tell it."""

    def __init__(self, base: Base) -> None:
        self.base = base

    def config(self, **_: object) -> Base:
        return self.base


def test_every_python_service_runs_the_mounted_code_as_the_developer(make_stack: MakeStack, compose_base: Base) -> None:
    stack = make_stack({"services": EXTRA}, package_path="src/netbox_example")
    services = override.make_override(stack, compose_base, platform="linux")["services"]
    assert sorted(services) == sorted([*PYTHON, *EXTRA])
    wanted = {
        "/opt/netbox/netbox/netbox_example": (stack.plugin.package_dir, False),
        "/opt/netbox-dev/netbox-example": (stack.plugin.root, False),
        "/opt/netbox-dev/.runtime": (stack.state / "runtime", True),
        "/opt/netbox-dev/.run": (stack.state / "run", False),
    }
    for name, service in services.items():
        mounts = {v["target"]: v for v in service["volumes"]}
        for target, (source, read_only) in wanted.items():
            assert mounts[target]["source"] == str(source), name
            assert mounts[target].get("read_only", False) is read_only, name
        assert mounts["/opt/netbox/netbox/netbox/local_settings.py"]["read_only"] is True
        assert mounts["/opt/netbox/netbox/static"]["type"] == "volume"
        assert not [v for v in service["volumes"] if "consistency" in v]
        assert service["user"] == f"{os.getuid()}:{os.getgid()}"
        assert service["group_add"] == ["0"]
        assert service["image"] == stack.image
        assert service["environment"]["DEBUG"] == service["environment"]["DEVELOPER"] == "true"
        assert service["environment"]["NETBOX_DEV_SERVICE"] == name
        assert service["labels"]["hedgehog.netbox_dev.stack"] == stack.id


def test_database_and_redis_are_asked_less_often_and_left_as_they_are(
    make_stack: MakeStack, compose_base: Base
) -> None:
    compose_base["services"]["redis-cache"].pop("healthcheck", None)
    for name in ("postgres", "redis"):
        compose_base["services"][name]["healthcheck"] = {"test": ["CMD", "true"], "interval": "1s"}
    made = override.make_override(make_stack(), compose_base)
    backing = {name: made["services"].get(name) for name in ("postgres", "redis", "redis-cache")}
    seldom = {"healthcheck": {"interval": "5s"}}
    assert backing == {"postgres": seldom, "redis": seldom, "redis-cache": None}
    assert made["name"].startswith("netbox-dev-netbox-example-")


@pytest.mark.parametrize(("platform", "consistency"), [("linux", None), ("darwin", "cached"), ("win32", "cached")])
def test_bind_mounts_are_cached_where_they_go_through_a_virtual_machine(
    make_stack: MakeStack, compose_base: Base, platform: str, consistency: str | None
) -> None:
    for service in override.make_override(make_stack(), compose_base, platform=platform)["services"].values():
        assert {v.get("consistency") for v in service["volumes"] if v["type"] == "bind"} == {consistency}


def test_a_rootless_engine_maps_root_to_the_developer(make_stack: MakeStack, compose_base: Base) -> None:
    services = override.make_override(make_stack(), compose_base, rootless=True)["services"]
    assert {service["user"] for service in services.values()} == {"0:0"}


def test_only_the_web_service_has_a_port_and_only_on_this_machine(make_stack: MakeStack, compose_base: Base) -> None:
    services = override.make_override(make_stack({"port": 8042, "services": EXTRA}), compose_base)["services"]
    assert {name: s["ports"] for name, s in services.items() if "ports" in s} == {"netbox": ["127.0.0.1:8042:8080"]}


def test_each_service_is_supervised_with_what_it_used_to_run(make_stack: MakeStack, compose_base: Base) -> None:
    services = override.make_override(make_stack({"services": EXTRA}), compose_base)["services"]
    assert {name: s["command"] for name, s in services.items()} == {
        "netbox": ["web"],
        "netbox-worker": ["manage", "rqworker"],
        "netbox-housekeeping": ["script", "/opt/netbox/housekeeping.sh"],
        "netbox-rq-worker-hedgehog": ["manage", "rqworker", "default"],
        "netbox-rq-scheduler": ["manage", "rqscheduler", "--interval", "5"],
    }
    assert {name: s["labels"]["hedgehog.netbox_dev.role"] for name, s in services.items()} == {
        "netbox": "web",
        "netbox-worker": "worker",
        "netbox-housekeeping": "housekeeping",
        "netbox-rq-worker-hedgehog": "worker",
        "netbox-rq-scheduler": "scheduler",
    }


def test_only_one_service_builds_the_image_from_the_checkouts_own(make_stack: MakeStack, compose_base: Base) -> None:
    stack = make_stack()
    services = override.make_override(stack, compose_base)["services"]
    assert [name for name, s in services.items() if "build" in s] == ["netbox"]
    assert services["netbox"]["build"]["args"] == {"BASE_IMAGE": compose_base["services"]["netbox"]["image"]}
    assert {s.get("pull_policy") for name, s in services.items() if name != "netbox"} == {"never"}


def test_an_extra_service_has_what_netboxs_own_have(make_stack: MakeStack, compose_base: Base) -> None:
    stack = make_stack({"services": EXTRA})
    extra = override.make_override(stack, compose_base)["services"]["netbox-rq-scheduler"]
    assert extra["env_file"] == f"{stack.checkout}/env/netbox.env"
    assert extra["depends_on"] == {"netbox": {"condition": "service_healthy"}}
    targets = [v["target"] for v in extra["volumes"]]
    assert {"/etc/netbox/config", "/opt/netbox/netbox/media"} <= set(targets)
    assert len(targets) == len(set(targets))
    assert ".run/netbox-rq-scheduler.json" in extra["healthcheck"]["test"][1]


@pytest.mark.parametrize("name", ["postgres", "redis", "redis-cache"])
def test_an_extra_service_cannot_take_the_place_of_database_or_redis(
    make_stack: MakeStack, compose_base: Base, name: str
) -> None:
    with pytest.raises(InvalidProject, match=f"services: '{name}'"):
        override.make_override(make_stack({"services": {name: {"command": "rqworker"}}}), compose_base)


def test_a_netbox_service_can_be_given_another_command(make_stack: MakeStack, compose_base: Base) -> None:
    stack = make_stack({"services": {"netbox-worker": {"command": "rqworker high default low"}}})
    worker = override.make_override(stack, compose_base)["services"]["netbox-worker"]
    assert worker["command"] == ["manage", "rqworker", "high", "default", "low"]
    assert "env_file" not in worker


def test_dollar_signs_reach_compose_as_such(make_stack: MakeStack, compose_base: Base) -> None:
    stack = make_stack(repository="a $HOME ${x} b")
    text = override.render(override.make_override(stack, compose_base))
    assert "a $$HOME $${x} b" in text
    assert "a $HOME" not in text.replace("$$", "")
    assert yaml.safe_load(text)["name"] == stack.project_name


def test_without_a_file_there_is_nothing_to_refuse(tmp_path: Path) -> None:
    assert override.check_ours(tmp_path / OVERRIDE, "x") == ""


def test_our_own_file_is_known_again_and_an_edited_one_is_refused_with_the_difference(
    make_stack: MakeStack, compose_base: Base, tmp_path: Path
) -> None:
    text = override.render(override.make_override(make_stack(), compose_base))
    path = tmp_path / OVERRIDE
    path.write_text(text)
    assert override.check_ours(path, "anything") == text
    path.write_text(text.replace("127.0.0.1:8000", "0.0.0.0:8000"))
    with pytest.raises(ForeignOverride) as caught:
        override.check_ours(path, text)
    assert "was edited by hand since it was written" in caught.value.message
    assert "\n-    - 0.0.0.0:8000:8080\n+    - 127.0.0.1:8000:8080" in caught.value.message
    path.write_text("services: {}\n")
    with pytest.raises(ForeignOverride, match="was not written by this collection") as caught:
        override.check_ours(path, text)
    shown = caught.value.message.splitlines()
    assert len(shown) < 16
    assert str(path) in shown[0]
    assert shown[-1] == f"… and {len(text.splitlines()) + 4 - 12} more lines"


@pytest.mark.parametrize("foreign", ["services:\n  netbox:\n    ports:\n      - 8000:8080\n", "", "\ufeff"])
def test_a_foreign_file_is_refused_and_nothing_is_written(
    make_stack: MakeStack, compose_base: Base, foreign: str
) -> None:
    stack = make_stack()
    compose_base["services"]["netbox"]["volumes"][0]["source"] = f"{stack.checkout}/configuration"
    stack.checkout.mkdir(parents=True)
    (stack.checkout / OVERRIDE).write_text(foreign)
    with pytest.raises(ForeignOverride, match="was not written by this collection"):
        override.write_files(stack, FakeCompose(compose_base), rootless=False, check=False)  # type: ignore[arg-type]
    assert (stack.checkout / OVERRIDE).read_text() == foreign
    assert not stack.state.exists()


def test_all_files_are_written_once_and_predicted_before(make_stack: MakeStack, compose_base: Base) -> None:
    stack = make_stack({"plugin_settings": {"token": "a$b"}})
    compose_base["services"]["netbox"]["volumes"][0]["source"] = f"{stack.checkout}/configuration"
    stack.checkout.mkdir(parents=True)
    # Where an older version put it first: whatever the containers run can make a link of it.
    (stack.checkout / f".{OVERRIDE}.new").symlink_to(stack.plugin.root / "mine")

    def write(check: bool) -> dict[str, Any]:
        return override.write_files(stack, FakeCompose(compose_base), rootless=False, check=check)  # type: ignore[arg-type]

    predicted = write(check=True)
    assert not stack.state.exists()
    assert os.listdir(stack.checkout) == [f".{OVERRIDE}.new"]
    assert write(check=False) == predicted
    assert not (stack.plugin.root / "mine").exists()
    assert OVERRIDE in predicted["changed"]
    assert write(check=False)["changed"] == write(check=True)["changed"] == []
    assert (stack.state.stat().st_mode & 0o777) == 0o700
    assert (stack.checkout / OVERRIDE).read_text() == predicted["after"]
    runtime = stack.state / "runtime"
    assert '"token": "a$b"' in (runtime / "settings.json").read_text()
    compile((runtime / override.RUNTIME_PACKAGE / "supervise.py").read_text(), "supervise.py", "exec")


def test_all_of_the_runtime_is_mounted(make_stack: MakeStack) -> None:
    source = Path(override.__file__).parent / "runtime"
    names = {p.name for p in source.glob("*.py")} - {"install.py"}
    files = override.runtime_files(make_stack())
    assert {name.rpartition("/")[2] for name in files if name.endswith(".py")} == names
