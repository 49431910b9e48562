# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The API about plugins."""

from __future__ import annotations

from django.apps import apps
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from netbox.registry import registry


@api_view(["GET"])
def plugins_api_root(request: Request) -> Response:
    return Response({"installed-plugins": request.build_absolute_uri("installed-plugins/")})


@api_view(["GET"])
def installed_plugins(request: Request) -> Response:
    configs = [apps.get_app_config(name.rsplit(".", 1)[-1]) for name in registry["plugins"]["installed"]]
    return Response(
        [
            {
                "name": str(config.verbose_name),
                "package": config.name,
                "author": getattr(config, "author", ""),
                "description": getattr(config, "description", ""),
                "version": getattr(config, "version", ""),
            }
            for config in configs
        ]
    )
