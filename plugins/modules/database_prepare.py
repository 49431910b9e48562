#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepare a stack's database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_prepare
short_description: Prepare a stack's database with migrations, superuser and static files
version_added: 0.1.0
description:
  - Starts the database and Redis, applies every migration, makes the superuser and collects static files, all in one
    start of Django, so that containers need not do it each time they start.
  - Records by what the plugin's models differed from its migrations, so that a later edit does not inherit it.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
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
options:
  superuser_password:
    description: The superuser's password. Without one, a password is made for this stack and kept with mode 0600.
    type: str
  dump:
    description:
      - A dump, as M(hedgehog.netbox_dev.database_snapshot) writes it, on the managed node. An empty database begins
        with it instead of the migrations; those that the code has beyond it are applied. One that is not empty stays.
    type: path
"""

EXAMPLES = r"""
- name: The database is ready
  hedgehog.netbox_dev.database_prepare:
    plugin_path: ~/src/netbox-example-plugin
"""

RETURN = r"""
superuser_created:
  description: Whether the superuser was made by this run.
  returned: success
  type: bool
  sample: true
password_file:
  description: The file that keeps the superuser's password.
  returned: success
  type: str
  sample: /home/me/.local/state/hedgehog.netbox_dev/1a2b3c4d5e6f/superuser_password
applied:
  description: The migrations that were applied, or would be.
  returned: success
  type: list
  elements: str
notices:
  description: What else is to be known.
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
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.converge import Converger
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"])
    limits = Limits(schema_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "database_prepare"):
        converger = Converger(stack, reporter, limits, module.check_mode)
        result = converger.prepare_database(module.params["superuser_password"], module.params["dump"])
    notices = result.pop("notices", [])
    summary = [f"note: {notice}" for notice in notices]
    return {**result, "notices": notices, "summary": summary, "steps": reporter.describe()}


def main() -> None:
    spec = {**RUN_SPEC, "superuser_password": {"type": "str", "no_log": True}, "dump": {"type": "path"}}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
