# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import configuration, local_settings
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.testrun import RUNS

Configure = Callable[..., ModuleType]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """Our configuration over NetBox's, which holds the given values."""

    def make(wishes: dict[str, Any] | None = None, **values: Any) -> ModuleType:
        base = ModuleType("netbox.configuration")
        base.__dict__.update(values)
        monkeypatch.setitem(sys.modules, "netbox", ModuleType("netbox"))
        monkeypatch.setitem(sys.modules, "netbox.configuration", base)
        said = {"package": "netbox_example", "plugin_settings": {}, "settings": {}, "debug_toolbar": True}
        (tmp_path / "settings.json").write_text(json.dumps({**said, **(wishes or {})}))
        monkeypatch.setattr(configuration, "_WISHES", str(tmp_path / "settings.json"))
        monkeypatch.delitem(configuration.__dict__, "_values", raising=False)
        return configuration

    return make


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(configuration.__dict__, "_values", None)


@pytest.mark.parametrize("before", [None, [], ["netbox_other"], ["netbox_other", "netbox_example"]])
def test_the_plugin_is_among_those_that_were_there_and_once(configure: Configure, before: list[str] | None) -> None:
    made = configure(PLUGINS=before)
    assert list(dict.fromkeys([*(before or []), "netbox_example"])) == made.PLUGINS


def test_the_project_files_settings_win_and_the_rest_stays(configure: Configure) -> None:
    base = {"netbox_example": {"a": 1, "b": 1}, "netbox_other": {"c": 1}}
    made = configure(
        {"plugin_settings": {"b": 2}, "settings": {"LOGIN_REQUIRED": False}},
        PLUGINS_CONFIG=base,
        LOGIN_REQUIRED=True,
        SECRET_KEY="s",
    )
    assert made.PLUGINS_CONFIG == {"netbox_example": {"a": 1, "b": 2}, "netbox_other": {"c": 1}}
    assert base["netbox_example"] == {"a": 1, "b": 1}
    assert (made.LOGIN_REQUIRED, made.SECRET_KEY, made.DEBUG, made.DEVELOPER) == (False, "s", True, True)


def test_settings_of_plugins_in_the_project_file_do_not_lose_the_plugin_itself(configure: Configure) -> None:
    made = configure({"settings": {"PLUGINS": ["netbox_other"], "PLUGINS_CONFIG": {"netbox_other": {"c": 1}}}})
    assert set(made.PLUGINS) == {"netbox_other", "netbox_example"}
    assert made.PLUGINS_CONFIG == {"netbox_other": {"c": 1}, "netbox_example": {}}


@pytest.mark.parametrize("name", ["DATABASE", "DATABASES"])
def test_the_database_has_options_that_psycopg_accepts_whatever_it_is_called(configure: Configure, name: str) -> None:
    database = {"HOST": "postgres", "OPTIONS": {"sslmode": "prefer", "x": 1}}
    made = configure(**{name: database if name == "DATABASE" else {"default": database}})
    found = made.DATABASE if name == "DATABASE" else made.DATABASES["default"]
    assert found == {
        "HOST": "postgres",
        "OPTIONS": {"sslmode": "disable", "connect_timeout": 5, "x": 1},
        "CONN_HEALTH_CHECKS": True,
    }
    assert database["OPTIONS"] == {"sslmode": "prefer", "x": 1}
    with pytest.raises(AttributeError):
        getattr(made, "DATABASES" if name == "DATABASE" else "DATABASE")


def test_another_databases_options_are_left_alone(configure: Configure) -> None:
    other = {"ENGINE": "django.db.backends.sqlite3"}
    assert {"other": other} == configure(DATABASES={"other": other}).DATABASES


def test_the_toolbar_is_shown_to_this_machine_unless_it_was_declined(configure: Configure) -> None:
    assert configure({"debug_toolbar": False}).INTERNAL_IPS == ["127.0.0.1", "::1"]
    assert configure({"debug_toolbar": True}).INTERNAL_IPS[:2] == ["127.0.0.1", "::1"]


def test_runs_of_tests_share_no_queue_cache_or_file_with_services_or_each_other(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    redis = {"tasks": {"HOST": "redis", "DATABASE": 0}, "caching": {"HOST": "redis-cache", "DATABASE": 1}}
    plain = configure(REDIS=redis, MEDIA_ROOT="/media")
    assert (redis, "/media", True) == (plain.REDIS, plain.MEDIA_ROOT, plain.DEBUG)
    used = []
    for number in range(1, RUNS + 1):
        monkeypatch.setenv("NETBOX_DEV_TEST_RUN", str(number))
        made = configure(REDIS=redis, MEDIA_ROOT="/media")
        assert (made.MEDIA_ROOT != "/media", made.DEBUG) == (True, False)
        assert made.REDIS["tasks"]["HOST"] == "redis"
        used += [made.REDIS[section]["DATABASE"] for section in ("tasks", "caching")]
    assert len(set(used)) == 2 * RUNS
    assert 1 < min(used) < max(used) == 15


def test_what_nobody_set_is_absent_as_it_is_in_netboxs_own(configure: Configure) -> None:
    made = configure(ALLOWED_HOSTS=["*"])
    assert not hasattr(made, "NOT_THERE")
    assert not hasattr(made, "lower_case")
    assert {"ALLOWED_HOSTS", "PLUGINS", "DEBUG"} <= set(dir(made))


class TestLocalSettings:
    @staticmethod
    def load(monkeypatch: pytest.MonkeyPatch, **values: Any) -> ModuleType:
        settings = ModuleType("netbox.settings")
        settings.__dict__.update(values)
        monkeypatch.setitem(sys.modules, "netbox.settings", settings)
        return importlib.reload(local_settings)

    def test_the_cache_is_compressed_and_static_files_are_plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        caches = {"default": {"LOCATION": "redis://x", "OPTIONS": {"CLIENT_CLASS": "c"}}}
        storages = {"default": {"BACKEND": "d"}, "staticfiles": {"BACKEND": "manifest"}}
        made = self.load(monkeypatch, CACHES=caches, STORAGES=storages)
        assert made.CACHES["default"] == {
            "LOCATION": "redis://x",
            "OPTIONS": {"CLIENT_CLASS": "c", "COMPRESSOR": "django_redis.compressors.zlib.ZlibCompressor"},
        }
        assert made.STORAGES["default"] == {"BACKEND": "d"}
        assert made.STORAGES["staticfiles"]["BACKEND"].endswith(".StaticFilesStorage")
        assert "COMPRESSOR" not in caches["default"]["OPTIONS"]
        assert storages["staticfiles"] == {"BACKEND": "manifest"}

    def test_the_toolbar_is_for_browsers_unless_it_is_set_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = self.load(monkeypatch, CACHES={"default": {}})
        ours = {"SHOW_TOOLBAR_CALLBACK": "netbox_dev_runtime.toolbar.shown", "IS_RUNNING_TESTS": False}
        assert ours == made.DEBUG_TOOLBAR_CONFIG
        mine = {"SHOW_TOOLBAR_CALLBACK": "mine", "SHOW_COLLAPSED": True}
        made = self.load(monkeypatch, CACHES={"default": {}}, DEBUG_TOOLBAR_CONFIG=mine)
        assert mine == made.DEBUG_TOOLBAR_CONFIG

    def test_settings_without_cache_options_or_storages_will_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = self.load(monkeypatch, CACHES={"default": {}})
        assert set(made.STORAGES) == {"staticfiles"}
