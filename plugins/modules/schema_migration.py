#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write and apply migrations."""

from __future__ import annotations

DOCUMENTATION = r"""
module: schema_migration
short_description: Write the migration that a NetBox plugin's models need, and apply what is not applied
version_added: 0.1.0
description:
  - Does in one process, with one start of Django and without system checks, what C(makemigrations) and C(migrate) do,
    under the stack's lock. A question that Django would ask is an error that says how to answer it beforehand.
  - A migration has the edit's own operations; what differed when the stack was set up is left, and said.
  - Services that run are not touched. The next M(hedgehog.netbox_dev.change_apply), which does all of this too, reloads
    them.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
  - hedgehog.netbox_dev.plugin.schema
options:
  migrate:
    description: Whether to apply what is not applied.
    type: bool
    default: true
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    details: The files that are written, with their SQL.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: See what would be written, and its SQL
  hedgehog.netbox_dev.schema_migration:
    plugin_path: ~/src/netbox-example-plugin
  check_mode: true
  diff: true

- name: Add a field to rows that are there already
  hedgehog.netbox_dev.schema_migration:
    plugin_path: ~/src/netbox-example-plugin
    defaults:
      fabric.serial: unknown
"""

RETURN = r"""
written:
  description: Names of the migration files that were written, or would be.
  returned: success
  type: list
  elements: str
operations:
  description: What they do, in words.
  returned: success
  type: list
  elements: str
applied:
  description: Migrations that were applied, or would be, those that are written left out.
  returned: success
  type: list
  elements: str
inherited:
  description: Number of inherited differences that were left.
  returned: success
  type: int
along:
  description: What had inherited drift and was taken along, for the edit touches it.
  returned: success
  type: list
  elements: str
missing:
  description: Migrations of the plugin that are applied and have no file.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import (
    RUN_SPEC,
    SCHEMA_SPEC,
    Module,
    run_module,
    wishes,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Converger
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.summary import schema_diff

RETURNED = ("operations", "applied", "inherited", "along", "missing")


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"])
    limits = Limits(schema_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "schema_migration"):
        converger = Converger(stack, reporter, limits, module.check_mode)
        converger.wishes, converger.diff = wishes(module, stack), module._diff
        converger.migrates = module.params["migrate"]
        outcome = converger.change_schema()
    result = outcome.schema
    return {
        "changed": outcome.changed,
        "written": outcome.written,
        **{key: result[key] for key in RETURNED},
        "diff": schema_diff(result),
    }


def main() -> None:
    spec = {**RUN_SPEC, **SCHEMA_SPEC, "migrate": {"type": "bool", "default": True}}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
