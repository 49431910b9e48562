# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import monitoring
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import SchemaFailed
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.monitoring import Monitor, Wanted


def monitor(**wanted: Any) -> Monitor:
    found = Monitor.__new__(Monitor)
    found.wanted = Wanted(**wanted)
    found.engine, found.compose = SimpleNamespace(), SimpleNamespace()  # type: ignore[assignment]
    return found


def test_statements_that_the_database_refuses_are_left_out_and_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_statement: str, _database: str) -> str:
        raise SchemaFailed(
            "PostgreSQL refused 'SELECT coalesce': ERROR:  pg_stat_statements must be loaded via "
            '"shared_preload_libraries"\nLINE 1'
        )

    monkeypatch.setattr(monitoring, "Database", lambda *_: SimpleNamespace(name="netbox", ask=ask))
    assert monitor()._statements(True) == {
        "statements": None,
        "no_statements": 'pg_stat_statements must be loaded via "shared_preload_libraries"',
    }
    assert monitor()._statements(False)["no_statements"] == "the extension pg_stat_statements is not there"
