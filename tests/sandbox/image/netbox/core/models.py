# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Object types and jobs."""

from __future__ import annotations

import uuid

from django.contrib.contenttypes.models import ContentType, ContentTypeManager
from django.db import models

from netbox.registry import registry
from utilities.json import CustomFieldJSONEncoder


class ObjectTypeManager(ContentTypeManager):
    def public(self) -> models.QuerySet[ContentType]:
        """The types of models that have NetBox's features."""
        query = models.Q(pk__in=[])
        for app_label, model_names in registry["models"].items():
            query |= models.Q(app_label=app_label, model__in=model_names)
        return self.get_queryset().filter(query)


class ObjectType(ContentType):
    """A content type, with what NetBox knows about it."""

    objects = ObjectTypeManager()

    class Meta:
        proxy = True


class Job(models.Model):
    """A piece of background work and what became of it."""

    name = models.CharField(max_length=200)
    queue = models.CharField(max_length=100, blank=True, help_text="Name of the queue")
    object_type = models.ForeignKey(ContentType, on_delete=models.CASCADE, related_name="jobs", blank=True, null=True)
    object_id = models.PositiveBigIntegerField(blank=True, null=True)
    status = models.CharField(max_length=30, default="pending")
    data = models.JSONField(encoder=CustomFieldJSONEncoder, blank=True, null=True)
    job_id = models.UUIDField(unique=True, default=uuid.uuid4)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created"]
        verbose_name = "job"

    def __str__(self) -> str:
        return self.name
