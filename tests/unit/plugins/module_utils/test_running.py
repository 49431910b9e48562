# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import running


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
