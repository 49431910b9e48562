# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs inside the stack's containers, as the package ``netbox_dev_runtime``.

Standard library only, apart from what NetBox brings: the directory is mounted, not installed.
"""
