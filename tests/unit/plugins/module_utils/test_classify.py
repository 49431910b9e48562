# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What an edit is: each case writes a plugin, says that it was applied, edits it, and asks.

The cases are in ``cases/``. A file is a text, or has ``before`` and ``after``; null is no file. A path with a slash in
front is in the repository, others are in the package. ``is`` has the category of each changed file, and the one role
that loads it. What concerns the schema was decided by Django itself; ``django: same`` are cases where it sees no
difference, and the engine cannot know that or counts it by intent, ``django: broken`` do not run.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import changes, facts
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.change import Change
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Rule, Stack
from ansible_collections.hedgehog.netbox_dev.tests.unit.plugins.module_utils.edited_plugin import PLUGIN

MakeStack = Callable[..., Stack]
Files = dict[str, Any]
FOLDER = Path(__file__).parent / "cases"
SIMPLE = "from django.db import models\nclass A(models.Model):\n    x = models.IntegerField(default=1)\n"
# What an edit is of which the engine cannot tell anything.
UNKNOWN = "models"


@pytest.fixture(autouse=True)
def no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """What git would tell is no matter here, and starting it takes most of the time."""
    monkeypatch.setenv("PATH", "")


def cases(name: str) -> list[Any]:
    return list(yaml.safe_load((FOLDER / f"{name}.yml").read_text(encoding="utf-8")))


FILES = [case for name in sorted({p.stem for p in FOLDER.iterdir()} - {"edits", "names"}) for case in cases(name)]


def place(path: str) -> str:
    return path[1:] if path.startswith("/") else f"netbox_example/{path}"


def put(root: Path, path: str, content: Any) -> None:
    where = root / place(path)
    if content is None:
        where.unlink(missing_ok=True)
        return
    where.parent.mkdir(parents=True, exist_ok=True)
    where.write_bytes(content if isinstance(content, bytes) else content.encode())


def decided(stack: Stack, before: Files, after: Files) -> list[Change]:
    """The changes that ``after`` is, when ``before`` was applied."""
    for path, content in before.items():
        put(stack.plugin.root, path, content)
    changes.find_changes(stack).record(time.time_ns())
    for path, content in after.items():
        put(stack.plugin.root, path, content)
    return changes.find_changes(stack).changes


def described(found: list[Change]) -> dict[str, str]:
    """``{path: "category+category role"}``"""
    result: dict[str, list[str]] = {}
    for one in found:
        assert one.path
        result.setdefault(one.path, []).append(" ".join([one.category, *(one.roles or ())]))
    return {path: "+".join(sorted(words, reverse=True)) for path, words in result.items()}


def edited(edit: dict[str, Any]) -> str:
    """The file's text after an edit; without an old text, the new one is added at its end."""
    text = PLUGIN[edit["file"]]
    if edit["old"] is None:
        return f"{text}\n\n{edit['new']}"
    assert edit["old"] in text
    return text.replace(edit["old"], edit["new"], 1)


@pytest.mark.parametrize("edit", cases("edits"), ids=lambda edit: edit["name"])
def test_an_edit_of_a_plugin_is_what_django_makes_of_it(make_stack: MakeStack, edit: dict[str, Any]) -> None:
    found = decided(make_stack(), PLUGIN, {edit["file"]: edited(edit)})
    assert described(found) == {place(edit["file"]): edit["is"]}, [one.reason for one in found]
    assert edit.get("reason", "") in found[-1].reason
    assert {one.confidence for one in found} <= ({"path"} if edit["file"].endswith(".yaml") else {"content", "import"})


@pytest.mark.parametrize("case", cases("names"), ids=lambda case: case["name"])
def test_a_constant_that_a_field_uses_is_found_through_whatever_uses_it(make_stack: MakeStack, case: Any) -> None:
    model = f"\nclass A(models.Model):\n    x = models.CharField(max_length={case['use']})\n"
    files = {
        "consts.py": "N = 30\n",
        "models.py": f"from django.db import models\n{case['imports']}{model}",
        "other.py": "O = 1\n",
        "through.py": "from . import consts\nfrom .consts import N\n",
        "starred.py": "from .consts import *\n",
    }
    found = decided(make_stack(), files, {"consts.py": "N = 31\n"})
    assert described(found) == {"netbox_example/consts.py": "models"}
    assert found[0].confidence == "import"


@pytest.mark.parametrize("case", FILES, ids=lambda case: case["name"])
def test_an_edit_of_files_is_what_django_makes_of_it(make_stack: MakeStack, case: dict[str, Any]) -> None:
    edits = {path: one for path, one in case["files"].items() if isinstance(one, dict)}
    before = {path: edits[path]["before"] if path in edits else one for path, one in case["files"].items()}
    found = decided(make_stack(), before, {path: one["after"] for path, one in edits.items()})
    wanted = case["is"] if isinstance(case["is"], dict) else dict.fromkeys(edits, case["is"])
    assert described(found) == {place(path): text for path, text in wanted.items()}, [one.reason for one in found]


LABEL = (
    "from django.db import models\nfrom .consts import L\nclass A(models.Model):\n    x = models.CharField(default=L)\n"
)


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("helpers.py", "H = 1\n", "H = 1\0\n", UNKNOWN),
        ("helpers.py", "H = 1\n", b"\xff\xfe\x00", UNKNOWN),
        ("helpers.py", "H = 1\n", b"# coding: nonsense\nH = 1\n", UNKNOWN),
        ("helpers.py", "H = 1\n", "H = " + "(" * 3000 + ")" * 3000 + "\n", UNKNOWN),
        ("helpers.py", "H = 1\n", "H = " + "+".join(["1"] * 20000) + "\n", UNKNOWN),
        ("helpers.py", "H = 1\n", "H = '\\ud800'\n", "python"),
        ("helpers.py", "H = 1\n", "".join(f"H{n} = {n}\n" for n in range(5000)), "python"),
        ("models.py", SIMPLE, b"\xef\xbb\xbf" + SIMPLE.encode(), "ignored"),
        ("models.py", SIMPLE, SIMPLE.replace("\n", "\r\n"), "ignored"),
        ("consts.py", "L = 'ü'\n", "# coding: latin-1\nL = 'ü'\n".encode("latin-1"), "ignored"),
        ("consts.py", b"# coding: utf-8\nL = '\xc3\xbc'\n", b"# coding: latin-1\nL = '\xc3\xbc'\n", "models"),
        ("consts.py", "L = 'a'\n", b"L = '\xff'\n", UNKNOWN),
    ],
    ids=range(12),
)
def test_what_a_file_is_written_in_is_no_matter(
    make_stack: MakeStack, path: str, before: Any, after: Any, expected: str
) -> None:
    files = {"models.py": LABEL, "consts.py": "L = 'a'\n", path: before}
    assert described(decided(make_stack(), files, {path: after})) == {place(path): expected}


def test_a_long_chain_of_constants_is_followed_to_its_end(make_stack: MakeStack) -> None:
    chain = "".join(f"N{n} = N{n + 1}\n" for n in range(3000)[::-1])
    models = "from django.db import models\nfrom .consts import N0\n\n\n"
    files = {"models.py": f"{models}class A(models.Model):\n    x = models.CharField(max_length=N0)\n"}
    edited = {"consts.py": f"N3000 = 2\n{chain}"}
    found = decided(make_stack(), {**files, "consts.py": f"N3000 = 1\n{chain}"}, edited)
    assert described(found) == {"netbox_example/consts.py": "models"}
    assert found[0].reason == "N3000 changed, used by netbox_example.models: A.x"


def deep_classes(length: int, first: str) -> str:
    """Models of which each is derived from the one before it."""
    head = f"from django.db import models\n\n\nclass C0(models.Model):\n    x = models.IntegerField(default={first})\n"
    return head + "".join(f"class C{n}(C{n - 1}):\n    x{n} = models.IntegerField()\n" for n in range(1, length))


def calls_for(made: Stack, length: int) -> int:
    """How many calls of Python's it takes to decide an edit of the first class in a chain."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        found = decided(made, {"models.py": deep_classes(length, "1")}, {"models.py": deep_classes(length, "2")})
    finally:
        sys.setprofile(before)
    assert described(found) == {"netbox_example/models.py": "models"}
    assert found[0].reason == "C0.x changed"
    return count


def test_a_chain_of_classes_takes_work_by_its_length_and_no_more(make_stack: MakeStack) -> None:
    assert calls_for(make_stack(), 200) < 3 * calls_for(make_stack(), 100)


def test_modules_that_import_all_of_each_other_take_work_by_their_number(make_stack: MakeStack) -> None:
    names = [f"m{number}" for number in range(14)]
    files = {f"{name}.py": "".join(f"from .{other} import *\n" for other in names) for name in names}
    files["models.py"] = f"from .m0 import *\n{SIMPLE.replace('1', 'NOWHERE')}"
    (one,) = decided(
        make_stack(), {**files, "m0.py": f"{files['m0.py']}N = 1\n"}, {"m0.py": f"{files['m0.py']}N = 2\n"}
    )
    assert one.path == place("m0.py")


def test_what_is_too_deep_to_be_followed_may_concern_the_schema(make_stack: MakeStack) -> None:
    files = {f"m{n}.py": f"from .m{n + 1} import N\n" for n in range(1200)}
    files["models.py"] = f"from .m0 import N\n{SIMPLE.replace('1', 'N')}"
    (found,) = decided(make_stack(), {**files, "m1200.py": "N = 1\n"}, {"m1200.py": "N = 2\n"})
    assert (found.category, found.confidence) == ("models", "path")
    assert "too many others" in found.reason


def test_without_what_a_file_was_it_may_concern_the_schema(make_stack: MakeStack) -> None:
    made = make_stack()
    decided(made, {"helpers.py": "H = 1\n", "models.py": SIMPLE, "views.py": "V = 1\n"}, {})
    (made.state / facts.FILE).unlink()
    for path in ("helpers.py", "views.py"):
        put(made.plugin.root, path, "X = 2\n")
    helpers, views = changes.find_changes(made).changes
    assert (helpers.category, helpers.confidence) == ("models", "path")
    assert helpers.reason == "what it was is not known any more, it may concern the schema"
    assert (views.category, views.roles, views.confidence) == ("views", ("web",), "path")


@pytest.mark.parametrize(
    ("rule", "path", "expected"),
    [
        (Rule("netbox_example/generated/*", "tests"), "generated/a.py", ("tests", None)),
        (Rule("netbox_example/*.tpl", "templates"), "a.tpl", ("templates", None)),
        (Rule("*.yml", None, {"restart": ("worker",)}), "a.yml", ("python", {"restart": ("worker",)})),
        (Rule("netbox_example/models.py", None, {"reload": ("web",)}), "models.py", ("models", {"reload": ("web",)})),
        (Rule("/elsewhere/*", "tests"), "helpers.py", ("python", None)),
    ],
)
def test_a_rule_of_the_project_has_the_first_word(make_stack: MakeStack, rule: Rule, path: str, expected: Any) -> None:
    made = make_stack()
    made.rules.append(rule)
    (found,) = decided(made, {path: "a = 1\n"}, {path: "a = 2\n"})
    assert (found.category, found.actions) == expected
    assert (f"rule '{rule.path}'" in found.reason) == (rule.path[0] != "/")


def test_the_order_in_which_files_are_told_makes_no_difference(make_stack: MakeStack) -> None:
    made = make_stack()
    decided(made, PLUGIN, {})
    for edit in ("constants.py", "choices.py", "views.py", "models/fabric.py", "utils.py"):
        put(made.plugin.root, edit, PLUGIN[edit].replace("64", "65").replace("[:5]", "[:6]") + "\nMORE = 1\n")
    found = changes.find_changes(made)
    classifier = changes.Classifier(found.facts)
    for turned in (found.differences[::-1], found.differences[2:] + found.differences[:2]):
        again = classifier.changes(turned, "auto")
        assert sorted(again, key=lambda one: one.path or "") == found.changes
