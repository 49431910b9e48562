# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Fabrics and switches."""

from __future__ import annotations

from django.db import models

from netbox.models import NetBoxModel
from netbox_example.choices import SwitchRoleChoices


class Fabric(NetBoxModel):
    """A group of switches that are managed together."""

    name = models.CharField(max_length=100, unique=True)
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = "fabric"
        verbose_name_plural = "fabrics"

    def __str__(self) -> str:
        return self.name


class Switch(NetBoxModel):
    """A switch of a fabric, which may be a device that NetBox knows."""

    fabric = models.ForeignKey(Fabric, on_delete=models.CASCADE, related_name="switches")
    device = models.ForeignKey("dcim.Device", on_delete=models.SET_NULL, related_name="+", blank=True, null=True)
    name = models.CharField(max_length=64)
    role = models.CharField(max_length=20, choices=SwitchRoleChoices.choices, default=SwitchRoleChoices.LEAF)

    class Meta:
        ordering = ("fabric", "name")
        verbose_name = "switch"
        verbose_name_plural = "switches"

    def __str__(self) -> str:
        return self.name
