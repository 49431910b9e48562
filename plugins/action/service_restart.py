# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the progress and the result of the module service_restart."""

from __future__ import annotations

from ansible_collections.hedgehog.netbox_dev.plugins.plugin_utils.live import LiveAction


class ActionModule(LiveAction):
    MODULE = "hedgehog.netbox_dev.service_restart"
