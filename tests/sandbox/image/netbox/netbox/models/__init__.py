# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The base of NetBox's and of plugins' models."""

from __future__ import annotations

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse

from netbox.plugins import PluginConfig
from netbox.registry import registry
from utilities.json import CustomFieldJSONEncoder

__all__ = ("ChangeLoggedModel", "NetBoxModel")


class ChangeLoggedModel(models.Model):
    """Knows when it was made and last changed."""

    created = models.DateTimeField(verbose_name="created", auto_now_add=True, blank=True, null=True)
    last_updated = models.DateTimeField(verbose_name="last updated", auto_now=True, blank=True, null=True)

    class Meta:
        abstract = True


class NetBoxModel(ChangeLoggedModel):
    """The base of models that have custom fields and tags."""

    custom_field_data = models.JSONField(
        encoder=CustomFieldJSONEncoder, blank=True, default=dict, help_text="Values of custom fields"
    )
    tags = models.ManyToManyField("extras.Tag", blank=True, related_name="+")

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        if not isinstance(self.custom_field_data, dict):
            raise ValidationError({"custom_field_data": "Custom field data must be a mapping."})

    def get_absolute_url(self) -> str:
        view = f"{self._meta.app_label}:{self._meta.model_name}"
        if isinstance(apps.get_app_config(self._meta.app_label), PluginConfig):
            view = f"plugins:{view}"
        return reverse(view, args=[self.pk])


def register_model(sender: type[models.Model], **kwargs: object) -> None:
    """Note each model that has NetBox's features, as they are prepared."""
    if issubclass(sender, NetBoxModel) and not sender._meta.abstract:
        registry["models"][sender._meta.app_label].add(sender._meta.model_name)


models.signals.class_prepared.connect(register_model, dispatch_uid="netbox.register_model")
