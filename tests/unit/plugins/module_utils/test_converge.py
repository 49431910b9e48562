# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import converge
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.freshness import Verdict


@pytest.mark.parametrize(
    ("needs", "files", "expected"),
    [
        ("", [], ""),
        ("reload", [], "reload"),
        ("", ["runtime/settings.json"], "restart"),
        ("reload", ["runtime/settings.json"], "restart"),
        ("recreate", ["runtime/settings.json"], "recreate"),
        ("", ["image/packages.txt"], ""),
        ("restart", ["docker-compose.override.yml", "runtime/settings.json"], "recreate"),
    ],
)
def test_generated_files_that_would_change_are_predicted_with_what_they_need(
    needs: str, files: list[str], expected: str
) -> None:
    assert converge._after_writing(Verdict("netbox", needs, "why"), files).needs == expected


@pytest.mark.parametrize(
    ("state", "healthy", "dead"),
    [
        (None, False, False),
        ({"Running": False, "Status": "exited"}, False, True),
        ({"Running": True, "Status": "running"}, True, False),
        ({"Running": True, "Status": "running", "Health": {"Status": "starting"}}, False, False),
        ({"Running": True, "Status": "running", "Health": {"Status": "healthy"}}, True, False),
    ],
)
def test_a_container_is_healthy_when_it_runs_and_its_check_if_any_says_so(
    state: dict[str, object] | None, healthy: bool, dead: bool
) -> None:
    container = None if state is None else {"State": state}
    assert (converge._healthy(container), converge._dead(container)) == (healthy, dead)
