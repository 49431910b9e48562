# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A visit of the doctor without Ansible around it, as one line of JSON. Arguments: the plugin; ``fix`` to mend."""

from __future__ import annotations

import json
import sys

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.doctor import for_people, visit
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter

if __name__ == "__main__":
    made = visit(sys.argv[1], Reporter(), fix="fix" in sys.argv[2:])
    print(json.dumps({**made.describe(), "changed": made.changed, "summary": for_people(made)}))
