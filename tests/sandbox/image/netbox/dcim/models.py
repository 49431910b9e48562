# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Sites and devices."""

from __future__ import annotations

from django.db import models

from netbox.models import NetBoxModel


class Site(NetBoxModel):
    """A place with devices."""

    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)
    status = models.CharField(max_length=50, default="active")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Device(NetBoxModel):
    """A piece of hardware at a site."""

    name = models.CharField(max_length=64, blank=True, null=True)
    serial = models.CharField(max_length=50, blank=True, help_text="The maker's serial number")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="devices")

    class Meta:
        ordering = ("name", "pk")
        constraints = [models.UniqueConstraint(fields=("site", "name"), name="dcim_device_unique_name_site")]

    def __str__(self) -> str:
        return self.name or f"device {self.pk}"
