# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from functools import lru_cache

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.modules import Modules, module_name
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.slices import config_slice, schema_slice
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.source import read_source
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.walk import Slice
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.edited_plugin import PLUGIN
from hypothesis import given, settings
from hypothesis import strategies as st

read = lru_cache(None)(read_source)
PATHS = [path for path in PLUGIN if path.endswith(".py")]


def modules(files: dict[str, str]) -> Modules:
    named = {module_name(f"p/{path}", "") or "": text for path, text in files.items()}
    packages = frozenset(module_name(f"p/{path}", "") or "" for path in files if path.endswith("__init__.py"))
    return Modules({name: read(text.encode()) for name, text in named.items()}, packages, "p")


def schema(**changed: str) -> Slice:
    return schema_slice(modules({**{path: PLUGIN[path] for path in PATHS}, **changed}))


@settings(max_examples=20)
@given(st.permutations(PATHS))
def test_the_order_of_files_makes_no_difference(paths: list[str]) -> None:
    turned = modules({path: PLUGIN[path] for path in paths})
    assert schema().differences(schema_slice(turned)) == []
    assert config_slice(turned).differences(config_slice(modules({path: PLUGIN[path] for path in PATHS}))) == []


@settings(max_examples=20)
@given(st.sampled_from(PATHS), st.sampled_from(["UNHEARD = 1\n", "def unheard():\n    return 1\n", "import json\n"]))
def test_what_no_model_uses_is_no_difference(path: str, text: str) -> None:
    assert schema().differences(schema(**{path: PLUGIN[path] + text})) == []


def test_the_plugins_configuration_is_found_in_its_slice() -> None:
    parts = {name for _module, name in config_slice(modules({path: PLUGIN[path] for path in PATHS})).digests}
    assert {"ExampleConfig", "ExampleConfig.queues", "ExampleConfig.version", "__version__", "config"} <= parts
    assert "ExampleConfig.ready()" not in parts


@pytest.mark.parametrize(
    ("path", "old", "new", "node", "user"),
    [
        ("constants.py", "PORTS = 48", "PORTS = 4", ("p.constants", "PORTS"), ("p.models.switch", "Switch.ports")),
        ("choices.py", '"active"', '"on"', ("p.choices", "FabricStatus.ACTIVE"), ("p.models.fabric", "Fabric.status")),
        ("utils.py", "[:5]", "[:4]", ("p.utils", "shorten()"), ("p.models.fabric", "Fabric.owner_name")),
        ("models/base.py", "=100", "=101", ("p.models.base", "Described.description"), ("p.models.base", "Described")),
    ],
)
def test_a_difference_is_one_part_and_its_user_is_the_field(
    path: str, old: str, new: str, node: tuple[str, str], user: tuple[str, str]
) -> None:
    after = schema(**{path: PLUGIN[path].replace(old, new, 1)})
    assert schema().differences(after) == [node]
    assert after.user_of(node) == user
