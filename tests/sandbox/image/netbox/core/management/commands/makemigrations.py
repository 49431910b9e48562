# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""makemigrations, for developers of NetBox and of plugins only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.makemigrations import Command as MakeMigrations
from django.db import models

from utilities.migration import custom_deconstruct

models.Field.deconstruct = custom_deconstruct


class Command(MakeMigrations):
    def handle(self, *args: Any, **kwargs: Any) -> None:
        # Looking is allowed to all.
        if not kwargs["check_changes"] and not settings.DEVELOPER:
            raise CommandError(
                "This command is available for development purposes only. It will NOT resolve any issues with "
                "missing or unapplied migrations. (Set DEVELOPER=True in the configuration to use it.)"
            )
        super().handle(*args, **kwargs)
