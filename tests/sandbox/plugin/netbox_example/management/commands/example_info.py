# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""Tells what is in the plugin's tables."""

from __future__ import annotations

from typing import Any

import humanize
from django.core.management.base import BaseCommand

from netbox_example.models import Fabric, Switch


class Command(BaseCommand):
    help = "Count fabrics and switches"

    def handle(self, *args: Any, **options: Any) -> None:
        fabrics, switches = Fabric.objects.count(), Switch.objects.count()
        self.stdout.write(f"fabrics: {humanize.intcomma(fabrics)}, switches: {humanize.intcomma(switches)}")
