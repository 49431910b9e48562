#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a stack down."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_teardown
short_description: Take a stack down, and of its data only what is named
version_added: 0.2.0
description:
  - Removes the containers and networks that carry the stack's project name, and nothing else's. Volumes, image and
    checkout go only where they are asked for. Where another clone's stack has the same name, nothing is removed.
  - Where data would go with the volumes, and neither O(dump) nor O(without_dump) is given, nothing is removed; it fails
    with what would be lost and with both ways on.
  - A checkout that has files or commits which are nowhere else is refused before anything is removed.
  - What remains is told. The state directory stays, so that the stack can be set up again with one command.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  volumes:
    description: Whether the volumes go, and with them the database, its snapshots, Redis and uploaded files.
    type: bool
    default: false
  image:
    description: Whether the stack's own image goes. The images that it was made from stay.
    type: bool
    default: false
  checkout:
    description: Whether the netbox-docker checkout goes.
    type: bool
    default: false
  dump:
    description:
      - File to which the database is written first, as M(hedgehog.netbox_dev.database_snapshot) writes dumps. Where
        that fails, or the file is there already, nothing is removed. Without volumes there is nothing to write.
    type: path
  without_dump:
    description: The data in the volumes may go without a dump, as in a test's or a pipeline's end.
    type: bool
    default: false
  media:
    description: Whether uploaded files go into O(dump), too.
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
"""

EXAMPLES = r"""
- name: Stop and remove what runs; the database stays
  hedgehog.netbox_dev.stack_teardown:
    plugin_path: ~/src/netbox-example-plugin

- name: Remove the stack with its data
  hedgehog.netbox_dev.stack_teardown:
    plugin_path: ~/src/netbox-example-plugin
    volumes: true
    image: true
    checkout: true
    dump: ~/netbox-example.dump

- name: Remove what a test left, and ask nobody
  hedgehog.netbox_dev.stack_teardown:
    plugin_path: ~/src/netbox-example-plugin
    volumes: true
    without_dump: true
"""

RETURN = r"""
removed:
  description: What was removed, or would be, by kind.
  returned: success
  type: dict
  sample:
    containers:
      - netbox-dev-netbox-example-1a2b3c-netbox-1
    networks:
      - netbox-dev-netbox-example-1a2b3c_default
    volumes: []
remains:
  description: What is left of the stack, by kind.
  returned: success
  type: dict
dumped:
  description: The dump that was made before; empty for none.
  returned: success
  type: str
kept:
  description: Why something that was to go stays, by name.
  returned: success
  type: dict
steps:
  description: What was done and how long it took.
  returned: always
  type: list
  elements: dict
summary:
  description: The run in lines for a person.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.teardown import CHECKOUT, IMAGE, VOLUMES, Teardown

NAMED = (VOLUMES, IMAGE, CHECKOUT)


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"], any_release=True)
    with lock(stack.state, module.params["lock_timeout"], "stack_teardown"):
        outcome = Teardown(stack, reporter, module.check_mode).run(
            [name for name in NAMED if module.params[name]],
            Path(module.params["dump"]) if module.params["dump"] else None,
            module.params["media"],
            module.params["without_dump"],
        )
    return {
        "changed": outcome.changed,
        "removed": outcome.removed,
        "remains": outcome.remains,
        "kept": outcome.kept,
        "dumped": outcome.dumped,
        "steps": reporter.describe(),
        "summary": outcome.for_people(stack, module.check_mode),
    }


def main() -> None:
    switches = {name: {"type": "bool", "default": False} for name in (*NAMED, "media", "without_dump")}
    spec = {**RUN_SPEC, "dump": {"type": "path"}, **switches}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
