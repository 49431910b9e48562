# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Mounts each plugin's pages at /plugins/<base_url>/ and its API at /api/plugins/<base_url>/."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import module_has_submodule

from netbox.plugins import views
from netbox.registry import registry

plugin_patterns: list[URLPattern | URLResolver] = []
plugin_api_patterns: list[URLPattern | URLResolver] = [
    path("", views.plugins_api_root, name="api-root"),
    path("installed-plugins/", views.installed_plugins, name="plugins-list"),
]


def _urlpatterns(package: str, module: str) -> Any:
    """The URL patterns in a plugin's module, or None when the plugin has none."""
    parent = package
    for part in module.split("."):
        if not module_has_submodule(import_module(parent), part):
            return None
        parent = f"{parent}.{part}"
    return import_module(parent).urlpatterns


for plugin_path in registry["plugins"]["installed"]:
    app = apps.get_app_config(plugin_path.rsplit(".", 1)[-1])
    base_url = getattr(app, "base_url", None) or app.label
    if (patterns := _urlpatterns(plugin_path, "urls")) is not None:
        plugin_patterns.append(path(f"{base_url}/", include((patterns, app.label))))
    if (patterns := _urlpatterns(plugin_path, "api.urls")) is not None:
        plugin_api_patterns.append(path(f"{base_url}/", include((patterns, f"{app.label}-api"))))
