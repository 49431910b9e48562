# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule

TOP = Path(__file__).resolve().parents[4]
PACKAGE = "ansible_collections.hedgehog.netbox_dev.plugins"
MODULES = sorted(path.stem for path in (TOP / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
COMPARED = ("type", "elements", "default", "choices", "required", "no_log", "aliases")


class Built(Exception):
    """Carries the specification out of ``main``."""


def specification(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The argument specification that a module's ``main`` hands to Ansible."""
    module = importlib.import_module(f"{PACKAGE}.modules.{name}")

    def catch(_module: AnsibleModule, **options: Any) -> None:
        raise Built(options)

    monkeypatch.setattr(AnsibleModule, "__init__", catch)
    with pytest.raises(Built) as caught:
        module.main()
    options = caught.value.args[0]
    assert isinstance(options, dict)
    return options


def documentation(name: str) -> dict[str, Any]:
    """A module's documentation with the fragments that it extends merged in."""
    module = importlib.import_module(f"{PACKAGE}.modules.{name}")
    found: dict[str, Any] = yaml.safe_load(module.DOCUMENTATION)
    options: dict[str, Any] = {}
    fragments = found.get("extends_documentation_fragment", [])
    for fragment in [fragments] if isinstance(fragments, str) else fragments:
        prefix, _dot, variable = fragment.removeprefix("hedgehog.netbox_dev.").partition(".")
        holder = importlib.import_module(f"{PACKAGE}.doc_fragments.{prefix}").ModuleDocFragment
        options.update(yaml.safe_load(getattr(holder, variable.upper() or "DOCUMENTATION")).get("options", {}))
    found["options"] = {**options, **found.get("options", {})}
    return found


def compared(options: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            key: option[key]
            for key in COMPARED
            if key in option and key != "no_log" and option[key] not in (False, None)
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("name", MODULES)
def test_the_documented_options_are_the_real_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert compared(documentation(name)["options"]) == compared(specification(name, monkeypatch)["argument_spec"])


@pytest.mark.parametrize("name", MODULES)
def test_a_module_supports_check_mode_and_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert specification(name, monkeypatch)["supports_check_mode"] is True
    attributes = documentation(name)["attributes"]
    assert set(attributes) >= {"check_mode", "diff_mode", "idempotent"}
    assert attributes["check_mode"]["support"] == "full"


@pytest.mark.parametrize("name", MODULES)
def test_what_sounds_secret_is_not_logged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = specification(name, monkeypatch)["argument_spec"]
    assert [option for option, how in spec.items() if "password" in option and how.get("no_log") is not True] == []


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_returns_with_an_example(name: str) -> None:
    module = importlib.import_module(f"{PACKAGE}.modules.{name}")
    returned = yaml.safe_load(module.RETURN)
    assert returned
    assert all({"description", "returned", "type"} <= set(value) for value in returned.values())
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    body = source.partition("def work(")[2].partition("\ndef main(")[0]
    keys = set(re.findall(r'^ {8}"(\w+)":', body, re.M)) - {"changed", "diff"}
    assert keys <= set(returned), "every value that is returned is documented"


@pytest.mark.parametrize("name", MODULES)
def test_every_module_that_prints_has_an_action_of_its_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live = "events" in specification(name, monkeypatch)["argument_spec"]
    assert (TOP / "plugins" / "action" / f"{name}.py").is_file() == live


@pytest.mark.parametrize("path", sorted((TOP / "plugins").rglob("*.py")), ids=lambda path: path.stem)
def test_the_oldest_python_of_a_managed_node_can_parse_it(path: Path) -> None:
    import ast

    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))


@pytest.mark.parametrize("name", MODULES)
def test_nothing_that_is_returned_has_a_name_that_ansible_takes_for_its_own(name: str) -> None:
    returned = yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{name}").RETURN) or {}
    assert not {"failed", "skipped", "unreachable", "rc"} & set(returned), "Ansible would take the task for failed"
