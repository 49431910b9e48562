#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say what is wrong with a stack, and mend what is safe."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_check
short_description: Say what is wrong with a stack, and mend what is safe
version_added: 0.1.0
description:
  - Looks at the machine, the checkout, every service, the plugin's code, database, migrations, static files, the
    plugin's own files, Redis and its queues, and reports what is wrong with what shows it and what mends it.
  - Each thing is reported once, as its cause. Of a stack that is well nothing is reported. One that is down, or was
    never set up, is looked at as far as that goes.
  - Every check is described in docs/troubleshooting.md.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  state:
    description:
      - V(checked) only reads.
      - V(fixed) mends what loses nothing, too. Services are started and made fresh, migrations applied, static files
        collected, as M(hedgehog.netbox_dev.change_apply) does. Migrations that remove a column or a table, or run SQL
        or Python of their own, are not applied, no migration is written for an edit of the models, and nothing that
        another branch would remove is removed; the command that does it is told. An override that was edited is kept
        beside the new one; files of the plugin that root or an image's user owns are given back, and the stack's user
        is let in to others by an ACL or the group.
    type: str
    choices:
      - checked
      - fixed
    default: checked
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
"""

EXAMPLES = r"""
- name: Ask what is wrong
  hedgehog.netbox_dev.stack_check:
    plugin_path: ~/src/netbox-example-plugin
  register: doctor

- name: Mend what is safe
  hedgehog.netbox_dev.stack_check:
    plugin_path: ~/src/netbox-example-plugin
    state: fixed
"""

RETURN = r"""
healthy:
  description: Whether nothing is wrong, or nothing any more.
  returned: success
  type: bool
findings:
  description: What is wrong, causes first.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: The check that found it, an entry of docs/troubleshooting.md.
      type: str
    finding:
      description: What is wrong.
      type: str
    evidence:
      description: What shows it.
      type: str
    remedy:
      description: What to do.
      type: str
    fixable:
      description: Whether O(state=fixed) mends it.
      type: bool
  sample:
    - check: migrations
      finding: 1 migrations are not applied
      evidence: netbox_example.0003_fabric_note
      remedy: run apply-change.yml (or doctor.yml -e fix=true)
      fixable: true
mended:
  description: What was wrong and no longer is; in check mode what would be mended.
  returned: success
  type: list
  elements: dict
mending_failed:
  description: What kept mending from its end; empty when nothing did.
  returned: success
  type: str
run:
  description: Who works on the stack at the same time; empty for nobody.
  returned: success
  type: str
seconds:
  description: How long it took.
  returned: success
  type: float
summary:
  description: The same for a person, three lines for each finding.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor import doctor
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits

SPEC: dict[str, Any] = {
    **RUN_SPEC,
    "state": {"type": "str", "choices": ["checked", "fixed"], "default": "checked"},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    limit = module.params["time_limit"]
    made = doctor.visit(
        module.params["plugin_path"],
        reporter,
        fix=module.params["state"] == "fixed",
        check=module.check_mode,
        lock_s=module.params["lock_timeout"],
        limits=Limits(limit, limit, min(limit, 180)),
    )
    return {"changed": made.changed, **made.describe(), "summary": doctor.for_people(made, module.check_mode)}


def main() -> None:
    run_module(Module(argument_spec=SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
