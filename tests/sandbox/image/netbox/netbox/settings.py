# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Django settings, made from NetBox's configuration.

The seams are those of NetBox's own settings: what a configuration can set, what it cannot (CACHES, INSTALLED_APPS and
MIDDLEWARE are written here), the loop over PLUGINS, and `local_settings` at the end.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import URLValidator

from netbox.plugins import IncompatiblePluginError, PluginConfig
from netbox.registry import registry
from utilities.release import load_release_data

RELEASE = load_release_data()
VERSION = RELEASE.full_version
BASE_DIR = str(Path(__file__).resolve().parent.parent)

if sys.version_info < (3, 10):
    raise RuntimeError("NetBox requires Python 3.10 or later.")

#
# Configuration
#

config_path = os.getenv("NETBOX_CONFIGURATION", "netbox.configuration")
try:
    configuration = importlib.import_module(config_path)
except ModuleNotFoundError as error:
    if error.name == config_path:
        raise ImproperlyConfigured(
            f"Specified configuration module ({config_path}) not found. Please define "
            f"netbox/netbox/configuration.py per the documentation, or specify an alternate module "
            f"in the NETBOX_CONFIGURATION environment variable."
        ) from error
    raise

for _parameter in ("ALLOWED_HOSTS", "SECRET_KEY", "REDIS"):
    if not hasattr(configuration, _parameter):
        raise ImproperlyConfigured(f"Required parameter {_parameter} is missing from configuration.")

ALLOWED_HOSTS = configuration.ALLOWED_HOSTS
REDIS = configuration.REDIS
SECRET_KEY = configuration.SECRET_KEY
BASE_PATH = getattr(configuration, "BASE_PATH", "").strip("/")
if BASE_PATH:
    BASE_PATH += "/"
CSRF_COOKIE_NAME = getattr(configuration, "CSRF_COOKIE_NAME", "csrftoken")
DATABASE = getattr(configuration, "DATABASE", None)  # the older name, for one database
DATABASES = getattr(configuration, "DATABASES", {"default": DATABASE})
DEBUG = getattr(configuration, "DEBUG", False)
DEVELOPER = getattr(configuration, "DEVELOPER", False)
EVENTS_PIPELINE = list(getattr(configuration, "EVENTS_PIPELINE", []))
INTERNAL_IPS = getattr(configuration, "INTERNAL_IPS", ("127.0.0.1", "::1"))
LOGGING = getattr(configuration, "LOGGING", {})
LOGIN_REQUIRED = getattr(configuration, "LOGIN_REQUIRED", True)
MEDIA_ROOT = getattr(configuration, "MEDIA_ROOT", os.path.join(BASE_DIR, "media")).rstrip("/")
PLUGINS = getattr(configuration, "PLUGINS", [])
PLUGINS_CONFIG = getattr(configuration, "PLUGINS_CONFIG", {})
RELEASE_CHECK_URL = getattr(configuration, "RELEASE_CHECK_URL", None)
RQ_DEFAULT_TIMEOUT = getattr(configuration, "RQ_DEFAULT_TIMEOUT", 300)
STORAGES_CONFIGURED = getattr(configuration, "STORAGES", {})
TIME_ZONE = getattr(configuration, "TIME_ZONE", "UTC")

if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        f"SECRET_KEY must be at least 50 characters in length (current length: {len(SECRET_KEY)})."
    )
if RELEASE_CHECK_URL:
    try:
        URLValidator()(RELEASE_CHECK_URL)
    except ValidationError as error:
        raise ImproperlyConfigured("RELEASE_CHECK_URL must be a valid URL.") from error

#
# Database
#

if not DATABASES or not DATABASES.get("default"):
    raise ImproperlyConfigured("No database has been configured. Set DATABASES in configuration.py.")
for _database in DATABASES.values():
    _database.setdefault("ENGINE", "django.db.backends.postgresql")
    _database.setdefault("CONN_MAX_AGE", 300)

#
# Redis
#

for _section in ("tasks", "caching"):
    if _section not in REDIS:
        raise ImproperlyConfigured(f"REDIS section in configuration.py is missing the '{_section}' subsection.")

TASKS_REDIS = REDIS["tasks"]
CACHING_REDIS = REDIS["caching"]
_scheme = "rediss" if CACHING_REDIS.get("SSL", False) else "redis"
_username = CACHING_REDIS.get("USERNAME", "")
_host = CACHING_REDIS.get("HOST", "localhost")
_port = CACHING_REDIS.get("PORT", 6379)

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": (
            f"{_scheme}://{_username + '@' if _username else ''}{_host}:{_port}/{CACHING_REDIS.get('DATABASE', 0)}"
        ),
        "OPTIONS": {
            "CLIENT_CLASS": "django_redis.client.DefaultClient",
            "PASSWORD": CACHING_REDIS.get("PASSWORD", ""),
        },
    }
}

#
# Storage and static files
#

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
} | STORAGES_CONFIGURED
MEDIA_URL = f"/{BASE_PATH}media/"
STATIC_ROOT = BASE_DIR + "/static"
STATIC_URL = f"/{BASE_PATH}static/"
STATICFILES_DIRS = (os.path.join(BASE_DIR, "project-static"),)

#
# Django
#

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "debug_toolbar",
    "rest_framework",
    "strawberry_django",
    "core",
    "dcim",
    "extras",
    "users",
    "django_rq",  # after core, which overrides its commands
]
if not DEBUG:
    INSTALLED_APPS.remove("debug_toolbar")

MIDDLEWARE = [
    "strawberry_django.middlewares.debug_toolbar.DebugToolbarMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "netbox.middleware.CoreMiddleware",
]
if not DEBUG:
    MIDDLEWARE.remove("strawberry_django.middlewares.debug_toolbar.DebugToolbarMiddleware")

ROOT_URLCONF = "netbox.urls"
WSGI_APPLICATION = "netbox.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR + "/templates"],
        "APP_DIRS": True,  # cached by Django unless DEBUG
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.template.context_processors.media",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "netbox.context_processors.settings_and_registry",
            ],
        },
    },
]
AUTH_USER_MODEL = "users.User"
LOGIN_URL = f"/{BASE_PATH}login/"
LOGIN_REDIRECT_URL = f"/{BASE_PATH}"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_I18N = True
USE_TZ = True
USE_X_FORWARDED_HOST = True
X_FRAME_OPTIONS = "SAMEORIGIN"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
TEST_RUNNER = "django.test.runner.DiscoverRunner"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": (
        "rest_framework.authentication.SessionAuthentication",
        "netbox.api.authentication.TokenAuthentication",
    ),
    "DEFAULT_PERMISSION_CLASSES": ("netbox.api.authentication.IsAuthenticatedOrLoginNotRequired",),
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "DEFAULT_RENDERER_CLASSES": ("rest_framework.renderers.JSONRenderer",),
    "PAGE_SIZE": 50,
}
STRAWBERRY_DJANGO = {"DEFAULT_PK_FIELD_NAME": "id", "TYPE_DESCRIPTION_FROM_MODEL_DOCSTRING": True}

#
# Background jobs
#

RQ_PARAMS: dict[str, Any] = {
    "HOST": TASKS_REDIS.get("HOST", "localhost"),
    "PORT": TASKS_REDIS.get("PORT", 6379),
    "SSL": TASKS_REDIS.get("SSL", False),
    "DB": TASKS_REDIS.get("DATABASE", 0),
    "USERNAME": TASKS_REDIS.get("USERNAME", "") or None,
    "PASSWORD": TASKS_REDIS.get("PASSWORD", ""),
    "DEFAULT_TIMEOUT": RQ_DEFAULT_TIMEOUT,
}
RQ_QUEUES = {"high": RQ_PARAMS, "default": RQ_PARAMS, "low": RQ_PARAMS}

#
# Plugins
#

for plugin_name in PLUGINS:
    try:
        plugin = importlib.import_module(plugin_name)
    except ModuleNotFoundError as error:
        if error.name == plugin_name:
            raise ImproperlyConfigured(
                f"Unable to import plugin {plugin_name}: Module not found. Check that the plugin module has been "
                f"installed within the correct Python environment."
            ) from error
        raise
    try:
        plugin_config: type[PluginConfig] = plugin.config
    except AttributeError as error:
        raise ImproperlyConfigured(
            f"Plugin {plugin_name} does not provide a 'config' variable. This should be defined in the plugin's "
            f"__init__.py file and point to the PluginConfig subclass."
        ) from error

    PLUGINS_CONFIG.setdefault(plugin_name, {})
    try:
        plugin_config.validate(PLUGINS_CONFIG[plugin_name], RELEASE.version)
    except IncompatiblePluginError as error:
        warnings.warn(f"Unable to load plugin {plugin_name}: {error}", stacklevel=1)
        continue
    registry["plugins"]["installed"].append(plugin_config.name)

    django_apps = plugin_config.django_apps
    if plugin_name in django_apps:
        django_apps.remove(plugin_name)
    plugin_module = f"{plugin_config.__module__}.{plugin_config.__name__}"
    if plugin_module not in django_apps:
        django_apps.append(plugin_module)
    for app in django_apps:
        spec = importlib.util.find_spec(app.rpartition(".")[0] or app)
        if spec is None:
            raise ImproperlyConfigured(
                f"Failed to load django_apps specified by plugin {plugin_name}: {django_apps} The module {app} cannot "
                f"be imported. Check that the necessary package has been installed within the correct Python "
                f"environment."
            )
    # An app that is named twice keeps its last place.
    INSTALLED_APPS = list(reversed(list(dict.fromkeys(reversed(INSTALLED_APPS + django_apps)))))

    if plugin_config.middleware:
        MIDDLEWARE.extend(plugin_config.middleware)
    if type(plugin_config.queues) is not list:
        raise ImproperlyConfigured(f"Plugin {plugin_name} queues must be a list.")
    RQ_QUEUES.update({f"{plugin_name}.{queue}": RQ_PARAMS for queue in plugin_config.queues})
    EVENTS_PIPELINE.extend(plugin_config.events_pipeline)

# Not supported, but there: whatever a local module says goes.
try:
    from .local_settings import *  # noqa: F403

    _UNSUPPORTED_SETTINGS = True
except ImportError:
    pass
