# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Home, and the API's root."""

from __future__ import annotations

import platform

from django.conf import settings
from django.contrib.auth.mixins import AccessMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.generic import View
from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from netbox.plugins import get_installed_plugins


class ConditionalLoginRequiredMixin(AccessMixin):
    """Sends people to the login page when LOGIN_REQUIRED is on."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if settings.LOGIN_REQUIRED and not request.user.is_authenticated:
            return self.handle_no_permission()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class HomeView(ConditionalLoginRequiredMixin, View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "home.html", {"plugins": get_installed_plugins()})


@api_view(["GET"])
def api_root(request: Request) -> Response:
    return Response(
        {
            name: request.build_absolute_uri(f"{name}/")
            for name in ("core", "dcim", "extras", "users", "plugins", "status")
        }
    )


@api_view(["GET"])
@permission_classes([AllowAny])
def api_status(request: Request) -> Response:
    return Response(
        {
            "netbox-version": settings.RELEASE.full_version,
            "python-version": platform.python_version(),
            "plugins": get_installed_plugins(),
        }
    )
