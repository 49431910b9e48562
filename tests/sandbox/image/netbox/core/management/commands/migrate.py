# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""migrate, comparing models as NetBox's makemigrations does."""

from __future__ import annotations

from django.core.management.commands.migrate import Command as Migrate
from django.db import models

from utilities.migration import custom_deconstruct

models.Field.deconstruct = custom_deconstruct


class Command(Migrate):
    """Django's migrate."""
