#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what a change needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: change_plan_info
short_description: Say which actions the changes of a NetBox plugin need
version_added: 0.1.0
description:
  - Turns changes into the smallest ordered plan by the workflow's matrix, with the services by this stack's names.
    Only reads; what is fresh already is not looked at.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.changed
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    details: The summary says of every file what made it relevant.
    support: partial
  idempotent:
    description: A second run changes nothing.
    support: full
requirements:
  - Docker Compose 2.18 or later
"""

EXAMPLES = r"""
- name: What a model change needs
  hedgehog.netbox_dev.change_plan_info:
    plugin_path: ~/src/netbox-example-plugin
    changed:
      - models
  register: needed
"""

RETURN = r"""
plan:
  description: The actions in their order.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: The action.
      type: str
    services:
      description: Where; empty for an action that concerns no running service.
      type: list
      elements: str
    reasons:
      description: Why.
      type: list
      elements: str
  sample:
    - action: reload
      services:
        - netbox
        - netbox-worker
      reasons:
        - "models: netbox_example/models.py: Rack.serial added"
changes:
  description: What changed, as M(hedgehog.netbox_dev.change_info) returns it.
  returned: success
  type: list
  elements: dict
summary:
  description: Changes and plan in lines for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import (
    CHANGED_SPEC,
    PLUGIN_SPEC,
    Module,
    run_module,
    wanted_of,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.changes import find_changes
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.compose import Compose
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.plan import make_plan
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.services import python_services
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.summary import list_changes, list_plan


def work(module: AnsibleModule, _reporter: Reporter) -> dict[str, Any]:
    wanted = wanted_of(module)
    stack = load(module.params["plugin_path"])
    found = find_changes(stack, wanted)
    plan = make_plan(found.changes, python_services(Compose(stack.checkout).config()))
    return {
        "changed": False,
        "changes": [change.describe() for change in found.changes],
        "plan": [action.describe() for action in plan],
        "summary": [*list_changes(found.changes, found.notices, module._diff), *list_plan(plan, "needs")],
    }


def main() -> None:
    run_module(Module(argument_spec={**PLUGIN_SPEC, **CHANGED_SPEC}, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
