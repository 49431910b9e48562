# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two versions of what decides about something, compared: parts that are other, and through which they got there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .kinds import Node

# Of a module with models: whether processes load it.
LOADED = "<loaded>"


def app_of(module: str) -> str:
    """The Django app that a model of ``module`` belongs to, as far as its path tells."""
    words = module.split(".")
    return ".".join(words[: words.index("models")]) if "models" in words else f"{module}:"


@dataclass
class Slice:
    """Digests of the parts that decide; for each the part through which it was reached, and those that it uses.

    ``places`` are what a part counts as when it is moved: a model belongs to its app, a value to nothing; a function
    is where it is, for migrations have its path.
    """

    digests: dict[Node, str] = field(default_factory=dict)
    places: dict[Node, str] = field(default_factory=dict)
    through: dict[Node, Node] = field(default_factory=dict)
    targets: dict[Node, set[Node]] = field(default_factory=dict)
    parts: dict[Node, str] = field(default_factory=dict)
    reads_data: bool = False
    reads_settings: bool = False

    def differences(self, new: Slice) -> list[Node]:
        """Parts that are in one of both only, or other than they were, without those that only use such ones."""

        def keyed(these: Slice) -> Counter[tuple[str, str, str]]:
            return Counter((these.places[node], node[1], text) for node, text in these.digests.items())

        before, after = keyed(self), keyed(new)
        excess = set(before - after) | set(after - before)
        found: dict[Node, None] = {}
        for these in (new, self):
            for node, text in these.digests.items():
                if (these.places[node], node[1], text) in excess and self.digests.get(node) != new.digests.get(node):
                    found[node] = None
        modules = [{module for module, part in these.digests if part == LOADED} for these in (self, new)]
        return [
            node
            for node in found
            # Where a file of models comes or goes, they say so themselves.
            if not self._only_uses(node, new, found) and (node[1] != LOADED or all(node[0] in m for m in modules))
        ]

    def _only_uses(self, node: Node, new: Slice, found: dict[Node, None]) -> bool:
        if self.parts.get(node) != new.parts.get(node):
            return False
        targets = self.targets.get(node, set()) | new.targets.get(node, set())
        return any(target in found and target != node for target in targets)

    def user_of(self, node: Node) -> Node | None:
        """The attribute of a root by which ``node`` was reached, or the root; None for a root itself."""
        chain = [node]
        while chain[-1] in self.through and self.through[chain[-1]] not in chain:
            chain.append(self.through[chain[-1]])
        if len(chain) == 1:
            return None
        user = chain[-2] if len(chain) > 2 else chain[-1]
        return user if user[0] == chain[-1][0] and user[1].startswith(f"{chain[-1][1]}.") else chain[-1]
