# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The plugin's menu."""

from __future__ import annotations

from netbox.plugins import PluginMenu, PluginMenuItem

menu = PluginMenu(
    label="Example",
    groups=(("Fabrics", (PluginMenuItem(link="plugins:netbox_example:switch_list", link_text="Switches"),)),),
)
