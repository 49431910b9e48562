# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Links inside the package: one file of several names, and several modules of one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.facts import Facts
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.links import Links
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.tree import Tree
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.plain_plugin import (
    PACKAGE,
    Git,
    MakeStack,
    apply,
    found,
    make,
)

USES = """\
from django.db import models
from .{module} import LENGTH


class M(models.Model):
    a = models.CharField(max_length=LENGTH)
"""
Edit = Callable[[Path], object]


@pytest.fixture
def stack(make_stack: MakeStack, run_git: Git) -> Stack:
    return make(make_stack, run_git)


def linked(stack: Stack, run_git: Git, module: str, file: str, links: dict[str, str], how: str) -> Path:
    """A package whose models use a length of ``module``, which is the file ``file`` by these links."""
    package = stack.plugin.package_dir
    (package / "models.py").write_text(USES.format(module=module))
    (package / file).parent.mkdir(parents=True, exist_ok=True)
    (package / file).write_text("LENGTH = 5\n")
    for link, target in links.items():
        (package / link).symlink_to(target)
    root = stack.plugin.root
    if how == "ignored":
        (root / ".gitignore").write_text("/gitignore/\n" + "".join(f"/{PACKAGE}/{link}\n" for link in links))
    if how != "untracked":
        run_git(root, "add", "-A")
        run_git(root, "commit", "-qm", "links")
    apply(stack)
    assert found(stack) == []
    return package / file


@pytest.mark.parametrize("how", ["tracked", "untracked", "ignored"])
@pytest.mark.parametrize(
    ("module", "file", "links"),
    [
        ("fields", "base_fields.py", {"fields.py": "base_fields.py"}),
        ("fields", "data/fields-44.txt", {"fields.py": "data/fields-44.txt"}),
        ("fields", "templates/fields.py", {"fields.py": "templates/fields.py"}),
        ("fields", "base_fields.py", {"fields.py": "more.py", "more.py": "base_fields.py"}),
        ("compat.fields", "compat_44/fields.py", {"compat": "compat_44"}),
        ("compat.fields", "compat-44/fields.py", {"compat": "compat-44"}),
        ("compat.fields", "deep/compat-44/fields.py", {"compat": "current/compat-44", "current": "deep"}),
        ("compat.fields", "compat_44/base.py", {"compat": "compat_44", "compat_44/fields.py": "base.py"}),
    ],
)
def test_a_change_of_what_a_link_leads_to_is_one_of_the_models_that_use_the_link(
    stack: Stack, run_git: Git, how: str, module: str, file: str, links: dict[str, str]
) -> None:
    place = linked(stack, run_git, module, file, links, how)
    place.write_text("LENGTH = 6\n")
    assert (f"{PACKAGE}/{file}", "modified", "models") in found(stack)
    apply(stack)
    assert found(stack) == []
    # A comment is none.
    place.write_text("# Six.\nLENGTH = 6\n")
    assert "models" not in [category for _path, _change, category in found(stack)]


@pytest.mark.parametrize(
    "edit",
    [
        lambda file: file.unlink(),
        lambda file: file.rename(file.with_name("other.py")),
        lambda file: (file.with_name("fields.py").unlink(), file.rename(file.with_name("fields.py"))),
        lambda file: (
            file.with_name("new.py").write_text("LENGTH = 6\n"),
            file.with_name("fields.py").unlink(),
            file.with_name("fields.py").symlink_to("new.py"),
        ),
        lambda file: (file.with_name("fields.py").unlink(), file.with_name("fields.py").write_text("base_fields.py")),
    ],
    ids=["deleted", "renamed", "in the link's place", "another target", "the link's text"],
)
def test_a_link_that_leads_elsewhere_or_nowhere_may_concern_the_schema(stack: Stack, run_git: Git, edit: Edit) -> None:
    edit(linked(stack, run_git, "fields", "base_fields.py", {"fields.py": "base_fields.py"}, "tracked"))
    assert "models" in [category for _path, _change, category in found(stack)]


def test_a_link_to_a_folder_that_leads_to_another_one_may_concern_schema_and_configuration(
    stack: Stack, run_git: Git
) -> None:
    package = stack.plugin.package_dir
    linked(stack, run_git, "compat.fields", "compat_44/fields.py", {"compat": "compat_44"}, "tracked")
    (package / "compat_45").mkdir()
    (package / "compat_45/fields.py").write_text("LENGTH = 6\n")
    apply(stack)
    (package / "compat").unlink()
    (package / "compat").symlink_to("compat_45")
    assert {category for _path, _change, category in found(stack)} == {"models", "plugin_config"}


def test_what_only_a_link_to_a_folder_leads_to_is_code_that_services_load(stack: Stack, run_git: Git) -> None:
    linked(stack, run_git, "compat.fields", "templates/44/fields.py", {"compat": "templates/44"}, "tracked")
    assert Facts(Tree(stack)).loaded() == ["compat/fields.py"]


def test_a_file_that_is_linked_into_another_category_is_of_both(stack: Stack) -> None:
    package = stack.plugin.package_dir
    (package / "static").mkdir()
    (package / "static/a.html").symlink_to("../templates/a.html")
    apply(stack)
    (package / "templates/a.html").write_text("b\n")
    path = f"{PACKAGE}/templates/a.html"
    assert found(stack) == [(path, "modified", "templates"), (path, "modified", "static")]
    apply(stack)
    (package / "templates/a.html").rename(package / "templates/b.html")
    assert {category for _path, _change, category in found(stack)} == {"templates", "static"}


def test_a_link_that_is_named_stands_for_what_it_leads_to(stack: Stack, run_git: Git) -> None:
    file = linked(stack, run_git, "fields", "base_fields.py", {"fields.py": "base_fields.py"}, "tracked")
    file.write_text("LENGTH = 6\n")
    for named in (f"{PACKAGE}/fields.py", f"{PACKAGE}/base_fields.py"):
        assert (f"{PACKAGE}/base_fields.py", "modified", "models") in found(stack, paths=[named])


def test_all_links_to_a_file_are_told(tmp_path: Path) -> None:
    package = tmp_path / "p"
    for folder in ("p/one", "p/two", "lib"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lib/a.py").write_text("")
    links = {"p/x.py": "../lib/a.py", "p/y.py": "x.py", "p/lib": "../lib", "p/one/again": "../lib", "p/gone.py": "b.py"}
    for link, target in links.items():
        (tmp_path / link).symlink_to(target)
    known = Links(tmp_path, package, links)
    assert sorted(known.of("lib/a.py")) == ["p/lib/a.py", "p/one/again/a.py", "p/x.py", "p/y.py"]
    assert known.of("p/b.py") == ["p/gone.py"]
    assert known.of("p/one") == []
    told = [notice.partition(",")[0] for notice in known.notices()]
    assert told == [f"p/{link}" for link in ("lib is a link to lib", "one/again is a link to lib")] + [
        f"p/{name}.py is a link to lib/a.py" for name in "xy"
    ]


@pytest.mark.parametrize(
    "links",
    [
        {"p/one/up": "..", "p/self": "."},
        {"p/one/two": "../two", "p/two/one": "../one"},
        {"p/a": "b", "p/b": "a"},
        {f"p/{place}/{name}": "." for place in ("one", "two") for name in "abcdefghijkl"},
        {f"p/{place}/{name}": f"../{place}" for place in ("one", "two") for name in "abcdefgh"},
        {f"p/{here}/{n}": f"../{there}" for here, there in (("one", "two"), ("two", "one")) for n in "abcdefgh"},
    ],
)
def test_links_that_lead_round_have_an_end(stack: Stack, links: dict[str, str]) -> None:
    package = stack.plugin.package_dir
    for folder in ("one", "two"):
        (package / folder).mkdir()
        (package / folder / "x.py").write_text("X = 1\n")
    for link, target in links.items():
        os.symlink(target, package / link[2:])
    apply(stack)
    (package / "one/x.py").write_text("X = 2\n")
    assert (f"{PACKAGE}/one/x.py", "modified", "python") in found(stack)
