#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apply whatever is saved, for as long as it runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: change_watch
short_description: Apply whatever is saved, for as long as it runs
version_added: 0.1.0
description:
  - Brings the stack up to date, then waits for files of the plugin to be saved, and does for each burst of them what
    M(hedgehog.netbox_dev.change_apply) does, the schema step included. Each burst is told in a line.
  - Code that does not start is told, and the last good state goes on serving until the next save.
  - Runs until it is interrupted, until O(limit), or until one change was applied with O(once).
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  once:
    description: End after the first change, as failed if it could not be applied.
    type: bool
    default: false
  limit:
    description: Seconds after which it ends.
    type: float
    default: 86400.0
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    details: Says what would be done now, and ends.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: none
  idempotent:
    description: A second run changes nothing.
    details: Where nothing is saved, nothing is changed.
    support: full
"""

EXAMPLES = r"""
- name: Apply whatever is saved until interrupted
  hedgehog.netbox_dev.change_watch:
    plugin_path: ~/src/netbox-example-plugin

- name: Wait for the next change and apply it
  hedgehog.netbox_dev.change_watch:
    plugin_path: ~/src/netbox-example-plugin
    once: true
    limit: 600
"""

RETURN = r"""
bursts:
  description: How many changes were applied or tried.
  returned: success
  type: int
failed_bursts:
  description: How many of them could not be applied.
  returned: success
  type: int
summary:
  description: The end in a line.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.watch import Watch

SPEC: dict[str, Any] = {
    **RUN_SPEC,
    "once": {"type": "bool", "default": False},
    "limit": {"type": "float", "default": 86400.0},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    given = module.params
    watch = Watch(given["plugin_path"], reporter, given["lock_timeout"], given["time_limit"])
    if module.check_mode:
        would, summary = watch.predict()
        return {"changed": would, "bursts": 0, "failed_bursts": 0, "summary": summary}
    watch.run(given["once"], given["limit"])
    if given["once"] and watch.error:
        raise watch.error
    return {
        "changed": watch.bursts > watch.failed,
        "bursts": watch.bursts,
        "failed_bursts": watch.failed,
        "summary": [f"{watch.bursts} changes, {watch.failed} of them failed"],
    }


def main() -> None:
    run_module(Module(argument_spec=SPEC, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
