#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a management command."""

from __future__ import annotations

DOCUMENTATION = r"""
module: management_command
short_description: Run a management command of NetBox or of the plugin
version_added: 0.2.0
description:
  - Runs C(manage.py) in a service's container, or in a new one where that does not run, and prints what it says as it
    comes. No shell reads the command, and nothing is at its standard input, unless O(script) is.
  - C(migrate), C(makemigrations), C(collectstatic) and C(loaddata) are changed when they changed something. C(check),
    C(diffsettings), C(dumpdata) without C(--output), C(findstatic), C(help), C(inspectdb), C(showmigrations),
    C(sqlflush), C(sqlmigrate), C(sqlsequencereset), C(test), C(version), and whatever is given C(--help), change
    nothing. All others are taken to have changed something.
  - What wants a terminal (C(shell), C(nbshell), C(dbshell), C(changepassword), C(createsuperuser) without C(--noinput))
    is not run; the line to type is told.
  - A command that may change something holds the stack's lock.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.run
options:
  command:
    description:
      - The command with its arguments, as a list of words, or as a line that is split where a shell would split it.
      - With O(script) alone, C(shell).
    type: raw
  script:
    description:
      - Text for the command's standard input. C(shell) and C(nbshell) run it as Python, C(dbshell) as SQL.
    type: str
  script_file:
    description: Where O(script) was read, if it was a file. With it and no O(script), the file is said to be missing.
    type: str
  service:
    description: The Python service, by name or role, in whose container the command runs. Without it, the web service.
    type: str
attributes:
  check_mode:
    description: Can run in check mode and return what would change without changing it.
    details:
      - Commands that change nothing run. C(migrate), C(makemigrations) and C(collectstatic) are predicted by their own
        dry runs. Others are not run, and taken to change something; nor is C(migrate --prune), which has no dry run.
    support: full
  diff_mode:
    description: Returns the differences in diff mode.
    support: none
  idempotent:
    description: A second run changes nothing.
    details: It is what the command is.
    support: N/A
"""

EXAMPLES = r"""
- name: Show the plugin's migrations
  hedgehog.netbox_dev.management_command:
    plugin_path: ~/src/netbox-example-plugin
    command: showmigrations netbox_example

- name: Load rows from a file with a space in its name
  hedgehog.netbox_dev.management_command:
    plugin_path: ~/src/netbox-example-plugin
    command:
      - loaddata
      - /opt/netbox-dev/netbox-example/some rows.json

- name: Run Python with NetBox set up
  hedgehog.netbox_dev.management_command:
    plugin_path: ~/src/netbox-example-plugin
    script: |
      from netbox_example.models import Fabric
      print(Fabric.objects.count())
"""

RETURN = r"""
command:
  description: The command as words.
  returned: success
  type: list
  elements: str
  sample:
    - showmigrations
    - netbox_example
skipped_because:
  description: Why it was not run; empty where it was.
  returned: success
  type: str
line:
  description: The line that runs the same at a terminal.
  returned: success
  type: str
  sample: cd /home/me/src/plugin/gitignore/netbox-docker && docker compose exec netbox python manage.py shell
stdout:
  description: What the command wrote.
  returned: success
  type: str
stderr:
  description: The last lines of what it wrote to standard error.
  returned: success
  type: str
seconds:
  description: How long it took.
  returned: success
  type: float
summary:
  description: The outcome in lines for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import RUN_SPEC, Module, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidPath
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.manage import Manager
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    given = module.params
    if given["script_file"] is not None and given["script"] is None:
        raise InvalidPath(
            f"script: '{given['script_file']}' is no file on the machine where the playbook was started; a relative "
            "path counts from where it was.",
            path=given["script_file"],
        )
    stack = load(given["plugin_path"])
    manager = Manager(stack, reporter, given["time_limit"], given["lock_timeout"], module.check_mode)
    done = manager.run(given["command"] or "shell", given["script"], given["service"])
    return {
        "changed": done.changed,
        "command": done.words,
        "skipped_because": done.skipped,
        "line": done.line,
        "stdout": done.stdout,
        "stderr": done.stderr,
        "seconds": round(done.seconds, 2),
        "summary": done.for_people(),
    }


def main() -> None:
    spec = {
        **RUN_SPEC,
        "command": {"type": "raw"},
        **{name: {"type": "str"} for name in ("script", "script_file", "service")},
    }
    module = Module(
        argument_spec=spec, supports_check_mode=True, required_one_of=[("command", "script", "script_file")]
    )
    run_module(module, work)


if __name__ == "__main__":
    main()
