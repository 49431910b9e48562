#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the development image of a stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plugin_image
short_description: Build a stack's development image and see that NetBox registers the plugin in it
version_added: 0.1.0
description:
  - Builds the image when it is missing or when what it is built from has changed. A build that fails leaves the image
    that was there in use.
  - Then starts NetBox once in a throw-away container and fails, with NetBox's reason, when it does not register the
    plugin.
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
"""

EXAMPLES = r"""
- name: The image has the plugin and what it depends on
  hedgehog.netbox_dev.plugin_image:
    plugin_path: ~/src/netbox-example-plugin
"""

RETURN = r"""
image:
  description: Name of the image.
  returned: success
  type: str
  sample: localhost/netbox-dev-netbox-example-1a2b3c:dev
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
    limits = Limits(build_s=module.params["time_limit"])
    with lock(stack.state, module.params["lock_timeout"], "plugin_image"):
        changed = Converger(stack, reporter, limits, module.check_mode).ensure_image()
    return {"changed": changed, "image": stack.image, "steps": reporter.describe()}


def main() -> None:
    run_module(Module(argument_spec=dict(RUN_SPEC), supports_check_mode=True), work)


if __name__ == "__main__":
    main()
