# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run may do about the schema: wishes and answers of the developer, and the drift that was there before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidAnswer
from .stack import Stack
from .state import read_json, write_json

_NAME = re.compile(r"\w+(\.\w+)?")


@dataclass(frozen=True)
class Wishes:
    """``write``: whether migrations may be written. ``inherited``: whether inherited drift goes into them.

    ``merge``: whether migrations that both come last are merged. ``renames`` and ``defaults`` answer what Django would
    ask: the new name by the old one (empty for none), and the value that existing rows get in a field, both by
    ``model.field`` or ``model``. ``put_back``: what becomes of a database in which a run was killed.
    """

    write: bool = True
    inherited: bool = False
    merge: bool = False
    renames: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    put_back: bool | None = None

    def request(self, stack: Stack) -> dict[str, Any]:
        """What the task in the container is asked."""
        return {
            "inherited": [] if self.inherited else inherited_drift(stack),
            "replacements": replacements(stack),
            "write": self.write,
            "merge": self.merge,
            "renames": dict(self.renames),
            "defaults": dict(self.defaults),
        }


def wishes_of(
    stack: Stack,
    makemigrations: bool | None = None,
    inherited_drift: str = "leave",
    merge: bool = False,
    put_back: bool | None = None,
    renames: Iterable[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Wishes:
    """Put options and the project file together. Raises InvalidAnswer for one that cannot be made out."""
    pairs = {}
    for rename in renames:
        old, equals, new = str(rename).partition("=")
        new = new.rpartition(".")[2].strip()
        if not equals or not _NAME.fullmatch(old.strip()) or not re.fullmatch(r"\w*", new):
            raise InvalidAnswer(
                f"renames: '{rename}' was found, and 'model.old=new' (a field), 'Old=New' (a model) or 'model.old=' "
                "(nothing has taken its place) was expected.",
                asked=str(rename),
            )
        pairs[old.strip()] = new
    for name in defaults or {}:
        if not re.fullmatch(r"\w+\.\w+", str(name)):
            raise InvalidAnswer(f"defaults: '{name}' was found, and 'model.field' was expected.", asked=str(name))
    write = stack.makemigrations if makemigrations is None else makemigrations
    return Wishes(write, inherited_drift == "include", merge, pairs, dict(defaults or {}), put_back)


def inherited_drift(stack: Stack) -> list[str]:
    """The operations by which the models differed from their migrations when the stack was set up."""
    data = read_json(stack.state / "drift.json")
    return list(data["operations"]) if data else []


def replacements(stack: Stack) -> dict[str, list[str]]:
    """Squashed migrations that were seen, each with what it replaces: both sides may go from the disk later."""
    return dict((read_json(stack.state / "replacements.json") or {}).get("replacements", {}))


def remember_replacements(stack: Stack, seen: Mapping[str, list[str]]) -> None:
    known = replacements(stack)
    if any(known.get(name) != names for name, names in seen.items()):
        write_json(stack.state / "replacements.json", {"replacements": {**known, **seen}})


def adopt_drift(stack: Stack, operations: list[str]) -> None:
    """Let these be what was there before any edit."""
    write_json(stack.state / "drift.json", {"operations": operations, "netbox": stack.netbox})


def remember_drift(stack: Stack, operations: list[str]) -> bool:
    """Keep them, unless some were kept for this NetBox before: an edit since then is not inherited."""
    before = read_json(stack.state / "drift.json")
    if before and before.get("netbox") == stack.netbox:
        return False
    return write_json(stack.state / "drift.json", {"operations": operations, "netbox": stack.netbox})
