# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""rqworker, which serves NetBox's own queues when none is named."""

from __future__ import annotations

import logging
from typing import Any

from django_rq.management.commands.rqworker import Command as RQWorker

DEFAULT_QUEUES = ("high", "default", "low")

logger = logging.getLogger("netbox.rqworker")


class Command(RQWorker):
    def handle(self, *args: Any, **options: Any) -> None:
        if not args:
            logger.warning(
                "No queues have been specified. This process will service the following queues by default: %s",
                ", ".join(DEFAULT_QUEUES),
            )
            args = DEFAULT_QUEUES
        super().handle(*args, **options)
