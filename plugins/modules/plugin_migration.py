#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a plugin's migrations to zero, to the newest or to a named one."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plugin_migration
short_description: Bring a NetBox plugin's migrations to zero, to the newest on disk, or to a named one
version_added: 0.2.0
description:
  - Tells first which tables and columns are lost by it, and with how many rows; makes a snapshot; takes migrations back
    or applies them while services are paused. Where one fails, the database is as before.
  - Where a migration says that it cannot be taken back, a database that is made anew without it takes NetBox's place.
    All rows are lost by that, NetBox's own too, but for the snapshot. That is told first, in check mode too. Where its
    reverse only fails when it runs, it ends there with the database as before, unless O(anew) says otherwise.
  - Services are not touched. The next M(hedgehog.netbox_dev.change_apply) applies what is on disk again.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  state:
    description: Where the plugin's migrations shall be.
    type: str
    choices:
      - zero
      - current
      - named
    default: current
  migration:
    description:
      - The last one to be applied, for O(state=named), such as V(0003), V(0003_name) or V(app.0003_name).
    type: str
  app:
    description: One app of the plugin. All of them without it.
    type: str
  anew:
    description:
      - Whether the database may be made anew, and all rows be lost but for the snapshot, where the reverse of a
        migration fails when it runs.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    details: O(ignore:lost) and O(ignore:back) say more.
    support: none
  idempotent:
    description: A second run changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: What would be lost without the plugin's tables
  hedgehog.netbox_dev.plugin_migration:
    plugin_path: ~/src/netbox-example-plugin
    state: zero
  check_mode: true

- name: Try a migration on older rows
  hedgehog.netbox_dev.plugin_migration:
    plugin_path: ~/src/netbox-example-plugin
    state: named
    migration: "0003"
"""

RETURN = r"""
back:
  description: Migrations that were taken back, or would be.
  returned: success
  type: list
  elements: str
forward:
  description: Migrations that were applied, or would be.
  returned: success
  type: list
  elements: str
lost:
  description: Tables that went, or columns of tables that stay, each with the number of rows that had something in it.
  returned: success
  type: list
  elements: dict
  sample:
    - table: netbox_example_fabric
      column: ""
      rows: 40
snapshot:
  description: Name of the snapshot that was made before; empty where nothing was taken back.
  returned: success
  type: str
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
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.moving import (
    CURRENT,
    NAMED,
    ZERO,
    Moving,
    refuse_odd,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    state, migration, app = (module.params[key] or "" for key in ("state", "migration", "app"))
    refuse_odd(state, migration)
    stack = load(module.params["plugin_path"])
    limits = Limits(schema_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "plugin_migration"):
        moving = Moving(Migrating(stack, reporter, limits, module.check_mode))
        moved = moving.move(state, migration, app, module.params["anew"])
    return {
        "changed": moved.changed,
        "back": moved.back,
        "forward": moved.forward,
        "lost": moved.lost,
        "snapshot": moved.snapshot,
        "notices": moved.notices,
        "summary": moved.for_people(module.check_mode),
        "steps": reporter.describe(),
    }


def main() -> None:
    spec = {
        **RUN_SPEC,
        "state": {"type": "str", "choices": [ZERO, CURRENT, NAMED], "default": CURRENT},
        "migration": {"type": "str"},
        "app": {"type": "str"},
        "anew": {"type": "bool", "default": False},
    }
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
