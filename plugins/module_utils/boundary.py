# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a module meets the engine: shared options, and failures turned into ``fail_json``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule

from .change import writable
from .changes import Wanted
from .errors import EngineFailed, FileUnusable, InvalidProject, NetBoxDevError
from .events import Reporter
from .log_lines import harmless
from .schema import Wishes, wishes_of
from .stack import Stack

PLUGIN_SPEC: dict[str, Any] = {"plugin_path": {"type": "path"}}
# What tells: progress while it runs, and at the end for a person or for a machine.
TOLD_SPEC: dict[str, Any] = {
    "events": {"type": "path"},
    "output": {"type": "str", "choices": ["text", "json"], "default": "text"},
}
RUN_SPEC: dict[str, Any] = {
    **PLUGIN_SPEC,
    **TOLD_SPEC,
    "lock_timeout": {"type": "float", "default": 5.0},
    "time_limit": {"type": "float", "default": 1800.0},
}
CHANGED_SPEC: dict[str, Any] = {
    "changed": {"type": "list", "elements": "str", "default": []},
    "since": {"type": "str"},
    "paths": {"type": "list", "elements": "str", "default": []},
}
SCHEMA_SPEC: dict[str, Any] = {
    "makemigrations": {"type": "bool"},
    "inherited_drift": {"type": "str", "choices": ["leave", "include"], "default": "leave"},
    "merge": {"type": "bool", "default": False},
    "put_back": {"type": "bool"},
    "renames": {"type": "list", "elements": "str", "default": []},
    "defaults": {"type": "dict", "default": {}},
}


# The least that a number may be, where that is not zero.
_LEAST = {"time_limit": 1, "samples": 1}


def refuse_small(given: Mapping[str, Any]) -> None:
    """Raise InvalidProject for a number that is less than makes sense, or none at all."""
    for name, value in given.items():
        least = _LEAST.get(name, 0)
        if isinstance(value, (int, float)) and not least <= value < math.inf:
            raise InvalidProject(f"{name}: a number of at least {least} was expected, found {value:g}.", key=name)


def wishes(module: AnsibleModule, stack: Stack) -> Wishes:
    """What the options of SCHEMA_SPEC, and the project file, say about the schema."""
    return wishes_of(stack, **{key: module.params[key] for key in SCHEMA_SPEC})


def wanted_of(module: AnsibleModule) -> Wanted:
    """What the options of CHANGED_SPEC ask for."""
    return Wanted.of(module.params["changed"], module.params["since"], module.params["paths"])


class Module(AnsibleModule):  # type: ignore[misc]  # ansible-core is untyped
    """A module whose options, where they cannot be taken, are an error as every other is."""

    def fail_json(self, msg: str, **more: Any) -> None:
        failure = {"code": "invalid_option", "message": msg, "details": {}}
        super().fail_json(msg, **{"failure": failure, **more})


def _told(value: Any) -> Any:
    """``value`` as Ansible takes it: it refuses a result that has what is no UTF-8."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, Mapping):
        return {_told(key): _told(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_told(item) for item in value]
    return value


def _fail(module: AnsibleModule, error: NetBoxDevError, reporter: Reporter) -> None:
    module.fail_json(
        **_told({"msg": harmless(error.message), "failure": error.failure(), "steps": reporter.describe()})
    )


def run_module(module: AnsibleModule, work: Callable[[AnsibleModule, Reporter], dict[str, Any]]) -> None:
    """Call ``work`` and end the module with its result, or with ``msg`` and ``failure``."""
    reporter = Reporter()
    try:
        refuse_small(module.params)
        reporter = Reporter(module.params.get("events"))
        result = work(module, reporter)
    except NetBoxDevError as error:
        _fail(module, error, reporter)
    except OSError as error:
        if error.filename is None:
            # The Docker SDK's errors and broken connections are of this kind.
            failed = EngineFailed(
                f"the Docker engine, or the connection to it, failed: {type(error).__name__}: {error}. "
                "Run again; the next run repairs what this one left."
            )
            _fail(module, failed, reporter)
        unusable = FileUnusable(
            f"'{error.filename}' cannot be used: {error.strerror}. Run as the plugin's owner, or with become, "
            "on a file system that is writable and has room. What was there before is untouched.",
            path=str(error.filename),
        )
        _fail(module, unusable, reporter)
    told = _told(result)
    if "summary" in told:
        told["summary"] = [harmless(line) for line in told["summary"]]
    if told.get("failed"):
        module.fail_json(**told)
    module.exit_json(**told)
