# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Tests of the pages."""

from __future__ import annotations

from django.test import TestCase
from django.urls import reverse

from netbox_example.jobs import sync_switches
from netbox_example.models import Fabric, Switch


class PagesTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        fabric = Fabric.objects.create(name="fabric-1")
        cls.switch = Switch.objects.create(fabric=fabric, name="switch-1")

    def test_the_list_counts_switches(self) -> None:
        response = self.client.get(reverse("plugins:netbox_example:switch_list"))
        self.assertContains(response, "1 switch")

    def test_a_switch_has_a_page(self) -> None:
        response = self.client.get(self.switch.get_absolute_url())
        self.assertContains(response, "fabric-1")

    def test_the_job_counts_switches(self) -> None:
        self.assertTrue(sync_switches().endswith("1 switches"))
