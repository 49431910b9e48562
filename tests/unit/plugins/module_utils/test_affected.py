# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.affected import find_affected
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

HELPER = "from netbox_example.formatting import wide\n"
FILES = {
    "netbox_example/models.py": "from django.db import models\nclass Fabric(models.Model): ...\n",
    "netbox_example/formatting.py": "def wide():\n    return 1\n",
    "netbox_example/ports.py": "def count():\n    return 1\n",
    "netbox_example/views.py": "from netbox_example.models import Fabric\nfrom netbox_example.ports import count\n",
    "netbox_example/urls.py": "from netbox_example import views\n",
    "netbox_example/templates/netbox_example/fabric.html": "<p>",
    "netbox_example/migrations/__init__.py": "",
    "netbox_example/migrations/0001_initial.py": "class Migration: ...\n",
    "netbox_example/tests/__init__.py": "",
    "netbox_example/tests/helper.py": HELPER,
    "netbox_example/tests/test_formatting.py": "from netbox_example.tests.helper import wide\n",
    "netbox_example/tests/test_ports.py": "from netbox_example.ports import count\n",
    "netbox_example/tests/test_models.py": "from netbox_example.models import Fabric\n",
    "netbox_example/tests/test_pages.py": "def test_x(self):\n    self.client.get('/plugins/example/')\n",
    "README.md": "read me\n",
}
ALL = None


@pytest.fixture
def stack(make_stack: Callable[..., Stack], run_git: Callable[..., str]) -> Stack:
    made = make_stack(files=FILES)
    run_git(made.plugin.root, "init", "-q", "-b", "main")
    run_git(made.plugin.root, "add", ".")
    run_git(made.plugin.root, "commit", "-q", "-m", "all")
    return made


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("netbox_example/formatting.py", "def wide():\n    return 2\n", ["formatting"]),
        ("netbox_example/ports.py", "def count():\n    return 2\n", ["pages", "ports"]),
        ("netbox_example/views.py", "from netbox_example.models import Fabric\nx = 1\n", ["pages"]),
        ("netbox_example/templates/netbox_example/fabric.html", "<b>", ["pages"]),
        ("netbox_example/models.py", "x = 2\n", ["formatting", "models", "pages", "ports"]),
        ("netbox_example/tests/helper.py", f"{HELPER}x = 1\n", ["formatting"]),
        ("netbox_example/tests/test_ports.py", "x = 1\n", ["ports"]),
        ("netbox_example/tests/test_new.py", "x = 1\n", ["new"]),
        ("netbox_example/formatting.py", "def wide():  # it is\n    return 1\n", []),
        ("README.md", "other\n", []),
        ("netbox_example/migrations/0001_initial.py", "x = 1\n", ALL),
        ("netbox_example/tests/conftest.py", "x = 1\n", ALL),
        ("netbox_example/tests/data.json", "{}", ALL),
        ("netbox_example/ports.py", "def count(:\n", ALL),
        ("pyproject.toml", "[project]\nname = 'x'\n", ALL),
    ],
)
def test_tests_are_affected_by_what_they_reach(
    stack: Stack, write_file: Callable[[Path, str], Path], path: str, text: str, names: list[str] | None
) -> None:
    write_file(stack.plugin.root / path, text)
    found = find_affected(stack, "HEAD")
    expected = names if names is None else [f"netbox_example/tests/test_{name}.py" for name in names]
    assert found.paths == expected, found.why


def test_a_file_that_is_gone_may_concern_all_tests_unless_it_was_one(stack: Stack) -> None:
    (stack.plugin.root / "netbox_example/tests/test_ports.py").unlink()
    assert find_affected(stack, "HEAD").paths == []
    (stack.plugin.root / "netbox_example/ports.py").unlink()
    found = find_affected(stack, "HEAD")
    assert found.paths is None
    assert "ports.py was deleted" in found.why


def test_without_git_or_a_commit_all_tests_are(make_stack: Callable[..., Stack], run_git: Callable[..., str]) -> None:
    stack = make_stack(files=FILES)
    assert find_affected(stack, "HEAD").paths is None
    run_git(stack.plugin.root, "init", "-q", "-b", "main")
    assert find_affected(stack, "HEAD").paths is None
