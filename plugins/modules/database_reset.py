#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reset a stack's database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_reset
short_description: Reset a stack's database to what all migrations make of an empty one
version_added: 0.1.0
description:
  - Lets the pristine database take the place of NetBox's, as M(hedgehog.netbox_dev.database_snapshot) restores. It has
    all migrations, what they seeded, the superuser, and no other row.
  - One is kept for each of the last sets of applied migrations. Where there is none, it is made of the nearest.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  app:
    description:
      - An app of the plugin. Its tables alone are taken to zero and up again, by its migrations; all other rows stay.
      - Services are paused meanwhile, and where a migration fails the database is as before.
    type: str
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: full
  idempotent:
    description: A second run changes nothing.
    details: With O(app) it always does it again.
    support: partial
"""

EXAMPLES = r"""
- name: An empty NetBox
  hedgehog.netbox_dev.database_reset:
    plugin_path: ~/src/netbox-example-plugin

- name: Only the plugin's tables
  hedgehog.netbox_dev.database_reset:
    plugin_path: ~/src/netbox-example-plugin
    app: netbox_example
"""

RETURN = r"""
notices:
  description: What else is to be known.
  returned: success
  type: list
  elements: str
summary:
  description: What was done, for a person.
  returned: success
  type: list
  elements: str
steps:
  description: What was done, where and how long it took.
  returned: always
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.migrating import Migrating
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.snapshots import Snapshots, returned
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"])
    limits = Limits(schema_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "database_reset"):
        snapshots = Snapshots(Migrating(stack, reporter, limits, module.check_mode))
        app = module.params["app"]
        result = snapshots.reset_app(app) if app else snapshots.reset()
    return returned(result, reporter)


def main() -> None:
    run_module(Module(argument_spec={**RUN_SPEC, "app": {"type": "str"}}, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
