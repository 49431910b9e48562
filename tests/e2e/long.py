# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What only the long run does."""

from __future__ import annotations

import os

import pytest

FULL = bool(os.environ.get("NETBOX_DEV_TEST_FULL"))
long = pytest.mark.skipif(not FULL, reason="left to make test-full")
