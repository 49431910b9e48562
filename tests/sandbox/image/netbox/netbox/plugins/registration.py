# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Puts what a plugin offers into the registry."""

from __future__ import annotations

from typing import Any

from netbox.plugins.navigation import PluginMenu, PluginMenuItem
from netbox.plugins.templates import PluginTemplateExtension
from netbox.registry import registry


def register_template_extensions(classes: list[type[PluginTemplateExtension]]) -> None:
    for extension in classes:
        if not issubclass(extension, PluginTemplateExtension):
            raise TypeError(f"{extension} is not a subclass of PluginTemplateExtension")
        for model in extension.models:
            registry["plugins"]["template_extensions"][model].append(extension)


def register_menu(menu: PluginMenu) -> None:
    if not isinstance(menu, PluginMenu):
        raise TypeError(f"{menu} must be an instance of PluginMenu")
    registry["plugins"]["menus"].append(menu)


def register_menu_items(section: str, items: list[PluginMenuItem]) -> None:
    for item in items:
        if not isinstance(item, PluginMenuItem):
            raise TypeError(f"{item} must be an instance of PluginMenuItem")
    registry["plugins"]["menu_items"][section] = items


def register_graphql_schema(schema: list[type]) -> None:
    registry["plugins"]["graphql_schemas"].extend(schema)


def register_user_preferences(plugin_name: str, preferences: dict[str, Any]) -> None:
    registry["plugins"]["preferences"][plugin_name] = preferences
