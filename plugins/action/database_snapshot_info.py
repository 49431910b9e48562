# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the result of the module database_snapshot_info."""

from __future__ import annotations

from ansible_collections.hedgehog.netbox_dev.plugins.plugin_utils.live import LiveAction


class ActionModule(LiveAction):
    MODULE = "hedgehog.netbox_dev.database_snapshot_info"
