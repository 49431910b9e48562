# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Questions about plugins."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from netbox.registry import registry


class IncompatiblePluginError(ImproperlyConfigured):
    """The plugin does not go with this version of NetBox."""


def get_installed_plugins() -> dict[str, str]:
    """Name and version of every plugin that NetBox registered."""
    plugins = {}
    for plugin in registry["plugins"]["installed"]:
        config = apps.get_app_config(plugin.rsplit(".", 1)[-1])
        plugins[plugin] = getattr(config, "version", "")
    return dict(sorted(plugins.items()))


def get_plugin_config(plugin_name: str, parameter: str, default: Any = None) -> Any:
    """A plugin's setting, raising ImproperlyConfigured for a plugin that is not there."""
    if plugin_name not in registry["plugins"]["installed"]:
        raise ImproperlyConfigured(f"Plugin {plugin_name} is not registered.")
    return settings.PLUGINS_CONFIG[plugin_name].get(parameter, default)
