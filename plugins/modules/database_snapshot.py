#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, remove and restore snapshots and dumps of a stack's database."""

from __future__ import annotations

DOCUMENTATION = r"""
module: database_snapshot
short_description: Make, remove and restore snapshots and dumps of a stack's database
version_added: 0.1.0
description:
  - A snapshot is a copy of the database inside the stack's own PostgreSQL; a dump is a file that other stacks restore.
  - While a database is copied or changes places, new requests wait, those under way end first, and workers are paused
    between jobs. Nobody's request fails.
  - What is restored is made aside, brought up to the migrations on disk there, and takes its place by a rename. What it
    replaces is kept until NetBox answers. A run that is killed leaves one of the two whole, and the next one ends it.
  - A dump is read to its end before anything is touched.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  state:
    description:
      - V(present) makes the snapshot or dump unless it is there; see O(replace).
      - V(absent) removes the snapshot.
      - V(restored) lets it take the database's place, unless it did already and nothing was written since.
    type: str
    choices:
      - present
      - absent
      - restored
    default: present
  name:
    description:
      - The snapshot's name, of letters, digits, C(-) and C(_).
      - Without it, V(present) makes one with the moment for a name, and V(restored) takes the only one that there is.
    type: str
  comment:
    description: What is to be remembered about it.
    type: str
  redis:
    description:
      - Whether job queues and cache are part of it. A database that is restored under a live queue is a trap, for jobs
        that wait are about rows that are not there any more. How many wait is said.
    type: bool
    default: false
  media:
    description: Whether uploaded files are part of it.
    type: bool
    default: false
  replace:
    description: Whether one that is there is made anew.
    type: bool
    default: false
  keep:
    description: How many snapshots are to be left, this one with them; the oldest go. Without it, all stay.
    type: int
  dump:
    description:
      - A file on the managed node. It is written with O(state=present) and restored with O(state=restored).
      - It takes the place of a snapshot; O(name), O(keep) and O(redis) do not go with it.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: full
  idempotent:
    description: A second run changes nothing.
    details: Restoring again changes something when something was written since.
    support: full
"""

EXAMPLES = r"""
- name: Before something that may go wrong
  hedgehog.netbox_dev.database_snapshot:
    plugin_path: ~/src/netbox-example-plugin
    name: before-import
    comment: 40 fabrics, no switches

- name: As it was
  hedgehog.netbox_dev.database_snapshot:
    plugin_path: ~/src/netbox-example-plugin
    name: before-import
    state: restored

- name: For the team
  hedgehog.netbox_dev.database_snapshot:
    plugin_path: ~/src/netbox-example-plugin
    dump: ~/example.dump
    media: true
"""

RETURN = r"""
snapshots:
  description: The snapshot, as it is or would be. Empty for dumps.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    database:
      description: Its database.
      type: str
    size:
      description: Its size in bytes.
      type: int
    made:
      description: When it was made, in UTC.
      type: str
    comment:
      description: What is to be remembered about it.
      type: str
    branch:
      description: The branch that was checked out.
      type: str
    commit:
      description: The commit that was checked out.
      type: str
    netbox:
      description: NetBox's version.
      type: str
    state:
      description: Stands for the migrations that were applied.
      type: str
    redis:
      description: Whether job queues and cache are part of it.
      type: bool
    media:
      description: Whether uploaded files are part of it.
      type: bool
  sample:
    - name: before-import
      database: netbox_snapshot_before-import
      size: 12345678
      made: "2026-01-31T09:30:00+00:00"
      comment: 40 fabrics, no switches
      branch: main
      commit: 1f0c9a7e6c2b4d3f8a9b0c1d2e3f4a5b6c7d8e9f
      netbox: 4.3.7
      state: 9b0c1d2e3f4a
      redis: false
      media: false
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
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.running import Limits
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.snapshots import Asked, Snapshots, returned
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock

ASKED = ("name", "comment", "redis", "media", "replace", "keep", "dump")
SPEC: dict[str, Any] = {
    **RUN_SPEC,
    "state": {"type": "str", "choices": ["present", "absent", "restored"], "default": "present"},
    "name": {"type": "str"},
    "comment": {"type": "str"},
    "redis": {"type": "bool", "default": False},
    "media": {"type": "bool", "default": False},
    "replace": {"type": "bool", "default": False},
    "keep": {"type": "int"},
    "dump": {"type": "path"},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    stack = load(module.params["plugin_path"])
    asked = Asked(**{key: module.params[key] for key in ASKED})
    limits = Limits(schema_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "database_snapshot"):
        snapshots = Snapshots(Migrating(stack, reporter, limits, module.check_mode))
        result = snapshots.bring(module.params["state"], asked)
    return returned(result, reporter)


def main() -> None:
    module = Module(
        argument_spec=SPEC,
        supports_check_mode=True,
        mutually_exclusive=[("dump", "name"), ("dump", "keep")],
        required_if=[("state", "absent", ("name",))],
    )
    run_module(module, work)


if __name__ == "__main__":
    main()
