# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import re

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime.outcomes import Outcomes

TRACE = """\
Traceback (most recent call last):
  File "/opt/netbox/netbox/netbox_example/tests/test_a.py", line 8, in test_x
  File "/usr/lib/python3.13/unittest/case.py", line 9, in assertEqual
AssertionError: 1 != 2
"""


def test_failures_are_told_at_once_and_others_by_their_classes() -> None:
    told: list[str] = []
    outcomes = Outcomes(told.append, ("/opt/netbox/netbox/netbox_example/",))
    outcomes.total = 4
    outcomes.add("a.One.test_a", "passed")
    outcomes.add("a.One.test_b", "skipped", message="not now")
    outcomes.add("a.Two.test_x", "failed", message="1 != 2", text=TRACE)
    outcomes.add("a.Two.test_y", "passed")
    outcomes.flush()
    lines = [re.sub(r" \[[\d.]+ s\]$", "", line) for line in told]
    place = "/opt/netbox/netbox/netbox_example/tests/test_a.py"
    assert lines[:2] == ["[2/4] a.One: 2 ok", f"FAILED a.Two.test_x at {place}:8: 1 != 2"]
    assert lines[2:-1] == [f"    {line}" for line in TRACE.splitlines()]
    assert lines[-1] == "[4/4] a.Two: 1 ok"
    assert (outcomes.found[2]["path"], outcomes.found[2]["line"]) == (place, 8)


def test_pytest_places_failures_at_the_beginning_of_a_line() -> None:
    outcomes = Outcomes(lambda _line: None, ("/opt/netbox-dev/x/",))
    outcomes.add("a.py::test_x", "failed", text="E  assert 1\n\n/opt/netbox-dev/x/a.py:12: AssertionError")
    assert (outcomes.found[0]["path"], outcomes.found[0]["line"]) == ("/opt/netbox-dev/x/a.py", 12)
