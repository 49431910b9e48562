# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What users must always find."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.auth.models import Group
from django.db.models.signals import post_migrate
from django.dispatch import receiver


@receiver(post_migrate, dispatch_uid="users.default_group")
def make_default_group(sender: AppConfig, using: str, **kwargs: object) -> None:
    if sender.name == "users":
        Group.objects.using(using).get_or_create(name="Operators")
