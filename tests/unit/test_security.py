# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""docs/security.md: its tests are there, and what holds of all files holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.database import identifier, literal

TOP = Path(__file__).parent.parent.parent
ROLE = TOP / "roles" / "netbox_docker"
# Calls that give a text to a shell, run it as Python, or make objects of it.
REFUSED = ("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "yaml.load", "eval")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", (TOP / "docs/security.md").read_text(encoding="utf-8")))
    there = {
        name
        for folder in ("unit", "e2e")
        for path in (TOP / "tests" / folder).rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(named) > 15
    assert sorted(named - there) == []


def test_no_shell_is_given_a_name() -> None:
    found = []
    for path in sorted((TOP / "plugins").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                shell = any(one.arg == "shell" for one in node.keywords)
                if shell or ast.unparse(node.func) in (*REFUSED, "pickle.loads", "marshal.loads"):
                    found.append(f"{path.name}:{node.lineno}")
    assert found == []
    for path in sorted(TOP.glob("roles/*/tasks/*.yml")):
        for command in re.findall(r"ansible\.builtin\.shell:\n\s+cmd: (.*)", path.read_text(encoding="utf-8")):
            assert "{{" not in command, path


@pytest.mark.parametrize("name", ["a", "a'b", 'a"b', "'; DROP DATABASE netbox; --", '"; \\! id', "$(id)`id`"])
def test_quotes_in_names_stay_in_them(name: str) -> None:
    for quoted, mark in ((identifier(name), '"'), (literal(name), "'")):
        assert quoted[0] == quoted[-1] == mark
        assert mark not in quoted[1:-1].replace(mark * 2, "")
        assert quoted[1:-1].replace(mark * 2, mark) == name


@pytest.mark.parametrize(
    ("setting", "usual"),
    [
        *((name, True) for name in ("core.bare", "remote.origin.url", "branch.a.b.merge", "user.email", "gc.auto")),
        *((name, False) for name in ("core.fsmonitor", "core.hookspath", "core.sshcommand", "core.pager")),
        *((name, False) for name in ("core.worktree", "core.alternaterefscommand", "filter.lfs.clean", "include.path")),
        *((name, False) for name in ("remote.origin.uploadpack", "remote.origin.vcs", "gc.recentobjectshook")),
        *((name, False) for name in ("diff.x.textconv", "gpg.program", "credential.helper", "alias.status")),
        *((name, False) for name in ("protocol.ext.allow", "extensions.worktreeconfig", "log.showsignature")),
        *((name, False) for name in ("core.barefoot", "url.x.insteadof", "includeif.gitdir:/.path", "xuser.name")),
    ],
)
def test_settings_that_name_programs_are_not_usual(setting: str, usual: bool) -> None:
    known = load(ROLE / "vars/main.yml")["__netbox_docker_usual_settings"]
    assert bool(re.match("|".join(known), setting)) == usual


def test_what_is_given_to_the_developer_is_no_links_target() -> None:
    tasks = [task for path in sorted(TOP.glob("roles/*/tasks/*.yml")) for task in load(path)]
    given = [task["ansible.builtin.file"] for task in tasks if "ansible.builtin.file" in task]
    assert any(one.get("recurse") for one in given)
    assert [one for one in given if one.get("recurse") and one.get("follow", True)] == []
    git = load(ROLE / "vars/main.yml")["__netbox_docker_environment"]
    assert {git["GIT_CONFIG_KEY_1"]: git["GIT_CONFIG_VALUE_1"]} == {"core.hooksPath": "/dev/null"}
    assert {git["GIT_CONFIG_KEY_2"]: git["GIT_CONFIG_VALUE_2"]} == {"core.fsmonitor": "false"}
    (exclude,) = [task for task in load(ROLE / "tasks/exclude.yml") if "ansible.builtin.lineinfile" in task]
    assert any("islnk" in condition for condition in exclude["when"])


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_tool_is_installed_by_its_hash(name: str) -> None:
    locked = (TOP / f"{name}.lock").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in locked.splitlines() if not line.startswith("#")]
    assert all(re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    versions = {line.split(" ")[0].lower() for line in lines}
    wanted = [line.strip().lower() for line in (TOP / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    assert [line for line in wanted if not line.startswith("#") and line not in versions] == []
    assert "--require-hashes" in (TOP / "tools/bootstrap.sh").read_text(encoding="utf-8")
