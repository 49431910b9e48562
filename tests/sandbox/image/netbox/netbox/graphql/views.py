# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The GraphQL endpoint."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed
from strawberry.django.views import GraphQLView

from netbox.api.authentication import TokenAuthentication


@method_decorator(csrf_exempt, name="dispatch")
class NetBoxGraphQLView(GraphQLView):
    """Strawberry's view, for people logged in and for tokens."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.LOGIN_REQUIRED and not request.user.is_authenticated:
            try:
                credentials = TokenAuthentication().authenticate(request)
            except AuthenticationFailed as error:
                return HttpResponseForbidden(str(error.detail))
            if credentials is None:
                return HttpResponseForbidden("No credentials provided.")
            request.user = credentials[0]
        return super().dispatch(request, *args, **kwargs)
