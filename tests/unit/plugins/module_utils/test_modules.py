# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.modules import Modules, Target, module_name
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.source import read_source

FILES = {
    "p/__init__.py": "",
    "p/a.py": "from .b import X as Y, f\nfrom . import b\nfrom .s import *\nimport p.b\nimport os.path as o\n",
    "p/b.py": "X = 1\ndef f(): pass\nclass C:\n    x = 1\n    class D: pass\n",
    "p/s.py": "from django.db.models import *\nfrom .t import *\nS = 1\n",
    "p/t.py": "T = 1\nfrom .s import *\n",
    "p/space/deep.py": "from ..b import C\nfrom ...absent import Z\n",
    "p/broken.py": "def (\n",
    "p/urls.py": "from . import views\n",
    "p/views.py": "from .tables import T\nfrom .forms.a import F\n",
    "p/tables.py": "T = 1\n",
    "p/forms/a.py": "F = 1\n",
    "p/jobs.py": "def f():\n    from .tables import T\n",
    "tool.py": "import p.views\n",
}


@pytest.fixture
def modules() -> Modules:
    names = {module_name(path, "") or "": text for path, text in FILES.items()}
    packages = frozenset(module_name(path, "") or "" for path in FILES if path.endswith("__init__.py"))
    return Modules({name: read_source(text.encode()) for name, text in names.items()}, packages, "p")


@pytest.mark.parametrize(
    ("module", "name", "targets"),
    [
        ("p.b", "X", [Target("p.b", "X")]),
        ("p.b", "C.x", [Target("p.b", "C.x")]),
        ("p.b", "C.D.y", [Target("p.b", "C.D", "y")]),
        ("p.b", "f.cache", [Target("p.b", "f", "cache")]),
        ("p.b", "len", []),
        ("p.a", "Y", [Target("p.b", "X")]),
        ("p.a", "b.C.x", [Target("p.b", "C.x")]),
        ("p.a", "p.b.f", [Target("p.b", "f")]),
        ("p.a", "p", [Target("p")]),
        ("p.a", "o.join", [Target("os.path.join", foreign=True)]),
        ("p.a", "S", [Target("p.s", "S")]),
        ("p.a", "T", [Target("p.t", "T")]),
        ("p.s", "Model", [Target("django.db.models.Model", foreign=True, guessed=True)]),
        ("p.s", "len", []),
        ("p.a", "b.absent", [Target("p.b")]),
        ("p.space.deep", "C", [Target("p.b", "C")]),
        ("p.broken", "X", []),
        ("absent", "X", []),
    ],
)
def test_a_name_means_what_python_would_make_of_it(
    modules: Modules, module: str, name: str, targets: list[Target]
) -> None:
    assert modules.resolve(module, name) == targets


@pytest.mark.parametrize(
    ("module", "web"),
    [
        ("p.urls", True),
        ("p.views", True),
        ("p.forms.a", True),
        # A job imports it.
        ("p.tables", False),
        ("p.b", False),
        ("p", False),
    ],
)
def test_what_only_requests_load(modules: Modules, module: str, web: bool) -> None:
    assert modules.web_only(module) is web


@pytest.mark.parametrize(
    ("path", "top", "name"),
    [
        ("p/a.py", "", "p.a"),
        ("p/__init__.py", "", "p"),
        ("src/p/a/b.py", "src/", "p.a.b"),
        ("p/a.py", "src/", None),
        ("p/a-b.py", "", None),
        ("p/a.pyi", "", None),
        ("__init__.py", "", None),
        ("p/ü.py", "", "p.ü"),
    ],
)
def test_a_module_is_named_by_its_path(path: str, top: str, name: str | None) -> None:
    assert module_name(path, top) == name
