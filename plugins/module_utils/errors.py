# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""One hierarchy of named failures; each says what was asked, what was found and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class NetBoxDevError(Exception):
    """A failure with a stable code. ``details`` is plain data for machines; the message is for people."""

    code = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def failure(self) -> dict[str, Any]:
        """Return ``{code, message, details}`` as modules put it under ``failure``."""
        return {"code": self.code, "message": self.message, "details": self.details}


class PluginNotFound(NetBoxDevError):
    code = "plugin_not_found"


class InvalidProject(NetBoxDevError):
    code = "invalid_project"


class UnknownCategory(NetBoxDevError):
    code = "unknown_category"


class UnknownAction(NetBoxDevError):
    code = "unknown_action"


class UnknownRole(NetBoxDevError):
    code = "unknown_role"


class UnknownService(NetBoxDevError):
    code = "unknown_service"


class InvalidReference(NetBoxDevError):
    code = "invalid_reference"


class InvalidMoment(NetBoxDevError):
    code = "invalid_moment"


class InvalidPattern(NetBoxDevError):
    code = "invalid_pattern"


class InvalidPath(NetBoxDevError):
    code = "invalid_path"


class UnknownRelease(NetBoxDevError):
    code = "unknown_release"


class StackNotSetUp(NetBoxDevError):
    code = "stack_not_set_up"


class StackLocked(NetBoxDevError):
    code = "stack_locked"


class SavedMeanwhile(NetBoxDevError):
    code = "saved_meanwhile"


class InvalidState(NetBoxDevError):
    code = "invalid_state"


class InvalidCommand(NetBoxDevError):
    code = "invalid_command"


class UnknownCommand(NetBoxDevError):
    code = "unknown_command"


class CommandFailed(NetBoxDevError):
    code = "command_failed"


class PerformanceRegression(NetBoxDevError):
    code = "performance_regression"


class EngineUnavailable(NetBoxDevError):
    code = "engine_unavailable"


class EngineFailed(NetBoxDevError):
    code = "engine_failed"


class ComposeFailed(NetBoxDevError):
    code = "compose_failed"


class ForeignOverride(NetBoxDevError):
    code = "foreign_override"


class LocalWork(NetBoxDevError):
    code = "local_work"


class PortTaken(NetBoxDevError):
    code = "port_taken"


class BuildFailed(NetBoxDevError):
    code = "build_failed"


class BrokenCode(NetBoxDevError):
    code = "broken_code"


class InvalidAnswer(NetBoxDevError):
    code = "invalid_answer"


class DatabaseBusy(NetBoxDevError):
    code = "database_busy"


class InvalidSnapshot(NetBoxDevError):
    code = "invalid_snapshot"


class SnapshotFailed(NetBoxDevError):
    code = "snapshot_failed"


class InvalidDump(NetBoxDevError):
    code = "invalid_dump"


class DumpUndecided(NetBoxDevError):
    code = "dump_undecided"


class UnknownMigration(NetBoxDevError):
    code = "unknown_migration"


class SchemaFailed(NetBoxDevError):
    code = "schema_failed"


class ServiceUnhealthy(NetBoxDevError):
    code = "service_unhealthy"


class PluginNotRegistered(NetBoxDevError):
    code = "plugin_not_registered"


class UnknownTest(NetBoxDevError):
    code = "unknown_test"


class TestsFailed(NetBoxDevError):
    code = "tests_failed"


class TimeLimit(NetBoxDevError):
    code = "time_limit"


class FileUnusable(NetBoxDevError):
    code = "file_unusable"


def nearest(word: str, known: Iterable[str]) -> str:
    """End a sentence: ``; did you mean 'x'?`` with the closest of ``known``, or a full stop."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean '{found[0]}'?" if found else "."
