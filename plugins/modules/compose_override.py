#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the override of a development stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_override
short_description: Write the Compose override that makes a netbox-docker checkout a development stack
version_added: 0.1.0
description:
  - Reads the services from C(docker compose config) and writes C(docker-compose.override.yml) into the checkout,
    with the files that the containers mount and the context of the development image into the stack's state.
  - An override that this collection did not write, or that was edited since, is refused with the difference.
  - The options are remembered, so that other modules need only O(plugin_path).
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
options:
  options:
    description: Keys of C(netbox-dev.yml) that are to win over the file.
    type: dict
    default: {}
  lock_timeout:
    description: Seconds to wait for another run over the same stack to end.
    type: float
    default: 5.0
requirements:
  - Docker Compose 2.18 or later
"""

EXAMPLES = r"""
- name: The override is what this plugin needs
  hedgehog.netbox_dev.compose_override:
    plugin_path: ~/src/netbox-example-plugin
"""

RETURN = r"""
files:
  description: The files that differed from what they should be.
  returned: success
  type: list
  elements: str
  sample:
    - docker-compose.override.yml
set_up:
  description: Whether there is a stack now; false only in check mode, before the first run.
  returned: success
  type: bool
  sample: true
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import PLUGIN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.compose import OVERRIDE, Compose
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import Engine
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.override import write_files
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.port import check_port
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import remember_options, resolve
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock, make_dir


def work(module: AnsibleModule, _reporter: Reporter) -> dict[str, Any]:
    stack = resolve(module.params["plugin_path"], module.params["options"])
    set_up = (stack.state / "options.json").exists()
    if module.check_mode and not (set_up and stack.checkout.is_dir()):
        return {"changed": True, "files": [OVERRIDE], "set_up": False}
    engine = Engine(stack.project_name)
    check_port(stack, engine)
    make_dir(stack.state, (stack.plugin.uid, stack.plugin.gid))
    with lock(stack.state, module.params["lock_timeout"], "compose_override"):
        written = write_files(stack, Compose(stack.checkout), engine.rootless, module.check_mode)
        changed = bool(written["changed"])
        if not module.check_mode:
            changed = remember_options(stack, module.params["options"]) or changed
    return {
        "changed": changed,
        "files": written["changed"],
        "set_up": True,
        "diff": {"before": written["before"], "after": written["after"]},
    }


def main() -> None:
    spec = {
        **PLUGIN_SPEC,
        "options": {"type": "dict", "default": {}},
        "lock_timeout": {"type": "float", "default": 5.0},
    }
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
