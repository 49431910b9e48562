# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Tags and custom fields."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import models

from netbox.models import ChangeLoggedModel


class Tag(ChangeLoggedModel):
    """A label for any object."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    color = models.CharField(max_length=6, default="9e9e9e")
    weight = models.PositiveSmallIntegerField(default=1000)

    class Meta:
        ordering = ("weight", "name")

    def __str__(self) -> str:
        return self.name


class CustomField(ChangeLoggedModel):
    """A field that users add to a type of objects."""

    name = models.CharField(max_length=50, unique=True)
    type = models.CharField(max_length=50, default="text")
    required = models.BooleanField(default=False)
    default = models.JSONField(blank=True, null=True)
    object_types = models.ManyToManyField(ContentType, related_name="custom_fields")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
