#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what changed in a plugin."""

from __future__ import annotations

DOCUMENTATION = r"""
module: change_info
short_description: Find what changed in a NetBox plugin, and say what it is
version_added: 0.1.0
description:
  - Compares the plugin's repository and its stack's configuration with what the last successful apply recorded, by
    content, or with a commit. Files that git ignores and the by-products of editors and interpreters are left out.
  - Says of each change which category it has, by its path, by what the file says and by who imports it. A file that
    concerns two categories is two changes. Only reads.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.changed
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
- name: What changed since the last apply
  hedgehog.netbox_dev.change_info:
    plugin_path: ~/src/netbox-example-plugin
  register: found

- name: What a pull request changes
  hedgehog.netbox_dev.change_info:
    plugin_path: ~/src/netbox-example-plugin
    since: origin/main...HEAD
  register: found
"""

RETURN = r"""
changes:
  description: One entry for each changed file or named category.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Path relative to the repository; none for a category named by hand.
      type: str
    change:
      description: V(added), V(modified), V(deleted), V(renamed) or V(named).
      type: str
    category:
      description: The change's category.
      type: str
    reason:
      description: Why it has this category, in words.
      type: str
    confidence:
      description: What the category was told from, V(path), V(content) of the file, or V(import) by other files.
      type: str
    sources:
      description: Where the change came from, V(auto), V(since), V(paths) or V(changed).
      type: list
      elements: str
    previous:
      description: The path before the file was renamed.
      returned: when it was renamed
      type: str
    roles:
      description: Roles of the services that load the file.
      returned: when these are fewer than the matrix has
      type: list
      elements: str
  sample:
    - path: netbox_example/models.py
      change: modified
      category: models
      reason: Rack.serial added
      confidence: content
      sources:
        - auto
notices:
  description: What a person should know about how the changes were found, such as git being missing.
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
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load


def work(module: AnsibleModule, _reporter: Reporter) -> dict[str, Any]:
    wanted = wanted_of(module)
    found = find_changes(load(module.params["plugin_path"]), wanted)
    changes = [change.describe() for change in found.changes]
    return {"changed": False, "changes": changes, "notices": found.notices}


def main() -> None:
    run_module(Module(argument_spec={**PLUGIN_SPEC, **CHANGED_SPEC}, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
