#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Say whether a stack is fresh."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_info
short_description: Say whether a stack runs the plugin as it is on disk
version_added: 0.1.0
description:
  - Judges every Python service against the code, configuration, image and packages on disk; the database against the
    migrations on disk and these against the models; the static files against those on disk, by content; and the
    plugin against what the running NetBox has registered.
  - What it finds stale is what M(hedgehog.netbox_dev.change_apply) would do in check mode. Only reads.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.told
options:
  all:
    description:
      - List every stack that the engine of this machine has containers of, in place of looking at one.
    type: bool
    default: false
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
  - Docker Compose 2.18 or later
"""

EXAMPLES = r"""
- name: Ask whether everything is fresh
  hedgehog.netbox_dev.stack_info:
    plugin_path: ~/src/netbox-example-plugin
  register: stack

- name: List the stacks of this machine
  hedgehog.netbox_dev.stack_info:
    all: true

- name: Go on only when it is
  ansible.builtin.assert:
    that: stack.fresh
"""

RETURN = r"""
stacks:
  description: Every stack of this machine, by the path of its plugin.
  returned: with O(all)
  type: list
  elements: dict
  contains:
    id:
      description: What stands for its path.
      type: str
    project_name:
      description: Its Compose project.
      type: str
    plugin_path:
      description: Where its plugin is; empty when its containers do not tell.
      type: str
    there:
      description: Whether that path still is.
      type: bool
    url:
      description: Where NetBox is served.
      type: str
    services:
      description: How many of its services run NetBox.
      type: int
    running:
      description: How many of them do so now.
      type: int
fresh:
  description: Whether every service, the database and the static files are as on disk, and the plugin is registered.
  returned: success
  type: bool
services:
  description: Every Python service.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Its name in the Compose project.
      type: str
    role:
      description: V(web), V(worker), V(scheduler) or V(housekeeping).
      type: str
    state:
      description: V(fresh) or V(stale).
      type: str
    needs:
      description: V(reload), V(restart) or V(recreate); empty when it is fresh.
      type: str
    why:
      description: Why it is stale, with the first file that was saved since its start where that is the reason.
      type: str
    health:
      description: The container's health, or its status where it has no health check; V(absent) without a container.
      type: str
    uptime_s:
      description: Seconds since the process that runs the code was started.
      type: float
    image:
      description: Short id of the image that the container was made from.
      type: str
    container:
      description: Short id of the container.
      type: str
  sample:
    - service: netbox
      role: web
      state: stale
      needs: reload
      why: netbox_example/views.py saved since its start
      health: healthy
      uptime_s: 312.4
      image: 3f1c5d2b9a70
      container: 8a2be9d1c4f0
database:
  description: V(state) (V(fresh), V(stale) or V(unknown)), V(why), and lists of migrations that are V(pending) or
    applied and V(missing) on disk (V(foreign) where they are NetBox's own), the V(drift) of models from migrations
    beyond the V(inherited) one; the databases that were V(kept) of other branches.
  returned: success
  type: dict
static:
  description: V(state), V(why), and the number of V(stale) files.
  returned: success
  type: dict
plugin:
  description: V(package), whether it is V(registered) (null when no service has told), in which V(netbox), its V(url).
  returned: success
  type: dict
plan:
  description: What M(hedgehog.netbox_dev.change_apply) would do.
  returned: success
  type: list
  elements: dict
notices:
  description: What else is to be known.
  returned: success
  type: list
  elements: str
run:
  description: The run that is under way, if one is.
  returned: success
  type: str
watch:
  description: Whether a watch is V(running), and with which words it V(refused) what was saved.
  returned: success
  type: dict
  sample: {running: true, refused: ""}
last_apply:
  description: When the last run ended well, in UTC; empty when none did.
  returned: success
  type: str
  sample: "2026-01-31T09:30:00+00:00"
summary:
  description: The same as a table for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import status
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import (
    PLUGIN_SPEC,
    TOLD_SPEC,
    Module,
    run_module,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import Engine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stacks import find_stacks, table


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    if module.params["all"]:
        found = find_stacks(Engine(""))
        return {"changed": False, "stacks": found, "summary": table(found)}
    stack = load(module.params["plugin_path"])
    looked = status.look(stack, reporter)
    return {"changed": False, **status.describe(looked), "summary": status.for_people(looked, stack)}


def main() -> None:
    spec = {"all": {"type": "bool", "default": False}, **PLUGIN_SPEC, **TOLD_SPEC}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
