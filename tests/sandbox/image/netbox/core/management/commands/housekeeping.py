# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The daily cleaning."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand

from core.models import Job


class Command(BaseCommand):
    help = "Clear expired sessions and finished jobs. (This command is run nightly.)"

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("clearsessions")
        deleted, _ = Job.objects.filter(status="completed").delete()
        cache.set("core.housekeeping", "done", 86400)
        self.stdout.write(f"Deleted {deleted} jobs. Finished.")
