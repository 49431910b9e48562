# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.junit import junit


def outcome(test: str, outcome: str = "passed", message: str = "", text: str = "", path: str = "") -> dict[str, Any]:
    return {
        "test": test,
        "outcome": outcome,
        "seconds": 0.25,
        "message": message,
        "text": text,
        "path": path,
        "line": 3,
    }


def test_outcomes_are_counted_and_named_as_junit_has_them() -> None:
    suite = ElementTree.fromstring(
        junit(
            "netbox_example",
            [
                outcome("a.b.FabricTest.test_one"),
                outcome("a.b.FabricTest.test_two (n=1.5)", "failed", "1 != 2", "Traceback\x1b[31m", "a/b.py"),
                outcome("setUpClass (a.b.Other)", "error", "KeyError"),
                outcome("a/b.py::Other::test_x", "skipped", "not now"),
            ],
            1.5,
        )
    )[0]
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
        "time": "1.500",
    }
    assert [(case.get("classname"), case.get("name")) for case in suite] == [
        ("a.b.FabricTest", "test_one"),
        ("a.b.FabricTest", "test_two (n=1.5)"),
        ("a.b.Other", "setUpClass"),
        ("a/b.py::Other", "test_x"),
    ]
    failure = suite[1][0]
    assert (failure.tag, failure.get("message"), failure.text) == ("failure", "1 != 2", "Traceback?[31m")
    assert (suite[1].get("file"), suite[1].get("line")) == ("a/b.py", "3")
