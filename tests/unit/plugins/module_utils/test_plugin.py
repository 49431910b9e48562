# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import contents, plugin
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidProject, PluginNotFound

Make = Callable[..., Path]


@pytest.mark.parametrize(
    ("repository", "package_path"),
    [
        ("flat", "netbox_example"),
        ("src layout", "src/netbox_example"),
        ("deeper", "python/src/netbox_example"),
        ("mit Leerzeichen und ÄÖÜ 插件", "netbox_example"),
        ("$(touch x) `id` 'quoted\"", "netbox_example"),
    ],
)
def test_a_plugin_is_found_wherever_its_package_lies(make_plugin: Make, repository: str, package_path: str) -> None:
    root = make_plugin(package_path, repository)
    found = plugin.find_plugin(str(root))
    assert (found.root, found.package, found.package_path) == (root, "netbox_example", package_path)
    assert (found.uid, found.gid) == (os.getuid(), os.getgid())


@pytest.mark.parametrize(
    "init",
    [
        "from netbox.plugins import PluginConfig\nclass C(PluginConfig):\n    pass\n",
        "import netbox.plugins\nclass C(netbox.plugins.PluginConfig):\n    pass\n",
        "from netbox.plugins import PluginConfig as NetBoxPluginConfig\nclass C(NetBoxPluginConfig):\n    pass\n",
        "from extras.plugins import PluginConfig\nif True:\n    class C(PluginConfig):\n        pass\n",
        "# -*- coding: utf-8 -*-\n'\\d'\nfrom netbox.plugins import PluginConfig\nclass C(PluginConfig): ...\n",
        # Not Python for any interpreter: judged by its text, for the stack's interpreter has the last word.
        "from netbox.plugins import PluginConfig\nclass C(PluginConfig):\n    x = = 1\n",
        "from netbox.plugins import PluginConfig\nclass C(PluginConfig):\n    x = 1\0\n",
    ],
)
def test_a_plugin_config_is_seen_however_it_is_written(tmp_path: Path, write_file: Make, init: str) -> None:
    write_file(tmp_path / "p" / "pkg" / "__init__.py", init)
    assert plugin.find_plugin(str(tmp_path / "p")).package == "pkg"


@pytest.mark.parametrize(
    "init",
    ["", "PluginConfig = None\n", "# PluginConfig\nclass C(AppConfig): ...\n", "class PluginConfig: ...\n"],
)
def test_a_package_without_a_derived_class_is_no_plugin(tmp_path: Path, write_file: Make, init: str) -> None:
    write_file(tmp_path / "p" / "pkg" / "__init__.py", init)
    with pytest.raises(PluginNotFound, match="is not a NetBox plugin"):
        plugin.find_plugin(str(tmp_path / "p"))


@pytest.mark.parametrize(
    "folder", ["tests", "venv", ".venv", "build", "docs", "gitignore/netbox-docker", "node_modules"]
)
def test_a_plugin_config_in_a_folder_that_is_no_source_is_passed_over(make_plugin: Make, folder: str) -> None:
    root = make_plugin(files={f"{folder}/other/__init__.py": "class C(PluginConfig): ...\n"})
    assert plugin.find_plugin(str(root)).package == "netbox_example"


def test_of_several_plugins_the_named_one_is_taken_and_else_all_are_listed(make_plugin: Make) -> None:
    make_plugin("plugins/netbox_one")
    root = make_plugin("plugins/netbox_two")
    with pytest.raises(PluginNotFound) as caught:
        plugin.find_plugin(str(root))
    assert caught.value.details["candidates"] == ["plugins/netbox_one", "plugins/netbox_two"]
    assert "netbox_dev_package" in caught.value.message
    assert plugin.find_plugin(str(root), "netbox_two").package_path == "plugins/netbox_two"
    with pytest.raises(PluginNotFound, match="a package 'netbox_six'"):
        plugin.find_plugin(str(root), "netbox_six")


@pytest.mark.parametrize(("name", "found"), [("absent", "nothing"), ("file", "a file")])
def test_a_path_that_is_no_directory_says_what_was_found(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PluginNotFound, match=f"a directory was expected and {found} was found"):
        plugin.find_plugin(str(tmp_path / name))


def test_an_empty_directory_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    with pytest.raises(PluginNotFound, match="an empty directory"):
        plugin.find_plugin(str(tmp_path / "p"))


def test_a_link_leads_to_the_real_path(make_plugin: Make, tmp_path: Path) -> None:
    root = make_plugin()
    (tmp_path / "link").symlink_to(root)
    assert plugin.find_plugin(str(tmp_path / "link")).root == root


def test_links_in_a_repository_are_not_followed_in_circles(make_plugin: Make) -> None:
    root = make_plugin()
    (root / "again").symlink_to(root)
    assert plugin.find_plugin(str(root)).package_path == "netbox_example"


PACKAGING = [
    ({"pyproject.toml": '[project]\nname = "netbox-one"\n'}, "netbox-one"),
    ({"pyproject.toml": '[tool.poetry]\nname = "netbox-poetry"\nversion = "1"\n'}, "netbox-poetry"),
    (
        {"pyproject.toml": '[build-system]\nrequires = ["x"]\n', "setup.cfg": "[metadata]\nname = cfg-name\n"},
        "cfg-name",
    ),
    ({"setup.cfg": "[options]\nname = no\n[metadata]\nversion = 1\nname = cfg-name\n"}, "cfg-name"),
    ({"setup.py": 'setup(\n    author_name="x",\n    name="setup-name",\n)\n'}, "setup-name"),
    ({"setup.py": "setup(name='setup.name')\n"}, "setup.name"),
    ({"setup.py": "setup(name=NAME)\n"}, None),
    ({"pyproject.toml": '[project]\nname = "first"\n', "setup.py": 'setup(name="second")'}, "first"),
    ({}, None),
]


@pytest.mark.parametrize("with_toml", [True, False], ids=["tomllib", "Python 3.9"])
@pytest.mark.parametrize(("files", "name"), PACKAGING)
def test_the_distribution_is_named_by_the_packaging_files(
    make_plugin: Make, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], name: str | None, with_toml: bool
) -> None:
    if not with_toml:
        monkeypatch.setattr(plugin, "_toml", None)
    root = make_plugin(files=files)
    assert plugin.distribution_name(root) == name
    assert plugin.find_plugin(str(root)).distribution == (name or "netbox-example")


def test_a_pyproject_that_is_too_deep_is_named(make_plugin: Make) -> None:
    with pytest.raises(InvalidProject, match=r"pyproject\.toml: .*recursion"):
        plugin.find_plugin(str(make_plugin(files={"pyproject.toml": f"a = {'[' * 2000}"})))


def test_a_pyproject_that_is_no_toml_is_named_with_its_line(make_plugin: Make) -> None:
    with pytest.raises(InvalidProject, match=r"pyproject\.toml: .*line 1"):
        plugin.find_plugin(str(make_plugin(files={"pyproject.toml": "[project\n"})))


@pytest.mark.parametrize("name", ["x; touch y", "a b", "$(id)", "../up", "-rf", "a\\nRUN id"])
def test_a_name_that_no_index_would_take_is_refused_before_it_reaches_a_build(make_plugin: Make, name: str) -> None:
    with pytest.raises(InvalidProject, match="distribution"):
        plugin.find_plugin(str(make_plugin(files={"pyproject.toml": f'[project]\nname = "{name}"\n'})))


@pytest.mark.parametrize(
    "text", ["[[project]]\nname = 'x'\n", "project = 'x'\n", "tool = 'x'\n", "[[tool.poetry]]\nname = 'x'\n"]
)
def test_a_packaging_file_with_other_things_than_tables_names_nothing(make_plugin: Make, text: str) -> None:
    root = make_plugin(files={"pyproject.toml": text})
    assert plugin.find_plugin(str(root)).distribution == "netbox-example"
    assert contents.meaning("pyproject.toml", text.encode())


def test_requirements_that_include_a_loop_of_links_include_nothing(make_plugin: Make) -> None:
    root = make_plugin(files={"requirements.txt": "-r loop.txt\n"})
    (root / "loop.txt").symlink_to("loop.txt")
    assert contents.included(root) == set()


def test_the_home_of_nobody_is_no_plugin() -> None:
    with pytest.raises(PluginNotFound, match="the home of nobody here"):
        plugin.find_plugin("~nobody-of-that-name/x")
