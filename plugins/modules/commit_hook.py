#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install a git hook that runs tests before a commit."""

from __future__ import annotations

DOCUMENTATION = r"""
module: commit_hook
short_description: Run the tests that a commit touches before it is made
version_added: 0.1.0
description:
  - Installs a C(pre-commit) hook in the plugin's git repository that runs O(command). A commit is refused when that
    fails; C(git commit --no-verify) leaves it out.
  - Hooks that are there are kept, and run first. Where C(core.hooksPath) names another folder, that folder is left
    as it is - a folder inside C(.git) that hands on to it takes its place in the repository's own configuration.
  - Removing the hook puts everything back.
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
  state:
    description: Whether the hook is there.
    type: str
    choices: [present, absent]
    default: present
  command:
    description: What the hook runs, word by word. Needed for O(state=present).
    type: list
    elements: str
    default: []
  environment:
    description: Variables that the command is run with; those that are empty are left out.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Run what a commit touches before it is made
  hedgehog.netbox_dev.commit_hook:
    plugin_path: ~/src/netbox-example-plugin
    command:
      - ansible-playbook
      - hedgehog.netbox_dev.test
      - -e
      - affected=true

- name: Commit without tests again
  hedgehog.netbox_dev.commit_hook:
    plugin_path: ~/src/netbox-example-plugin
    state: absent
"""

RETURN = r"""
hooks:
  description: The folder where git looks for hooks.
  returned: success
  type: str
  sample: /home/me/src/netbox-example-plugin/.git/hooks
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import PLUGIN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.commit_hook import CommitHook
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load

SPEC: dict[str, Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "command": {"type": "list", "elements": "str", "default": []},
    "environment": {"type": "dict", "default": {}},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    del reporter
    hook = CommitHook(load(module.params["plugin_path"]))
    if module.params["state"] == "present":
        environment = {name: str(value) for name, value in module.params["environment"].items() if value}
        changed = hook.install(module.params["command"], environment, module.check_mode)
    else:
        changed = hook.remove(module.check_mode)
    return {
        "changed": changed,
        "hooks": str(hook.folder if hook.chosen else hook.git_dir / "hooks"),
    }


def main() -> None:
    module = Module(
        argument_spec={**PLUGIN_SPEC, **SPEC},
        required_if=[("state", "present", ["command"])],
        supports_check_mode=True,
    )
    run_module(module, work)


if __name__ == "__main__":
    main()
