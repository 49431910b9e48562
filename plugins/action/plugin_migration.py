# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the progress of the module plugin_migration."""

from __future__ import annotations

from ansible_collections.hedgehog.netbox_dev.plugins.plugin_utils.live import LiveAction


class ActionModule(LiveAction):
    MODULE = "hedgehog.netbox_dev.plugin_migration"
