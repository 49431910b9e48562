# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets made for one stack, kept in its state with mode 0600."""

from __future__ import annotations

import secrets
from pathlib import Path

from .stack import Stack
from .state import write_atomic


def password_file(stack: Stack) -> Path:
    return stack.state / "superuser_password"


def superuser_password(stack: Stack, given: str | None) -> str:
    """Return the given password, else the one kept for this stack, else a new one; a new one is kept."""
    path = password_file(stack)
    if given:
        return given
    if path.is_file():
        return path.read_text(encoding="utf-8").strip()
    password = secrets.token_urlsafe(12)
    keep_password(stack, password)
    return password


def keep_password(stack: Stack, password: str) -> None:
    """Keep the password that the superuser was made with."""
    write_atomic(password_file(stack), f"{password}\n")
