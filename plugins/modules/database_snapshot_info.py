#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the snapshots of a stack's database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_snapshot_info
short_description: List the snapshots of a stack's database
version_added: 0.1.0
description:
  - Lists what M(hedgehog.netbox_dev.database_snapshot) made, the newest first. Only reads.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.told
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: none
  idempotent:
    description: A second run changes nothing.
    support: full
requirements:
  - docker (Python package)
  - Docker Compose 2.18 or later
"""

EXAMPLES = r"""
- name: Which snapshots are there?
  hedgehog.netbox_dev.database_snapshot_info:
    plugin_path: ~/src/netbox-example-plugin
  register: found
"""

RETURN = r"""
snapshots:
  description: The snapshots, as M(hedgehog.netbox_dev.database_snapshot) returns them, each with its C(age) in seconds.
  returned: success
  type: list
  elements: dict
state:
  description: Stands for the migrations that are applied now; a snapshot's own is under its C(state).
  returned: success
  type: str
  sample: 9b0c1d2e3f4a
summary:
  description: The same as a table for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import (
    PLUGIN_SPEC,
    TOLD_SPEC,
    Module,
    run_module,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.migrating import Migrating
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.snapshots import Snapshots
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"])
    return {"changed": False, **Snapshots(Migrating(stack, reporter, check=True)).all()}


def main() -> None:
    run_module(Module(argument_spec={**PLUGIN_SPEC, **TOLD_SPEC}, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
