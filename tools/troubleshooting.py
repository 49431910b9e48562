# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Write docs/troubleshooting.md from the doctor's checks: `python tools/troubleshooting.py`, in the .venv."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / ".venv" / "collections"))

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.mend import WAYS  # noqa: E402
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.registry import CHECKS  # noqa: E402

PAGE = TOP / "docs" / "troubleshooting.md"
HEAD = """\
# Troubleshooting

Written by tools/troubleshooting.py from the doctor's checks; edits are lost.

    ansible-playbook doctor.yml -e plugin_path=~/src/my-plugin

looks at all that is below and tells, for everything that is wrong, what shows it and what mends it: causes, not what
follows from them. Of a stack that is well it tells nothing. `-e fix=true` mends what loses nothing (*Mended* below),
`--check` with it says what that would be, and `-e output=json` prints the same for machines. Errors that a run ends
with are in [errors](errors.md).

What is mended never touches rows, nor what is in your files. Migrations that remove a column or a table, or run SQL or
Python of their own, are not applied by it, nor is what another branch would take away, and for an edit of the models no
migration is written; the command that does it, with a copy of the database first, is told. A file of the plugin keeps
its owner when that is a person: the stack's user is let in by an ACL, or by the group where there are no ACLs. Only a
file that belongs to root or to an account of the system (below 1000), which a container or a run as root has written
into your folder, is given to who owns the repository. The document's `chown -R unit:root` would take your own files
away from you.
"""


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


def page() -> str:
    """The page as it should be."""
    parts = [HEAD]
    for check in CHECKS:
        lines = [f"`{check.name}` looks at {check.looks_at}.", f"To do: {check.remedy}."]
        lines += [f"*Mended* by `-e fix=true`: {WAYS[check.fix]}."] if check.fix else []
        parts.append("\n\n".join([f"## {check.title}", *map(_wrapped, lines)]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
