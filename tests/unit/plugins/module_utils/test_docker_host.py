# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import apt, docker_host

READY = docker_host.Found(
    client="/usr/bin/docker",
    daemon="/usr/sbin/dockerd",
    engine_version="20.10.24+dfsg1",
    compose_version="2.26.1-4",
    git="/usr/bin/git",
    python="/usr/bin/python3",
    user="alice",
)
SILENT = {"engine_version": "", "engine_error": "Cannot connect", "endpoint": docker_host.LOCAL_SOCKETS[0]}


def judge(**differences: Any) -> docker_host.Verdict:
    return docker_host.judge(dataclasses.replace(READY, **differences), "20.10.0", "2.18.0")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2.26.1-4", (2, 26, 1)),
        ("v2.17.2", (2, 17, 2)),
        ("5:24.0.7-1~debian", (24, 0, 7)),
        ("2.24.6+ds1-0ubuntu1~22.04.1\n", (2, 24, 6)),
        ("20.10", (20, 10)),
        ("", ()),
        ("dev", ()),
    ],
)
def test_versions_are_read_as_distributions_write_them(text: str, numbers: tuple[int, ...]) -> None:
    assert docker_host.version_tuple(text) == numbers


def test_a_machine_that_has_all_needs_nothing() -> None:
    assert judge() == docker_host.Verdict()


@pytest.mark.parametrize(
    ("differences", "needs"),
    [
        ({**SILENT}, ["start"]),
        ({**SILENT, "daemon": ""}, ["engine", "start"]),
        ({"client": "", "daemon": "", "engine_version": "", "compose_version": ""}, ["engine", "start", "compose"]),
        ({"compose_version": ""}, ["compose"]),
        ({"compose_version": "2.17.3"}, ["compose"]),
        ({"compose_version": "2.17.3", "compose_v1": "1.29.2, /usr/bin/docker-compose"}, ["compose"]),
        ({"git": ""}, ["packages"]),
        ({"python_missing": ("docker", "yaml")}, ["packages"]),
        ({"git": "", "python_missing": ("docker",)}, ["packages"]),
    ],
)
def test_what_can_be_installed_or_started_is_no_problem(differences: dict[str, Any], needs: list[str]) -> None:
    verdict = judge(**differences)
    assert list(verdict.needs) == needs
    assert verdict.problem is None


@pytest.mark.parametrize(
    ("differences", "code", "says"),
    [
        ({**SILENT, "engine_error": "Got permission denied while trying"}, "permission", "usermod -aG docker alice"),
        ({**SILENT, "endpoint": "tcp://192.0.2.1:2375"}, "unreachable", "tcp://192.0.2.1:2375"),
        ({**SILENT, "endpoint": "ssh://box"}, "unreachable", "docker context use default"),
        ({"engine_version": "19.03.15"}, "engine_too_old", "19.03.15; 20.10.0 or newer"),
        ({"compose_version": "", "compose_v1": "1.29.2, /usr/bin/docker-compose"}, "compose_v1", "1.29.2"),
        ({**SILENT, "is_podman": True}, "podman", "podman-docker"),
        (
            {"python": "/venv/bin/python", "python_is_system": False, "python_missing": ("yaml",)},
            "python_packages",
            "/venv/bin/python -m pip install PyYAML",
        ),
        ({"has_apt": False, "compose_version": ""}, "unsupported_system", "no apt"),
        ({**SILENT, "has_apt": False, "system": "Darwin"}, "unsupported_system", "Docker Desktop"),
    ],
)
def test_what_only_a_person_can_mend_is_said_with_a_remedy(differences: dict[str, Any], code: str, says: str) -> None:
    problem = judge(**differences).problem
    assert problem is not None
    assert problem["code"] == code
    assert says in f"{problem['message']} {problem['remedy']}"


def test_an_engine_that_only_needs_starting_needs_no_apt() -> None:
    assert judge(**SILENT, has_apt=False).problem is None


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put shell scripts in the place of commands; nothing else is found."""

    def put(**scripts: str) -> None:
        for name, script in scripts.items():
            path = tmp_path / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(docker_host, "_which", lambda name: str(tmp_path / name) if (tmp_path / name).exists() else "")
    return put


def test_a_working_engine_is_seen(commands: Any) -> None:
    commands(
        docker='[ "$1" = compose ] && echo v2.26.1 && exit; echo \'{"Client":{},"Server":{"Version":"20.10.24"}}\'',
        dockerd="",
        git="",
    )
    found = docker_host.look("alice")
    assert (found.engine_version, found.compose_version, found.compose_v1) == ("20.10.24", "v2.26.1", "")
    assert found.engine_error == ""


def test_an_engine_that_is_silent_is_seen_with_its_address_and_words(commands: Any) -> None:
    commands(
        docker='[ "$1" = context ] && echo unix:///x.sock && exit; echo \'{"Server":null}\'; echo "no\nway" >&2; exit 1'
    )
    found = docker_host.look("alice")
    assert (found.engine_version, found.endpoint, found.engine_error) == ("", "unix:///x.sock", "no way")


def test_docker_host_tells_which_engine_was_asked(commands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    commands(docker="exit 1")
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    assert docker_host.look("alice").endpoint == "tcp://192.0.2.1:2375"


def test_an_engine_that_hangs_is_given_up(commands: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    commands(docker="exec /bin/sleep 60")
    monkeypatch.setattr(docker_host, "ANSWER_LIMIT_S", 0.1)
    assert "did not answer" in docker_host.look("alice").engine_error


@pytest.mark.parametrize(("version", "v1"), [("1.29.2", True), ("2.20.0", False)])
def test_only_an_old_compose_counts_as_one(commands: Any, version: str, v1: bool) -> None:
    commands(docker="exit 1", docker_compose=f"echo {version}")
    found = docker_host.look("alice")
    assert found.compose_version == ""
    assert bool(found.compose_v1) is v1


def test_podman_in_dockers_clothes_is_seen(commands: Any) -> None:
    commands(docker='echo "Emulate Docker CLI using podman" >&2; echo \'{"Server":{"Version":"4.3.1"}}\'')
    found = docker_host.look("alice")
    assert found.is_podman
    assert found.engine_version == ""


@pytest.mark.usefixtures("commands")
def test_a_machine_with_nothing_is_seen() -> None:
    found = docker_host.look("alice")
    assert (found.client, found.daemon, found.git, found.has_apt) == ("", "", "", False)


def test_a_folder_named_like_a_package_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "no_such_package").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not docker_host._importable("no_such_package")
    assert docker_host._importable("json")


@pytest.mark.parametrize(
    ("known", "libc", "release", "compose", "borrows"),
    [
        (
            {"docker-compose-v2": "2.20.2", "docker-compose": "2.26"},
            "2.36",
            "debian",
            "docker-compose-v2=2.20.2",
            False,
        ),
        ({"docker-compose-v2": "2.17.0", "docker-compose": "2.26"}, "2.36", "debian", "docker-compose=2.26", False),
        ({"docker-compose": "1.29.2-3"}, "2.36", "debian", "", True),
        ({"docker-compose": "1.29.2-3"}, "2.31", "debian", "", False),
        ({"docker-compose": "1.29.2-3"}, "2.36", "ubuntu", "", False),
        ({}, "2.36", "debian", "", True),
    ],
)
def test_compose_comes_from_the_first_package_that_will_do_or_is_borrowed(
    known: dict[str, str], libc: str, release: str, compose: str, borrows: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "candidates", lambda packages: {"docker.io": "20.10.24", **known})
    source = apt.Source(("http://mirror.example/",), ("bookworm",), ("main",))
    monkeypatch.setattr(apt, "read_sources", lambda: [source])
    monkeypatch.setattr(docker_host.platform, "libc_ver", lambda: ("glibc", libc))
    monkeypatch.setattr(docker_host, "_os_release", lambda: {"ID": release, "VERSION_CODENAME": "bookworm"})
    found = docker_host.installable("2.18.0", "trixie")
    assert found["engine"][:2] == ["docker.io", "ca-certificates"]
    assert found["compose"] == compose
    assert bool(found["borrowed_source"]) is borrows
    assert docker_host.installable("2.18.0", "")["borrowed_source"] == ""


def test_apt_itself_is_asked_in_a_known_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "apt-cache"
    script.write_text('#!/bin/sh\n[ "$LC_ALL" = C ] && printf "%s:\\n  Candidate: 1.0\\n" "$2"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    assert apt.candidates(["docker.io"]) == {"docker.io": "1.0"}


def test_debian_names_are_given_for_what_is_missing() -> None:
    found = dataclasses.replace(READY, git="", python_missing=("docker", "yaml"))
    assert docker_host.node_packages(found) == ["git", "python3-docker", "python3-yaml"]


def test_services_are_started_by_what_runs_this_machine(tmp_path: Path) -> None:
    assert docker_host.init_system(tmp_path) == "none"
    script = tmp_path / "etc/init.d/docker"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\n")
    assert docker_host.init_system(tmp_path) == "none"
    script.chmod(0o755)
    assert docker_host.init_system(tmp_path) == "sysvinit"
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert docker_host.init_system(tmp_path) == "systemd"
