# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import state, status
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Outcome
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.freshness import OTHER_CODE, Verdict
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.plan import Action
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

MakeStack = Callable[..., Stack]
CLEAN: dict[str, Any] = {"pending": [], "missing": [], "drift": [], "inherited": 0, "static": 0}
CONTAINER = {"Id": "c" * 64, "Image": f"sha256:{'a' * 64}", "State": {"Running": True, "Status": "running"}}


@pytest.mark.parametrize(
    ("asked", "expected", "why"),
    [
        ({}, "fresh", ""),
        ({"inherited": 45}, "fresh", ""),
        ({"pending": ["a.1", "a.2", "a.3", "a.4"]}, "stale", "not applied: a.1, a.2, a.3 and 1 more"),
        ({"missing": ["a.9"]}, "stale", "applied and not on disk: a.9"),
        ({"foreign": ["dcim.9"]}, "stale", "applied and not in this NetBox: dcim.9"),
        ({"drift": ["AddField()"]}, "stale", "1 operations differ"),
        ({"error": "not running: postgres"}, "unknown", "not running: postgres"),
    ],
)
def test_a_database_is_fresh_when_nothing_but_inherited_drift_is_left(
    asked: dict[str, Any], expected: str, why: str
) -> None:
    found = status._database({**CLEAN, **asked})
    assert found["state"] == expected
    assert why in found["why"]


def made(stack: Stack, verdict: Verdict, there: bool = True) -> dict[str, Any]:
    return status._service(stack, {"netbox": "web"}, verdict, CONTAINER if there else None)


def test_a_stale_service_names_the_first_file_that_was_saved_since_its_start(make_stack: MakeStack) -> None:
    stack = make_stack(files={f"netbox_example/{name}.py": "1" for name in ("before", "first", "second")})
    now = time.time()
    for name, age in (("before", 50), ("first", 20), ("second", 10), ("__init__", 60)):
        os.utime(stack.plugin.package_dir / f"{name}.py", (now - age, now - age))
    found = made(stack, Verdict("netbox", "reload", f"{OTHER_CODE} x/ holds", {"since": now - 30, "report": {}}))
    assert found["why"] == "netbox_example/first.py and 1 more saved since its start"
    assert (found["state"], found["needs"], found["uptime_s"]) == ("stale", "reload", pytest.approx(30, abs=5))
    # A file that is gone left no time behind.
    found = made(stack, Verdict("netbox", "reload", f"{OTHER_CODE} x/ holds", {"since": now, "report": {}}))
    assert found["why"] == f"{OTHER_CODE} x/ holds"


def test_a_service_whose_code_does_not_start_says_so(make_stack: MakeStack) -> None:
    told = {"since": 1.0, "error": "Traceback\nNameError: x\n"}
    found = made(make_stack(), Verdict("netbox", "restart", "configuration files changed", told))
    assert found["why"] == "configuration files changed; the code on disk does not start: NameError: x"


def test_a_service_without_a_container_has_no_health(make_stack: MakeStack) -> None:
    found = made(make_stack(), Verdict("netbox", "recreate", "there is no container", {"since": 1.0}), there=False)
    assert (found["health"], found["image"], found["uptime_s"]) == ("absent", "", None)


def test_the_table_tells_what_is_stale_and_what_would_be_done(make_stack: MakeStack) -> None:
    stack = make_stack()
    one = status.Status(Outcome(plan=[Action("reload", ("netbox",), ("why",))], notices=["a notice"]))
    one.services = [made(stack, Verdict("netbox", "reload", "it must", {"since": time.time() - 200}))]
    one.database, one.static = status._database(CLEAN), status._static({**CLEAN, "static": 2})
    one.plugin = {"package": "netbox_example", "registered": True, "netbox": "4.3.7", "url": "http://x/"}
    lines = status.for_people(one, stack)
    assert lines[0].split() == ["service", "state", "health", "up", "image"]
    assert lines[1].split()[:4] == ["netbox", "stale", "running", "3"]
    assert lines[1].endswith("it must")
    assert lines[2:4] == ["database: fresh", "static files: stale, 2 files are to be collected"]
    assert lines[4] == "plugin: netbox_example, registered in NetBox 4.3.7, http://x/"
    one.database["kept"] = [{"database": "netbox_branch_1", "branch": "left"}, {"database": "b", "branch": ""}]
    assert status.for_people(one, stack)[3] == "databases kept of: left (netbox_branch_1), no branch (b)"
    assert lines[-2:] == ["note: a notice", "stale: apply_change would do reload"]
    one.watch = {"running": True, "refused": "it does not start:\nNameError: x"}
    at = lines.index("note: a notice")
    told = ["watch: runs and refuses what was saved:", "  it does not start:", "  NameError: x"]
    assert status.for_people(one, stack)[at + 1 : at + 4] == told
    one.watch = {"running": True, "refused": ""}
    assert "watch: runs" in status.for_people(one, stack)
    assert not one.fresh


def test_all_fresh_is_said_in_the_last_line(make_stack: MakeStack) -> None:
    stack = make_stack()
    one = status.Status(Outcome())
    one.services = [made(stack, Verdict("netbox", "", "", {"since": 1.0}))]
    one.database, one.static = status._database(CLEAN), status._static(CLEAN)
    one.plugin = {"package": "netbox_example", "registered": True, "netbox": "4.3.7", "url": ""}
    assert one.fresh
    assert status.for_people(one, stack)[-1] == f"fresh: {stack.url} runs what is on disk"
    one.plugin["registered"] = None
    assert not one.fresh


def test_who_holds_the_lock_is_told_without_taking_it(tmp_path: Path) -> None:
    assert state.lock_holder(tmp_path) is None
    with state.lock(tmp_path, 0, "a run"):
        holder = state.lock_holder(tmp_path)
        assert holder is not None
        assert holder.startswith(f"a run, pid {os.getpid()}, since ")
    assert state.lock_holder(tmp_path) is None
