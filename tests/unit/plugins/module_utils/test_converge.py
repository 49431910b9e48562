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
        # What another override needs, Compose was asked.
        ("", ["docker-compose.override.yml"], ""),
    ],
)
def test_generated_files_that_would_change_are_predicted_with_what_they_need(
    needs: str, files: list[str], expected: str
) -> None:
    assert converge._after_writing(Verdict("netbox", needs, "why"), files).needs == expected
