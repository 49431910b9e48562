"""NetBox's configuration, read from the environment of the container."""

from os import environ
from os.path import isfile


def _secret(name, default=""):
    """The content of a Compose secret, else the default."""
    path = f"/run/secrets/{name}"
    if not isfile(path):
        return default
    with open(path, encoding="utf-8") as stream:
        return stream.readline().strip()


def _bool(name, default="False"):
    return environ.get(name, default).lower() in ("true", "1", "yes")


def _int(name, default):
    return int(environ.get(name, default))


def _list(name, default=""):
    return [item for item in environ.get(name, default).split(" ") if item]


ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "*")
if "*" not in ALLOWED_HOSTS and "localhost" not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append("localhost")  # the health check

DATABASE = {
    "NAME": environ.get("DB_NAME", "netbox"),
    "USER": environ.get("DB_USER", ""),
    "PASSWORD": _secret("db_password", environ.get("DB_PASSWORD", "")),
    "HOST": environ.get("DB_HOST", "localhost"),
    "PORT": environ.get("DB_PORT", ""),
    "OPTIONS": {"sslmode": environ.get("DB_SSLMODE", "prefer")},
    "CONN_MAX_AGE": _int("DB_CONN_MAX_AGE", "300"),
    "DISABLE_SERVER_SIDE_CURSORS": _bool("DB_DISABLE_SERVER_SIDE_CURSORS"),
}

REDIS = {
    "tasks": {
        "HOST": environ.get("REDIS_HOST", "localhost"),
        "PORT": _int("REDIS_PORT", "6379"),
        "USERNAME": environ.get("REDIS_USERNAME", ""),
        "PASSWORD": _secret("redis_password", environ.get("REDIS_PASSWORD", "")),
        "DATABASE": _int("REDIS_DATABASE", "0"),
        "SSL": _bool("REDIS_SSL"),
    },
    "caching": {
        "HOST": environ.get("REDIS_CACHE_HOST", environ.get("REDIS_HOST", "localhost")),
        "PORT": _int("REDIS_CACHE_PORT", environ.get("REDIS_PORT", "6379")),
        "USERNAME": environ.get("REDIS_CACHE_USERNAME", environ.get("REDIS_USERNAME", "")),
        "PASSWORD": _secret(
            "redis_cache_password",
            environ.get("REDIS_CACHE_PASSWORD", environ.get("REDIS_PASSWORD", "")),
        ),
        "DATABASE": _int("REDIS_CACHE_DATABASE", "1"),
        "SSL": _bool("REDIS_CACHE_SSL", environ.get("REDIS_SSL", "False")),
    },
}

SECRET_KEY = _secret("secret_key", environ.get("SECRET_KEY", ""))

# Everything below is optional: what the environment leaves out keeps NetBox's own default.
if "BASE_PATH" in environ:
    BASE_PATH = environ["BASE_PATH"]
DEBUG = _bool("DEBUG")
DEVELOPER = _bool("DEVELOPER")
LOGIN_REQUIRED = _bool("LOGIN_REQUIRED", "True")
MEDIA_ROOT = environ.get("MEDIA_ROOT", "/opt/netbox/netbox/media")
RQ_DEFAULT_TIMEOUT = _int("RQ_DEFAULT_TIMEOUT", "300")
TIME_ZONE = environ.get("TIME_ZONE", "UTC")
