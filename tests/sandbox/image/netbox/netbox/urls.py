# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""All of NetBox's URLs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from netbox.graphql.schema import schema
from netbox.graphql.views import NetBoxGraphQLView
from netbox.plugins.urls import plugin_api_patterns, plugin_patterns
from netbox.views import HomeView, api_root, api_status

_patterns = [
    path("", HomeView.as_view(), name="home"),
    path("login/", LoginView.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("core/", include("core.urls")),
    path("dcim/", include("dcim.urls")),
    path("extras/", include("extras.urls")),
    path("users/", include("users.urls")),
    path("api/", api_root, name="api-root"),
    path("api/status/", api_status, name="api-status"),
    path("api/core/", include("core.api.urls")),
    path("api/dcim/", include("dcim.api.urls")),
    path("api/extras/", include("extras.api.urls")),
    path("api/users/", include("users.api.urls")),
    path("graphql/", NetBoxGraphQLView.as_view(schema=schema), name="graphql"),
    path("plugins/", include((plugin_patterns, "plugins"))),
    path("api/plugins/", include((plugin_api_patterns, "plugins-api"))),
]

if settings.DEBUG:
    import debug_toolbar

    _patterns.append(path("__debug__/", include(debug_toolbar.urls)))

urlpatterns = [path(settings.BASE_PATH, include(_patterns))]
