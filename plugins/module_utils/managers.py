# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the manager of a model is one that Django leaves out of migrations."""

from __future__ import annotations

import re

from .kinds import Kinds, Node
from .modules import Target

_MANAGER = re.compile(r"(Manager|QuerySet)$")
# Bases of others' whose managers migrations leave out.
_WITHOUT_MANAGERS = re.compile(r"django\.db\.models\.Model$|netbox\.models\.|builtins\.")
_WITHOUT_KNOWN_MANAGERS = re.compile(r"(django\.db|netbox|utilities)\.")


def has_plain_manager(kinds: Kinds, node: Node, seen: frozenset[Node] = frozenset()) -> bool:
    """Whether ``objects`` is a model's only manager, and none that is used in migrations: they do not name it then."""
    part = kinds.modules.part(*node)
    if part is None or node in seen:
        return False
    if "?" in part.bases or not all(_brings_none(kinds, base, seen | {node}) for base in kinds.bases(node)):
        return False
    found = managers_of(kinds, node)
    return set(found) == {"objects"} & {name for name, *_more in kinds.members(node)} and not any(
        _in_migrations(kinds, target) for targets in found.values() for target in targets
    )


def managers_of(kinds: Kinds, node: Node) -> dict[str, list[Target]]:
    """Attributes of a model that are managers or may be, in their order, with what makes them so."""
    found = {}
    for attribute, _inner, part in kinds.members(node):
        if part.kind == "attribute" and not part.plain:
            names = [use.strip("&()") for use in part.uses if not use.startswith(".")]
            targets = [target for name in names for target in kinds.modules.resolve(node[0], name)]
            managers = [target for target in targets if _is_manager(kinds, target)]
            if managers:
                found[attribute] = managers
    return found


def _brings_none(kinds: Kinds, base: Target, seen: frozenset[Node]) -> bool:
    if base.foreign:
        return bool(_WITHOUT_MANAGERS.match(base.module))
    return has_plain_manager(kinds, (base.module, base.part), seen)


def _is_manager(kinds: Kinds, target: Target) -> bool:
    """Whether something is a manager or a queryset, or may be."""
    if target.foreign:
        return any(map(_MANAGER.search, target.module.split(".")))
    part = kinds.modules.part(target.module, target.part)
    return part is None or part.kind != "class" or kinds.has_base((target.module, target.part), _MANAGER)


def _in_migrations(kinds: Kinds, target: Target, seen: frozenset[Target] = frozenset()) -> bool:
    if target.foreign:
        return not _WITHOUT_KNOWN_MANAGERS.match(target.module)
    node = (target.module, target.part)
    part = kinds.modules.part(*node)
    if part is None or part.kind != "class" or target in seen:
        return True
    if any(name == "use_in_migrations" for name, *_more in kinds.members(node)):
        return True
    return any(_in_migrations(kinds, base, seen | {target}) for base in kinds.bases(node))
