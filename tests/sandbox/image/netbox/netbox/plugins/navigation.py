# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A plugin's place in the navigation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class PluginMenuButton:
    link: str
    title: str
    icon_class: str = ""
    color: str = "default"
    permissions: list[str] = field(default_factory=list)


@dataclass
class PluginMenuItem:
    link: str
    link_text: str
    permissions: list[str] = field(default_factory=list)
    buttons: tuple[PluginMenuButton, ...] = ()


class PluginMenu:
    """A menu of its own, with groups of items."""

    def __init__(
        self,
        label: str,
        groups: tuple[tuple[str, tuple[PluginMenuItem, ...]], ...],
        icon_class: str = "mdi mdi-puzzle",
    ) -> None:
        self.label = label
        self.groups = groups
        self.icon_class = icon_class
