# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""An example of a NetBox plugin."""

from __future__ import annotations

from netbox.plugins import PluginConfig

__version__ = "0.1.0"


class ExampleConfig(PluginConfig):
    name = "netbox_example"
    verbose_name = "Example"
    description = "Fabrics and their switches"
    version = __version__
    author = "Hedgehog"
    base_url = "example"
    min_version = "4.3.0"
    default_settings = {"greeting": "hello"}
    queues = ["sync"]

    def ready(self) -> None:
        super().ready()
        from netbox_example import signals  # noqa: F401


config = ExampleConfig
