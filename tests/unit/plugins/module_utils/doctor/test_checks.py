# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Every check over facts: what it finds of what is broken, and nothing of a stack that is well."""

from __future__ import annotations

import copy
import os
import time
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import docker_host
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Outcome
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.check import examine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.checkout import Checkout
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.facts import (
    MIN_COMPOSE,
    MIN_ENGINE,
    Facts,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.files import Files, Room
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.registry import CHECKS
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import (
    BrokenCode,
    EngineUnavailable,
    StackNotSetUp,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.freshness import OTHER_PACKAGES, Verdict
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.plan import Action
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.status import Status

MakeFacts = Callable[[], Facts]
Break = Callable[[Facts], object]
ROLES = {"netbox": "web", "netbox-worker": "worker"}
ROOM = Room(50 << 30, 100 << 30)
TRACEBACK = """\
Traceback (most recent call last):
  File "/opt/netbox-dev/.runtime/netbox_dev_runtime/child.py", line 180, in main
    set_up()
  File "/opt/netbox/netbox/netbox_example/views.py", line 12, in <module>
    nonsense
NameError: name 'nonsense' is not defined
"""
REPORT = {"registered": True, "netbox": "4.3.7", "why": "", "base_url": "example"}
HOST = docker_host.Found(client="/d", daemon="/dd", engine_version="27.1", compose_version="2.30", git="/g")
NO_ENGINE = docker_host.Found(
    client="/d", daemon="/dd", compose_version="2.30", git="/g", engine_error="no such socket"
)

NOT_SET_UP = Facts(host=HOST, no_stack=StackNotSetUp("no stack is set up for 'x'. Run dev-setup.yml first."))


def container(**state: Any) -> dict[str, Any]:
    return {
        "Id": "c" * 64,
        "Image": "sha256:a",
        "RestartCount": state.pop("RestartCount", 0),
        "State": {"Running": True, "Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}, **state},
        "NetworkSettings": {"Networks": {"default": {}}},
    }


def inside() -> dict[str, Any]:
    return {
        "package": {"inode": 7, "digest": "d", "origin": "/opt/netbox/netbox/netbox_example/__init__.py"},
        "copies": [],
        "installed": "/opt/netbox/venv/lib",
        "dead_paths": [],
        "denied": [],
        "static_writable": True,
        "watch": "",
        "time": time.time(),
        "proxy": {},
        "room": [50 << 30, 100 << 30, 0.9],
        "user": 1000,
    }


@pytest.fixture
def make_facts(make_stack: Callable[..., Stack]) -> MakeFacts:
    """Facts of a stack that is well."""

    def make() -> Facts:
        facts = Facts(
            host=HOST,
            memory_free=4 << 30,
            stack=make_stack(),
            config={
                "services": {
                    **{
                        name: {
                            "image": "localhost/x:dev",
                            "labels": {"hedgehog.netbox_dev.role": role},
                        }
                        for name, role in ROLES.items()
                    },
                    "postgres": {"image": "postgres:17"},
                    "redis": {"image": "valkey:8"},
                }
            },
            roles=ROLES,
            base_image="netboxcommunity/netbox:v4.3-3.3.0",
            containers={name: container() for name in (*ROLES, "postgres", "redis")},
            image="sha256:a",
            status=Status(
                Outcome(verdicts=[Verdict(name, "", "") for name in ROLES]),
                services=[{"service": name, "why": ""} for name in ROLES],
            ),
            told={name: {"error": "", "since": 1.0, "report": REPORT} for name in ROLES},
            inside={name: inside() for name in ROLES},
            asked={
                "debug": True,
                "developer": True,
                "report": REPORT,
                "redis": {"tasks": "", "caching": ""},
                "queues": [{"queue": "default", "length": 0, "workers": 1, "failed": 0, "failures": []}],
                "hidden_static": {},
                "look": {"pending": [], "missing": [], "drift": [], "inherited": 5, "static": 0},
                "conflicts": {},
            },
            database={
                "encoding": "UTF8",
                "collate": "C.UTF-8",
                "version": 170002,
                "time": time.time(),
                "limit": 97,
                "used": 12,
                "users": [],
                "empty": False,
            },
            checkout=Checkout(exists=True, release="3.3.0", override="ours"),
            files=Files(
                folders=9, inode=7, digest="d", named="netbox_example", room={"the plugin": ROOM}, watches=8192
            ),
            now=time.time(),
            until=time.time(),
        )
        return copy.deepcopy(facts)

    return make


def found(facts: Facts) -> list[tuple[str, str]]:
    """(check, all its words) of each finding."""
    facts.host_verdict = docker_host.judge(facts.host, MIN_ENGINE, MIN_COMPOSE)
    return [(f.check, f"{f.finding} | {f.evidence} | {f.remedy}") for f in examine(CHECKS, facts)]


def change(**parts: Any) -> Break:
    return lambda facts: [setattr(facts, name, value) for name, value in parts.items()]


def files(**parts: Any) -> Break:
    return lambda facts: setattr(facts, "files", Files(**{**vars(facts.files), **parts}))


def checkout(**parts: Any) -> Break:
    return lambda facts: setattr(facts, "checkout", Checkout(**{**vars(facts.checkout), **parts}))


def service(name: str, **state: Any) -> Break:
    return lambda facts: facts.containers.update({name: container(**state)})  # type: ignore[attr-defined]


def within(name: str, **parts: Any) -> Break:
    return lambda facts: facts.inside[name].update(parts)


def asked(**parts: Any) -> Break:
    return lambda facts: facts.asked.update(parts)  # type: ignore[attr-defined]


def look(**parts: Any) -> Break:
    return lambda facts: facts.asked["look"].update(parts)


def database(**parts: Any) -> Break:
    return lambda facts: facts.database.update(parts)  # type: ignore[attr-defined]


def told(name: str, **parts: Any) -> Break:
    return lambda facts: facts.told[name].update(parts)


def stale(needs: str, why: str) -> Break:
    def apply(facts: Facts) -> None:
        assert facts.status
        facts.status.outcome.verdicts[1] = Verdict("netbox-worker", needs, why)
        facts.status.services[1]["why"] = why

    return apply


def planned(*actions: Action) -> Break:
    return lambda facts: facts.status.outcome.plan.extend(actions)  # type: ignore[union-attr]


def refused(error: Any) -> Break:
    return lambda facts: setattr(facts.status.outcome, "refused", error)  # type: ignore[union-attr]


def queue(**parts: Any) -> Break:
    return lambda facts: facts.asked["queues"][0].update(parts)


def left_out(why: str) -> Break:
    return told("netbox", error=f"NetBox 4.3.7 does not take the plugin: {why}")


def folders(package: list[int], told_in: list[int], digest: str) -> Break:
    """A service's package at this place, where the node has [1, 7] and tells at [1, 3]."""

    def apply(facts: Facts) -> None:
        files(place=(1, 7), told_in=(1, 3))(facts)
        facts.inside["netbox"]["told_in"] = told_in
        facts.inside["netbox"]["package"].update(inode=package[1], place=package, digest=digest)

    return apply


BROKEN: list[tuple[str, Break, str]] = [
    ("engine", change(host=NO_ENGINE), "no such socket | run hedgehog.netbox_dev.docker_host"),
    ("engine", change(host=docker_host.Found(**{**vars(HOST), "engine_version": "19.0"})), "19.0"),
    ("tools", change(host=docker_host.Found(**{**vars(HOST), "compose_version": ""})), "Compose v2"),
    ("tools", change(host=docker_host.Found(**{**vars(HOST), "git": ""})), "missing: git"),
    ("disk", files(room={"the plugin": Room(1 << 30, 100 << 30)}), "room left for the plugin | 1.00 of 100.0 GiB"),
    ("disk", files(room={"the state": Room(50 << 30, 100 << 30, 0.001)}), "0% of the inodes"),
    ("disk", within("netbox", room=[1 << 20, 100 << 30, 0.9]), "for the containers (netbox)"),
    ("memory", change(memory_free=100 << 20), "100 MiB are available"),
    ("memory", service("netbox-worker", OOMKilled=True), "OOMKilled: netbox-worker"),
    ("inotify", within("netbox", watch="EMFILE"), "inotify_init in netbox: EMFILE"),
    ("inotify", files(folders=5000), "5000 folders in the plugin, fs.inotify.max_user_watches is 8192"),
    ("clock", within("netbox", time=time.time() - 3600), "behind"),
    ("clock", database(time=time.time() + 7200), "the clock of the database is not the node's | it is 7"),
    ("clock", files(future={"a.py": 600.0}), "a.py: 10 minutes from now"),
    ("ca_bundle", files(ca_bundle="'/x' cannot be read"), "'/x' cannot be read"),
    ("proxy", within("netbox", proxy={"http_proxy": "http://p:3128"}), "http_proxy=http://p:3128 in netbox"),
    ("proxy", within("netbox", proxy={"http_proxy": "http://me:se@cret@p:3128"}), "http_proxy=http://p:3128 in netbox"),
    ("proxy", within("netbox", proxy={"http_proxy": "me:s3cret@p:3128"}), "http_proxy=p:3128 in netbox"),
    (
        "set_up",
        lambda facts: vars(facts).update(vars(NOT_SET_UP)),
        "no stack is set up for 'x' | stack_not_set_up | Run dev",
    ),
    ("checkout", change(checkout=Checkout()), "no checkout of netbox-docker"),
    ("checkout", checkout(release="3.2.0"), "at '3.2.0', and the stack is of '3.3.0'"),
    ("checkout", checkout(edits=("docker-compose.yml",)), "docker-compose.yml"),
    ("override", checkout(override="edited"), "was edited by hand"),
    ("override", checkout(override="foreign"), "none of this collection's"),
    ("override", checkout(override=""), "is missing"),
    ("image", change(image=None), "the development image is gone"),
    (
        "image",
        change(base_image="netboxcommunity/netbox:v4.2-3.2.0"),
        "the base image is of netbox-docker 3.2.0, not 3.3.0",
    ),
    ("port", change(port="port 8000 is taken by nginx"), "taken by nginx"),
    ("stopped", lambda facts: facts.containers.pop("netbox-worker"), "netbox-worker: no container"),  # type: ignore[attr-defined]
    ("stopped", service("postgres", Running=False, Status="exited", ExitCode=0), "postgres: exited (0)"),
    ("stopped", service("netbox", Paused=True, Health={"Status": "unhealthy"}), "netbox: paused"),
    ("stopped", lambda facts: facts.containers["netbox"]["NetworkSettings"].update(Networks={}), "network is gone"),
    ("stopped", change(containers={}), "the stack is down"),
    ("crash_loop", service("redis", Running=False, Status="exited", ExitCode=139), "redis ended with status 139"),
    ("crash_loop", service("redis", Status="restarting", RestartCount=4, ExitCode=1), "started 4 times"),
    ("crash_loop", told("netbox-worker", error="ended with status 1", since=None), "netbox-worker has no process"),
    (
        "unhealthy",
        service("redis", Health={"Status": "unhealthy", "FailingStreak": 5, "Log": [{"Output": "WRONGPASS"}]}),
        "WRONGPASS",
    ),
    (
        "mounts",
        within("netbox", package={"inode": 8, "digest": "e", "origin": "/opt/netbox/netbox/netbox_example/x"}),
        "netbox",
    ),
    # Moved away and copied back: all is alike in it.
    ("mounts", folders(package=[1, 8], told_in=[1, 3], digest="d"), "netbox"),
    # The node's numbers are not those of the engine's machine: the content says it.
    ("mounts", folders(package=[9, 8], told_in=[9, 5], digest="e"), "netbox"),
    ("shadowed", within("netbox", copies=["/site/netbox_example"]), "/site/netbox_example"),
    (
        "shadowed",
        within("netbox", package={"inode": 7, "digest": "d", "origin": "/site/x.py"}),
        "imports the package from",
    ),
    ("editable", within("netbox", installed=""), "is not installed in netbox"),
    ("editable", within("netbox", dead_paths=["/opt/gone"]), "/opt/gone"),
    ("stale", stale("reload", "it runs other code"), "netbox-worker stale | it runs other code"),
    ("stale", planned(Action("build", (), ("pyproject.toml changed",))), "pyproject.toml changed"),
    ("plugin_name", files(named="netbox_exmple"), "its name is 'netbox_exmple'"),
    ("import_error", told("netbox", error=TRACEBACK), "netbox_example/views.py:12: NameError: name 'nonsense'"),
    ("import_error", refused(BrokenCode("it does not start:\nx.py:3: SyntaxError: no")), "x.py:3: SyntaxError"),
    ("not_in_plugins", left_out("it is not in PLUGINS (other)"), "it is not in PLUGINS (other)"),
    ("incompatible", left_out("requires NetBox minimum version 9.9"), "minimum version 9.9"),
    (
        "refused",
        told("netbox", error="Traceback\nx.ImproperlyConfigured: Plugin netbox_example requires 'key' to be"),
        "Plugin netbox_example requires 'key'",
    ),
    (
        "import_error",
        told("netbox", error='  File "/etc/netbox/config/zz.py", line 2\nTraceback\nKeyError: 1'),
        "zz.py:2: Key",
    ),
    ("crash_loop", service("redis", Status="exited", Running=False, ExitCode=127, Error="exec: no sh"), "exec: no sh"),
    ("refused", left_out("Plugin requires 'key' to be present"), "plugin_settings"),
    (
        "connections",
        database(used=90, users=[{"number": 80, "name": "pool", "address": "local"}]),
        "80 of pool at local",
    ),
    ("connections", change(database={"error": "FATAL: sorry, too many clients already"}), "too many clients"),
    ("encoding", database(encoding="SQL_ASCII"), "SQL_ASCII"),
    ("database_version", database(version=130004), "PostgreSQL 13 is too old for NetBox 4.3"),
    ("database_empty", database(empty=True), "dev-setup.yml"),
    ("interrupted", change(interrupted=True), "puts the database back"),
    (
        "migration_parent",
        asked(look={"error": "NodeNotFoundError: x.0001 reference nonexistent parent node ('extras', '0133_make')"}),
        "NetBox 4.4 is the first",
    ),
    ("migration_conflict", asked(conflicts={"netbox_example": ["0003_a", "0003_b"]}), "0003_a and 0003_b both"),
    ("migration_missing", look(missing=["netbox_example.0009_gone"]), "netbox_example.0009_gone"),
    ("migration_missing", look(foreign=["dcim.0900_far"]), "dcim.0900_far"),
    ("migrations", look(pending=["netbox_example.0003_new"]), "netbox_example.0003_new"),
    (
        "migrations",
        look(pending=["x.0003_a"], losing=["x.0003_a: Remove field note from fabric"]),
        "rows may be lost by them | x.0003_a: Remove field note from fabric | See it with plan.yml",
    ),
    ("drift", look(drift=["migrations.AddField()"]), "1 operations"),
    ("ownership", files(foreign=("netbox_example/migrations/0001.py",)), "migrations/0001.py"),
    ("access", within("netbox", denied=["views.py"]), "views.py"),
    ("static_access", within("netbox", static_writable=False), "by user 1000"),
    ("static_hidden", asked(hidden_static={"a.css": "/other/a.css"}), "'a.css' is served from /other/a.css"),
    ("static_hidden", asked(hidden_static={"b.css": ""}), "does not look into | b.css"),
    ("static", look(static=3), "3 static files"),
    ("redis", asked(redis={"tasks": "AuthenticationError: WRONGPASS", "caching": ""}), "for tasks"),
    ("queues", queue(workers=0, length=4), "default (4 jobs wait)"),
    ("failed_jobs", queue(failed=2, failures=[{"function": "x.y", "error": "ValueError: no"}]), "x.y: ValueError: no"),
    ("debug", asked(debug=False), "DEBUG = False"),
    ("page", change(page="http://x answers 500"), "answers 500"),
    ("release", checkout(newer=("3.3.1", "3.3.2")), 'netbox_docker_version: "3.3.2"'),
    ("unexplained", change(no_status=EngineUnavailable("it went away")), "it went away"),
    ("unexplained", asked(look={"error": "OperationalError: odd"}), "OperationalError: odd"),
    ("unexplained", asked(errors={"queues": "ValueError: odd"}), "of queues | ValueError: odd"),
]


def test_nothing_is_found_where_all_is_well(make_facts: MakeFacts) -> None:
    assert found(make_facts()) == []


@pytest.mark.parametrize(
    "alike",
    [
        # Saved, or written by rsync or git, since the service was asked.
        folders(package=[1, 7], told_in=[1, 3], digest="e"),
        folders(package=[9, 8], told_in=[9, 5], digest="d"),
    ],
)
def test_a_folder_that_is_the_same_is_no_alarm(make_facts: MakeFacts, alike: Break) -> None:
    facts = make_facts()
    alike(facts)
    assert found(facts) == []


def test_nothing_is_found_of_facts_that_could_not_be_had() -> None:
    assert found(Facts(host=HOST)) == []


@pytest.mark.parametrize(
    ("check", "harm", "words"), BROKEN, ids=[f"{name}-{n}" for n, (name, _h, _w) in enumerate(BROKEN)]
)
def test_what_is_broken_is_found_alone(make_facts: MakeFacts, check: str, harm: Break, words: str) -> None:
    facts = make_facts()
    harm(facts)
    ((name, text),) = found(facts)
    assert name == check
    assert words in text


def test_every_check_is_seen_to_find_something() -> None:
    assert {name for name, _harm, _words in BROKEN} == {check.name for check in CHECKS}


@pytest.mark.parametrize(
    ("harms", "checks"),
    [
        # Other packages are what a copy of the plugin is.
        ([within("netbox-worker", copies=["/x"]), stale("recreate", OTHER_PACKAGES)], ["shadowed"]),
        # Code that does not start is not served, and no worker comes up with it.
        ([told("netbox", error=TRACEBACK), stale("reload", "other code"), queue(workers=0)], ["import_error"]),
        # A plugin that needs the database at its start fails with it.
        (
            [told("netbox", error=TRACEBACK), service("postgres", Running=False, Status="exited", ExitCode=0)],
            ["stopped"],
        ),
        # Nor does any process stay that needs it.
        (
            [
                told("netbox", error="ended with status 1", since=None),
                service("postgres", Running=False, Status="exited", ExitCode=0),
            ],
            ["stopped"],
        ),
        # Who cannot be started for want of a port is not told again as stopped.
        (
            [change(port="taken by x"), service("netbox", Running=False, Status="exited", ExitCode=0)],
            ["port"],
        ),
        # The web service is restarted for a wrong name: that it does not stay follows.
        ([files(named="x"), told("netbox", error="ended with status 1", since=None)], ["plugin_name"]),
        ([database(empty=True), look(pending=["a.1"], drift=["x"])], ["database_empty"]),
        ([look(pending=["a.2"], missing=["a.1"])], ["migration_missing"]),
        # A page needs a connection, too.
        ([database(used=97), change(page="http://x answers 500")], ["connections"]),
        # Where the mount is missing, something else is imported.
        ([within("netbox", package={"inode": 8, "digest": "e", "origin": "/opt/x.py"})], ["mounts"]),
        ([within("netbox", static_writable=False), look(static=2)], ["static_access"]),
        ([files(foreign=("netbox_example/a.py",)), within("netbox", denied=["a.py"])], ["ownership"]),
        ([checkout(override="edited"), change(status=None, no_status=StackNotSetUp("x"))], ["override"]),
        ([change(interrupted=True, run="change_apply, pid 1")], []),
        # What else is found does not say why nothing could be asked.
        ([change(asked={"error": "EOFError: odd"}), files(future={"a.py": 600.0})], ["clock", "unexplained"]),
        ([queue(failed=1), asked(look={"error": "odd"})], ["failed_jobs", "unexplained"]),
        ([database(used=97), asked(look={"error": "odd"})], ["connections"]),
    ],
)
def test_what_follows_from_something_else_is_not_told(
    make_facts: MakeFacts, harms: list[Break], checks: list[str]
) -> None:
    facts = make_facts()
    for harm in harms:
        harm(facts)
    assert [name for name, _text in found(facts)] == checks


@pytest.mark.parametrize(("losing", "fix"), [([], "migrate"), (["x.0003_a: Remove field note from fabric"], "")])
def test_only_migrations_that_lose_nothing_are_mended(make_facts: MakeFacts, losing: list[str], fix: str) -> None:
    facts = make_facts()
    look(pending=["x.0003_a"], losing=losing)(facts)
    (finding,) = examine(CHECKS, facts)
    assert finding.fix == fix


@pytest.mark.parametrize(("uid", "fixes"), [(0, ["owner", "access"]), (4321, ["", ""])])
def test_what_only_root_can_mend_is_not_promised_to_others(
    make_facts: MakeFacts, monkeypatch: pytest.MonkeyPatch, uid: int, fixes: list[str]
) -> None:
    facts = make_facts()
    assert facts.stack
    (facts.stack.plugin.package_dir / "theirs.py").touch()
    files(foreign=("netbox_example/a.py",))(facts)
    within("netbox", denied=["theirs.py"])(facts)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(os, "lstat", lambda _path: os.stat_result([0] * 10))
    found = examine(CHECKS, facts)
    assert [one.check for one in found] == ["ownership", "access"]
    assert [one.fix for one in found] == fixes
    assert all("fix=true -b" in one.remedy for one in found) or not uid


def test_what_is_told_is_short(make_facts: MakeFacts) -> None:
    facts = make_facts()
    facts.asked["look"]["drift"] = ["x" * 5000]  # type: ignore[index]
    ((_name, text),) = found(facts)
    assert len(text) < 800
