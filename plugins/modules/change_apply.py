#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a stack run what is on disk."""

from __future__ import annotations

DOCUMENTATION = r"""
module: change_apply
short_description: Make a stack run the plugin as it is on disk
version_added: 0.1.0
description:
  - Finds the changes, works out what they need, does that in order under the stack's lock, proves that every service
    runs the code on disk and that NetBox serves, and records it.
  - A service that is fresh already is left alone. A run that was killed is repaired by the next.
  - In check mode nothing is touched; the result is what would be done.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
  - hedgehog.netbox_dev.plugin.changed
  - hedgehog.netbox_dev.plugin.schema
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    details: The summary says of every file what made it relevant; migrations that are written are shown with their SQL.
    support: partial
  idempotent:
    description: A second run changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Apply whatever changed
  hedgehog.netbox_dev.change_apply:
    plugin_path: ~/src/netbox-example-plugin

- name: Apply a change of models
  hedgehog.netbox_dev.change_apply:
    plugin_path: ~/src/netbox-example-plugin
    changed:
      - models

- name: Apply the rename of a field
  hedgehog.netbox_dev.change_apply:
    plugin_path: ~/src/netbox-example-plugin
    renames:
      - fabric.description=summary

- name: Apply what differs from the main branch
  hedgehog.netbox_dev.change_apply:
    plugin_path: ~/src/netbox-example-plugin
    since: main...HEAD
"""

RETURN = r"""
changes:
  description: What changed, as M(hedgehog.netbox_dev.change_info) returns it.
  returned: success
  type: list
  elements: dict
plan:
  description: What the changes need; in check mode, what would really be done.
  returned: success
  type: list
  elements: dict
steps:
  description: What was done, where and how long it took.
  returned: always
  type: list
  elements: dict
  contains:
    step:
      description: The action.
      type: str
    services:
      description: Where.
      type: list
      elements: str
    changed:
      description: Whether it changed anything.
      type: bool
    detail:
      description: The outcome in words.
      type: str
    seconds:
      description: How long it took.
      type: float
  sample:
    - step: reload
      services:
        - netbox
      changed: true
      detail: it runs other code than netbox_example/ holds
      seconds: 0.6
written:
  description: Names of the migration files that were written.
  returned: success
  type: list
  elements: str
plugin_url:
  description: Where the plugin's pages are.
  returned: success
  type: str
  sample: http://127.0.0.1:8000/plugins/example/
summary:
  description: The run in lines for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import (
    CHANGED_SPEC,
    RUN_SPEC,
    SCHEMA_SPEC,
    Module,
    run_module,
    wanted_of,
    wishes,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Converger
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.summary import schema_diff, summarize


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    wanted = wanted_of(module)
    stack = load(module.params["plugin_path"])
    limit = module.params["time_limit"]
    with lock(stack.state, module.params["lock_timeout"], "change_apply"):
        converger = Converger(stack, reporter, Limits(limit, limit, min(limit, 180)), module.check_mode)
        converger.wishes, converger.diff = wishes(module, stack), module._diff
        outcome = converger.run(wanted)
    return {
        "changed": outcome.changed,
        "changes": [change.describe() for change in outcome.changes],
        "plan": [action.describe() for action in outcome.plan],
        "steps": reporter.describe(),
        "written": outcome.written,
        "plugin_url": f"{stack.url}/plugins/{outcome.base_url}/",
        "diff": schema_diff(outcome.schema),
        "summary": summarize(outcome, reporter, stack, module.check_mode, module._diff),
    }


def main() -> None:
    run_module(Module(argument_spec={**RUN_SPEC, **CHANGED_SPEC, **SCHEMA_SPEC}, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
