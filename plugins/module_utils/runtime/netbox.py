# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetBox as seen by our processes: setting it up, and whether it took the plugin."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

NETBOX_DIR = "/opt/netbox/netbox"


def set_up() -> None:
    """Do what NetBox's ``manage.py`` does before it runs a command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netbox.settings")
    if NETBOX_DIR not in sys.path:
        sys.path.insert(0, NETBOX_DIR)
    import django

    django.setup()


def explain_registration() -> dict[str, Any]:
    """Whether NetBox registered the plugin, from which file it was imported, and if not registered, why.

    NetBox 4.3 and later only warn about a plugin that declares itself incompatible and go on without it.
    """
    from django.apps import apps
    from django.conf import settings

    package = os.environ["NETBOX_DEV_PACKAGE"]
    registered = any(config.name == package for config in apps.get_app_configs())
    version = getattr(getattr(settings, "RELEASE", None), "version", getattr(settings, "VERSION", ""))
    report: dict[str, Any] = {"registered": registered, "netbox": str(version), "why": ""}
    module = importlib.import_module(package)
    report["file"] = module.__file__
    report["base_url"] = getattr(module.config, "base_url", None) or package
    if not registered:
        report["why"] = f"it is not in PLUGINS ({', '.join(settings.PLUGINS) or 'empty'})"
        if package in settings.PLUGINS:
            report["why"] = "NetBox skipped it"
            try:
                module.config.validate(dict(settings.PLUGINS_CONFIG.get(package, {})), version)
            except Exception as error:  # noqa: BLE001 - whatever the plugin's own validation raises is the answer
                report["why"] = str(error)
    return report
