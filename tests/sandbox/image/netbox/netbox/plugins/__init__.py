# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What a plugin's package imports from NetBox."""

from __future__ import annotations

import collections
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from packaging import version

from netbox.plugins.navigation import PluginMenu, PluginMenuButton, PluginMenuItem
from netbox.plugins.registration import (
    register_graphql_schema,
    register_menu,
    register_menu_items,
    register_template_extensions,
    register_user_preferences,
)
from netbox.plugins.templates import PluginTemplateExtension
from netbox.plugins.utils import IncompatiblePluginError, get_installed_plugins, get_plugin_config
from netbox.registry import registry

__all__ = (
    "IncompatiblePluginError",
    "PluginConfig",
    "PluginMenu",
    "PluginMenuButton",
    "PluginMenuItem",
    "PluginTemplateExtension",
    "get_installed_plugins",
    "get_plugin_config",
)

registry["plugins"].update(
    {
        "installed": [],
        "graphql_schemas": [],
        "menus": [],
        "menu_items": {},
        "preferences": {},
        "template_extensions": collections.defaultdict(list),
    }
)

DEFAULT_RESOURCE_PATHS = {
    "graphql_schema": "graphql.schema",
    "menu": "navigation.menu",
    "menu_items": "navigation.menu_items",
    "template_extensions": "template_content.template_extensions",
    "user_preferences": "preferences.preferences",
}


class PluginConfig(AppConfig):
    """The base of a plugin's app config."""

    author = ""
    author_email = ""
    description = ""
    version = ""
    release_track = ""

    # Under /plugins/ and /api/plugins/; the app's label when not set.
    base_url: str | None = None

    min_version: str | None = None
    max_version: str | None = None

    default_settings: dict[str, Any] = {}
    required_settings: list[str] = []

    middleware: list[str] = []
    queues: list[str] = []
    django_apps: list[str] = []
    events_pipeline: list[str] = []

    # Dotted paths inside the package, where they differ from DEFAULT_RESOURCE_PATHS.
    graphql_schema: str | None = None
    menu: str | None = None
    menu_items: str | None = None
    template_extensions: str | None = None
    user_preferences: str | None = None

    def _load_resource(self, name: str) -> Any:
        if path := getattr(self, name, None):
            return import_string(f"{self.__module__}.{path}")
        module_path, resource = f"{self.__module__}.{DEFAULT_RESOURCE_PATHS[name]}".rsplit(".", 1)
        try:
            return getattr(import_module(module_path), resource, None)
        except ModuleNotFoundError:
            return None

    def ready(self) -> None:
        if extensions := self._load_resource("template_extensions"):
            register_template_extensions(extensions)
        if menu := self._load_resource("menu"):
            register_menu(menu)
        if menu_items := self._load_resource("menu_items"):
            register_menu_items(str(self.verbose_name), menu_items)
        if graphql_schema := self._load_resource("graphql_schema"):
            register_graphql_schema(graphql_schema)
        if preferences := self._load_resource("user_preferences"):
            register_user_preferences(self.name.rsplit(".", 1)[-1], preferences)

    @classmethod
    def validate(cls, user_config: dict[str, Any], netbox_version: str) -> None:
        """Check versions and required settings, and fill `user_config` with the defaults.

        Raises IncompatiblePluginError when this NetBox is too old or too new, ImproperlyConfigured when a setting is
        missing.
        """
        current = version.parse(netbox_version)
        if cls.min_version is not None and current < version.parse(cls.min_version):
            raise IncompatiblePluginError(
                f"Plugin {cls.__module__} requires NetBox minimum version {cls.min_version} "
                f"(current: {netbox_version})."
            )
        if cls.max_version is not None and current > version.parse(cls.max_version):
            raise IncompatiblePluginError(
                f"Plugin {cls.__module__} requires NetBox maximum version {cls.max_version} "
                f"(current: {netbox_version})."
            )
        for setting in cls.required_settings:
            if setting not in user_config:
                raise ImproperlyConfigured(
                    f"Plugin {cls.__module__} requires '{setting}' to be present in the "
                    f"PLUGINS_CONFIG section of configuration.py."
                )
        for setting, value in cls.default_settings.items():
            user_config.setdefault(setting, value)
