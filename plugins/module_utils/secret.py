# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets made for one stack, kept in its state with mode 0600."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .stack import Stack
from .state import write_atomic


def password_file(stack: Stack) -> Path:
    return stack.state / "superuser_password"


def superuser_password(stack: Stack, given: str | None) -> str:
    """Return the given password, else the one kept for this stack, else a new one; it is kept in any case."""
    path = password_file(stack)
    if not given and path.is_file():
        return path.read_text(encoding="utf-8").strip()
    password = given or secrets.token_urlsafe(12)
    write_atomic(path, f"{password}\n")
    if os.geteuid() == 0:
        os.chown(path, stack.plugin.uid, stack.plugin.gid)
    return password
