#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart services of a stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_restart
short_description: Restart services of a stack, and wait until they are ready and NetBox is served
version_added: 0.2.0
description:
  - Stops and starts the same containers under the stack's lock. Python services are waited for until each runs the code
    on disk, database and Redis until they are healthy, and NetBox until its login page answers.
  - Where a service runs other code than is on disk, that is seen to start before anything is stopped.
  - It restarts what is asked for, needed or not. What is needed, and no more, M(hedgehog.netbox_dev.change_apply) does.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  services:
    description:
      - Services by name, by role (V(web), V(worker), V(scheduler), V(housekeeping), V(database), V(redis)) or as a set.
      - V(quick) is what a change of models needs (web, workers and scheduler), V(full) every Python service, as a
        change of the configuration needs it, V(all) database and Redis too.
    type: list
    elements: str
    default:
      - full
  time_limit:
    description: For services to be ready, in seconds.
    type: float
    default: 180.0
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: none
  idempotent:
    description: A second run changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Restart what a change of models needs
  hedgehog.netbox_dev.service_restart:
    plugin_path: ~/src/netbox-example-plugin
    services:
      - quick

- name: Restart the workers
  hedgehog.netbox_dev.service_restart:
    plugin_path: ~/src/netbox-example-plugin
    services:
      - worker
"""

RETURN = r"""
services:
  description: The services that were restarted, or would be.
  returned: success
  type: list
  elements: str
  sample:
    - netbox
    - netbox-worker
stale:
  description: What is stale still, by service, and why; a restart keeps a service's image and configuration.
  returned: success
  type: dict
steps:
  description: What was done, where and how long it took.
  returned: always
  type: list
  elements: dict
summary:
  description: The run in lines for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.restarting import Restarter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"])
    limits = Limits(serve_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "service_restart"):
        restarter = Restarter(stack, reporter, limits, module.check_mode)
        restarted = restarter.run(module.params["services"])
    return {
        "changed": True,
        "services": restarted.services,
        "stale": restarted.stale,
        "steps": reporter.describe(),
        "summary": restarted.for_people(stack, module.check_mode),
    }


def main() -> None:
    spec = {
        **RUN_SPEC,
        "services": {"type": "list", "elements": "str", "default": ["full"]},
        "time_limit": {"type": "float", "default": 180.0},
    }
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
