#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Describe the stack of a NetBox plugin."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_info
short_description: Describe the development stack of a NetBox plugin
version_added: 0.1.0
description:
  - Finds the NetBox plugin in a repository without importing it, reads its C(netbox-dev.yml), and puts both together
    with the options given into one description. The stack need not exist.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
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
  options:
    description:
      - Keys of C(netbox-dev.yml) that are to win over the file. Keys without a value are left to the file.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: What would this plugin's stack be
  hedgehog.netbox_dev.project_info:
    plugin_path: ~/src/netbox-example-plugin
    options:
      port: 8010
  register: project
"""

RETURN = r"""
stack:
  description: The stack's names, places and wishes.
  returned: success
  type: dict
  sample:
    package: netbox_example
    distribution: netbox-example-plugin
    netbox: "4.3"
    release: 3.3.0
    project_name: netbox-dev-netbox-example-1a2b3c
    url: http://127.0.0.1:8000
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import PLUGIN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import resolve


def work(module: AnsibleModule, _reporter: Reporter) -> dict[str, Any]:
    stack = resolve(module.params["plugin_path"], module.params["options"])
    return {"changed": False, "stack": stack.describe()}


def main() -> None:
    spec = {**PLUGIN_SPEC, "options": {"type": "dict", "default": {}}}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
