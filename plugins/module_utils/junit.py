# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outcomes of tests as JUnit's XML, which CI systems and editors read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

_ELEMENTS = {"failed": "failure", "unexpected success": "failure", "error": "error", "skipped": "skipped"}
# No XML may have these.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(name: str, tests: Sequence[Mapping[str, Any]], seconds: float) -> str:
    """The document; ``tests`` are as ``runtime.outcomes`` has them."""
    kinds = [_ELEMENTS.get(one["outcome"], "") for one in tests]
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(tests)), time=f"{seconds:.3f}")
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(attribute, str(kinds.count(kind)))
    for one, kind in zip(tests, kinds):
        group, method = _named(one["test"])
        case = ElementTree.SubElement(suite, "testcase", classname=group, name=method, time=f"{one['seconds']:.3f}")
        if one["path"]:
            case.set("file", one["path"])
            case.set("line", str(one["line"]))
        if kind:
            inner = ElementTree.SubElement(case, kind, message=_NOT_XML.sub("?", one["message"]))
            inner.text = _NOT_XML.sub("?", one["text"])
    top = ElementTree.Element("testsuites")
    top.append(suite)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(top, encoding="unicode")}\n'


def _named(test: str) -> tuple[str, str]:
    """Class and method; what is told of a class as a whole is ``setUpClass (its name)``."""
    whole = re.fullmatch(r"(\w+) \(([\w.]+)\)", test)
    if whole:
        return whole.group(2), whole.group(1)
    name, space, parameters = test.partition(" ")
    group, _separator, method = name.rpartition("::" if "::" in name else ".")
    return group, f"{method}{space}{parameters}"
