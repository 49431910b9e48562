# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Keeps what is cached about object types true."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_migrate
from django.dispatch import receiver


@receiver(post_migrate, dispatch_uid="core.clear_object_types")
def clear_object_types(sender: AppConfig, **kwargs: object) -> None:
    ContentType.objects.clear_cache()
