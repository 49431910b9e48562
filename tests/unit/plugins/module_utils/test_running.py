# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
import os
from types import SimpleNamespace
from typing import Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import running
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import ServiceUnhealthy
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.freshness import Disk, Verdict
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack


@pytest.mark.parametrize(
    ("state", "healthy", "dead"),
    [
        (None, False, False),
        ({"Running": False, "Status": "exited"}, False, True),
        ({"Running": True, "Status": "restarting"}, False, True),
        ({"Running": True, "Status": "running"}, True, False),
        ({"Running": True, "Status": "paused", "Paused": True, "Health": {"Status": "healthy"}}, False, False),
        ({"Running": True, "Status": "running", "Health": {"Status": "starting"}}, False, False),
        ({"Running": True, "Status": "running", "Health": {"Status": "healthy"}}, True, False),
    ],
)
def test_a_container_is_healthy_when_it_runs_and_its_check_if_any_says_so(
    state: dict[str, object] | None, healthy: bool, dead: bool
) -> None:
    container = None if state is None else {"State": state, "NetworkSettings": {"Networks": {"stack_default": {}}}}
    assert (running._healthy(container), running._dead(container)) == (healthy, dead)


def test_a_container_without_its_network_is_not_healthy() -> None:
    container = {"State": {"Running": True, "Status": "running"}, "NetworkSettings": {"Networks": {}}}
    assert not running._healthy(container)


def test_configuration_that_is_saved_while_a_service_restarts_is_in_force_or_the_next_runs(
    make_stack: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = running.Running.__new__(running.Running)
    one.stack, one.reporter, one.roles = make_stack(), Reporter(), {"netbox-worker": "worker"}
    one.limits, one.expected, one.begun = running.Limits(serve_s=2), {}, {}
    container = {
        "Id": "a",
        "Image": "i",
        "Config": {"Hostname": "h", "Labels": {}},
        "State": {"Running": True, "Status": "running"},
        "NetworkSettings": {"Networks": {"n": {}}},
    }
    told = {"container": "h", "code": "c", "attempts": 1, "busy": False, "error": "", "report": {}}
    (one.stack.state / "run").mkdir(parents=True)
    path = one.stack.state / "run" / "netbox-worker.json"

    def start(started: float, config: str) -> None:
        path.write_text(json.dumps({**told, "started": started, "config": config}))
        os.utime(path, (0, 0))

    start(1.0, "before")
    one.engine = SimpleNamespace(
        containers=lambda: {"netbox-worker": container}, restart=lambda _id: start(2.0, "later"), logs=lambda _id: ""
    )
    disk = Disk("c", "saved", "i", {}, {"netbox-worker": {"config": "", "label": ""}})
    monkeypatch.setattr(running, "disk_code", lambda _stack: "c")
    monkeypatch.setattr(running.Running, "_wait_served", lambda *_: None)
    one.act([Verdict("netbox-worker", "restart", "configuration files changed", json.loads(path.read_text()))], disk)
    (verdict,) = one.prove(disk)
    assert verdict.needs == ""
    # What was not restarted by this run has no such excuse.
    one.begun = {}
    with pytest.raises(ServiceUnhealthy, match="configuration files changed"):
        one.prove(disk)
