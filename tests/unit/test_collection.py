# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What Ansible does not check: that the collection's parts name each other rightly."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

TOP = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (TOP / "roles").iterdir() if (path / "tasks").is_dir())
PLAYBOOKS = sorted((TOP / "playbooks").glob("*.yml"))
TYPED = sorted(path for path in TOP.glob("*.yml") if "import_playbook" in path.read_text(encoding="utf-8"))
MODULES = sorted(path.stem for path in (TOP / "plugins" / "modules").glob("*.py") if path.stem != "__init__")


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def specification(role: str) -> dict[str, Any]:
    return load(TOP / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"].get("options", {})


def test_the_action_group_holds_every_module() -> None:
    assert load(TOP / "meta" / "runtime.yml")["action_groups"]["netbox_dev"] == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_a_module_states_its_support_and_has_examples_as_fqcn(module: str) -> None:
    text = (TOP / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    documentation, examples = (
        yaml.safe_load(re.search(rf'^{name} = r?"""(.*?)"""', text, re.S | re.M)[1])  # type: ignore[index]
        for name in ("DOCUMENTATION", "EXAMPLES")
    )
    attributes = documentation.get("attributes", {})
    assert {"check_mode", "diff_mode"} <= set(attributes) or "extends_documentation_fragment" in documentation
    assert any(f"hedgehog.netbox_dev.{module}" in task for task in examples)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_readme_that_names_its_variables(role: str) -> None:
    readme = (TOP / "roles" / role / "README.md").read_text(encoding="utf-8")
    assert [name for name in specification(role) if name not in readme] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_defaults_and_specification_agree(role: str) -> None:
    defaults = load(TOP / "roles" / role / "defaults" / "main.yml") or {}
    specified = {name: option.get("default") for name, option in specification(role).items()}
    # An option that has no default may be left out of the defaults, or be null there.
    assert defaults == {name: value for name, value in specified.items() if value is not None or name in defaults}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_includes_others_by_their_full_names(role: str) -> None:
    tasks = "".join(path.read_text(encoding="utf-8") for path in (TOP / "roles" / role / "tasks").glob("*.yml"))
    used = re.findall(r"_role:\s*\n\s*name:\s*(\S+)", tasks)
    assert [name for name in used if not name.startswith("hedgehog.netbox_dev.")] == []


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.name)
def test_a_playbook_can_be_reached_by_its_full_name_and_calls_roles_by_theirs(playbook: Path) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*\.yml", playbook.name)
    for play in load(playbook):
        for role in play.get("roles", []):
            name = role if isinstance(role, str) else role.get("role") or role["name"]
            assert name.startswith("hedgehog.netbox_dev.")


@pytest.mark.parametrize("shortcut", TYPED, ids=lambda path: path.name)
def test_what_a_person_types_only_imports_its_playbook(shortcut: Path) -> None:
    wanted = shortcut.stem.replace("-", "_")
    (play,) = load(shortcut)
    assert play["ansible.builtin.import_playbook"] == f"hedgehog.netbox_dev.{wanted}"
    assert (TOP / "playbooks" / f"{wanted}.yml").is_file()


def test_the_troubleshooting_page_is_what_the_checks_say() -> None:
    path = TOP / "tools" / "troubleshooting.py"
    specification = importlib.util.spec_from_file_location("troubleshooting", path)
    assert specification
    assert specification.loader
    tool = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tool)
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run python tools/troubleshooting.py"


def test_playbooks_that_are_named_to_the_user_are_there() -> None:
    """In a checkout by the file's name, and everywhere by the collection's."""
    there = {path.stem for path in PLAYBOOKS}
    files = {path.name for path in TOP.glob("*.yml")}
    for path in (TOP / "plugins").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"(?<![\w./])[a-z][a-z_-]+\.yml\b", text)
        lost = [name for name in named if name[:-4].replace("-", "_") in there and name not in files]
        assert not lost, f"{path}: there is no {lost} in a checkout; name it as hedgehog.netbox_dev.…"
