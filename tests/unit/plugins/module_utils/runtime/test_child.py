# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import child


def test_templates_are_watched_in_every_app_that_the_plugin_brings() -> None:
    apps = (
        "/opt/netbox/netbox/dcim",
        "/opt/netbox/netbox/pkg",
        "/opt/netbox/netbox/pkg/inner",
        "/opt/netbox/netbox/pkgother",
        "/opt/netbox-dev/dist/beside",
    )
    assert child.template_dirs("/opt/netbox/netbox/pkg", apps) == [
        "/opt/netbox/netbox/pkg/templates",
        "/opt/netbox/netbox/pkg/inner/templates",
        "/opt/netbox-dev/dist/beside/templates",
    ]
