# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What happens when objects change."""

from __future__ import annotations

import logging

from django.db.models.signals import post_save
from django.dispatch import receiver

from netbox_example.models import Switch

logger = logging.getLogger("netbox_example")


@receiver(post_save, sender=Switch, dispatch_uid="netbox_example.log_switch")
def log_switch(sender: type[Switch], instance: Switch, created: bool, **kwargs: object) -> None:
    logger.info("switch %s %s", instance, "created" if created else "changed")
