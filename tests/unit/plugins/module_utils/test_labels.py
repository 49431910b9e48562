# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import UnknownTest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.labels import (
    Label,
    find_labels,
    runner_of,
    spelled,
    within,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

TESTS = """\
from utilities.testing import ViewTestCases

class FabricTest(TestCase):
    def test_one(self): ...

class ViewTest(ViewTestCases.GetObjectViewTestCase):
    pass
"""
FILES = {
    "netbox_example/tests/__init__.py": "",
    "netbox_example/tests/test_models.py": TESTS,
    "tests/__init__.py": "",
    "tests/test_more.py": TESTS,
}
IN_PACKAGE, BESIDE = "netbox_example/tests/test_models.py", "tests/test_more.py"


@pytest.fixture
def stack(make_stack: Callable[..., Stack]) -> Stack:
    return make_stack(files=FILES)


@pytest.mark.parametrize(
    ("given", "path", "names"),
    [
        ("netbox_example", "netbox_example", ()),
        ("netbox_example.tests", "netbox_example/tests", ()),
        ("netbox_example.tests.test_models", IN_PACKAGE, ()),
        ("netbox_example.tests.test_models.FabricTest", IN_PACKAGE, ("FabricTest",)),
        ("netbox_example.tests.test_models.FabricTest.test_one", IN_PACKAGE, ("FabricTest", "test_one")),
        ("netbox_example.tests.test_models.ViewTest.test_inherited", IN_PACKAGE, ("ViewTest", "test_inherited")),
        ("netbox_example/tests/test_models.py", IN_PACKAGE, ()),
        ("./netbox_example/tests/", "netbox_example/tests", ()),
        (f"{IN_PACKAGE}::FabricTest::test_one", IN_PACKAGE, ("FabricTest", "test_one")),
        ("tests.test_more", BESIDE, ()),
        ("tests/test_more.py", BESIDE, ()),
    ],
)
def test_a_label_is_a_path_or_a_dotted_path(stack: Stack, given: str, path: str, names: tuple[str, ...]) -> None:
    assert find_labels(stack, [given]) == [Label(path, names)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("netbox_example.tests.test_modles", "did you mean 'netbox_example.tests.test_models'"),
        ("netbox_example/tests/test_modles.py", "did you mean 'netbox_example/tests/test_models.py'"),
        ("netbox_example.tests.test_models.FabricTset", "did you mean 'FabricTest'"),
        ("netbox_example.tests.test_models.FabricTest.test_won", "did you mean 'test_one'"),
        (f"{IN_PACKAGE}::FabricTest::test_won", "did you mean 'test_one'"),
        ("../elsewhere/test_x.py", "is not in the plugin"),
        ("nothing_like_it", "It has: netbox_example.tests.test_models, tests.test_more"),
    ],
)
def test_a_label_that_names_nothing_is_told_with_what_there_is(stack: Stack, given: str, said: str) -> None:
    with pytest.raises(UnknownTest, match=said):
        find_labels(stack, [given])


def test_runners_take_labels_as_they_import_files(stack: Stack) -> None:
    labels = [
        Label(IN_PACKAGE, ("FabricTest", "test_one")),
        Label(BESIDE),
        Label("netbox_example/tests"),
        Label("tests"),
    ]
    repository = f"/opt/netbox-dev/{stack.plugin.distribution}"
    assert spelled(stack, labels, "django") == [
        "netbox_example.tests.test_models.FabricTest.test_one",
        "tests.test_more",
        "/opt/netbox/netbox/netbox_example/tests",
        f"{repository}/tests",
    ]
    assert spelled(stack, labels[:2], "pytest") == [
        f"{repository}/{IN_PACKAGE}::FabricTest::test_one",
        f"{repository}/{BESIDE}",
    ]


def test_without_labels_all_of_the_package_and_beside_it_is_meant(stack: Stack) -> None:
    repository = f"/opt/netbox-dev/{stack.plugin.distribution}"
    assert spelled(stack, [], "django") == ["/opt/netbox/netbox/netbox_example", f"{repository}/tests"]
    assert spelled(stack, [], "pytest") == []


def test_a_package_in_a_folder_is_imported_without_it(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(package_path="src/netbox_example", files={f"src/{IN_PACKAGE}": TESTS})
    (label,) = find_labels(stack, ["netbox_example.tests.test_models"])
    assert label == Label(f"src/{IN_PACKAGE}")
    assert spelled(stack, [label], "django") == ["netbox_example.tests.test_models"]


def test_labels_within_files_keep_what_they_name() -> None:
    files = [IN_PACKAGE, BESIDE]
    assert within([], files) == [Label(IN_PACKAGE), Label(BESIDE)]
    assert within([Label("netbox_example")], files) == [Label(IN_PACKAGE)]
    assert within([Label(BESIDE, ("FabricTest",))], files) == [Label(BESIDE, ("FabricTest",))]
    assert within([Label("netbox_example/tests/test_other.py")], files) == []


@pytest.mark.parametrize(
    ("name", "text", "runner"),
    [
        ("pytest.ini", "[pytest]\n", "pytest"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '-ra'\n", "pytest"),
        ("setup.cfg", "[tool:pytest]\n", "pytest"),
        ("tox.ini", "[tox]\nenvlist = py\n", "django"),
        ("pyproject.toml", "[project]\nname = 'x'\n# [tool.pytest]\n", "django"),
    ],
)
def test_pytest_is_taken_where_it_is_configured(
    make_stack: Callable[..., Stack], name: str, text: str, runner: str
) -> None:
    assert runner_of(make_stack(files={name: text}).plugin.root) == runner
