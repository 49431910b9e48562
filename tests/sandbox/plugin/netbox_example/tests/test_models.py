# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Tests of the models."""

from __future__ import annotations

from django.test import TestCase

from netbox_example.models import Fabric, Switch


class SwitchTest(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.fabric = Fabric.objects.create(name="fabric-1")

    def test_a_new_switch_is_a_leaf(self) -> None:
        switch = Switch.objects.create(fabric=self.fabric, name="switch-1")
        self.assertEqual(switch.role, "leaf")

    def test_a_switch_is_shown_by_its_name(self) -> None:
        self.assertEqual(str(Switch(fabric=self.fabric, name="switch-2")), "switch-2")
