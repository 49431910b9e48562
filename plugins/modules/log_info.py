#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the logs of a stack's services."""

from __future__ import annotations

DOCUMENTATION = r"""
module: log_info
short_description: Read the logs of a stack's services, with tracebacks grouped
version_added: 0.2.0
description:
  - Reads what NetBox, Django, RQ, PostgreSQL and Redis wrote, in the order in which it was written, each line with its
    level where it says or means one. A traceback is one event; of its frames the plugin's are shown first.
  - The same exception raised at the same place is one failure, however often it happened.
  - Health checks (C(GET /login/), answered 200) are left out, unless O(grep) finds them.
extends_documentation_fragment:
  - hedgehog.netbox_dev.plugin
  - hedgehog.netbox_dev.plugin.told
options:
  services:
    description:
      - Services by name, by role (V(web), V(worker), V(scheduler), V(housekeeping), V(database), V(redis)) or as a set
        (V(quick), V(full), V(all)), as for M(hedgehog.netbox_dev.service_restart).
    type: list
    elements: str
    default:
      - all
  since:
    description:
      - V(90s), V(10m), V(1h30m) or V(2d) ago, V(09:30) of today, or a date with a time (ISO 8601; local where it says
        no other). Without it, the last lines of every service.
    type: str
  grep:
    description: Only what this regular expression is found in, whatever its case; a traceback is searched as a whole.
    type: str
  errors:
    description: Only errors, and failures with how often they happened.
    type: bool
    default: false
  lines:
    description: At most this many events, the last ones.
    type: int
    default: 100
  follow:
    description: Go on for this many seconds and tell what comes as it comes, also from containers that are made anew.
    type: float
    default: 0.0
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
  - docker (Python package)
  - Docker Compose 2.18 or later
"""

EXAMPLES = r"""
- name: What failed in the last ten minutes
  hedgehog.netbox_dev.log_info:
    plugin_path: ~/src/netbox-example-plugin
    since: 10m
    errors: true

- name: Follow the workers for half a minute
  hedgehog.netbox_dev.log_info:
    plugin_path: ~/src/netbox-example-plugin
    services:
      - worker
    follow: 30
"""

RETURN = r"""
services:
  description: The services that were read.
  returned: success
  type: list
  elements: str
events:
  description: Lines, and tracebacks with all their lines, in the order of their times.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Who wrote it.
      type: str
    time:
      description: When, in UTC.
      type: str
    level:
      description: V(debug), V(info), V(warning), V(error), V(critical), or empty where it is not said.
      type: str
    text:
      description: What.
      type: str
failures:
  description: Tracebacks by exception and place, those through the plugin first.
  returned: success
  type: list
  elements: dict
  contains:
    exception:
      description: Its type.
      type: str
    message:
      description: Its message, the first time.
      type: str
    count:
      description: How often it happened.
      type: int
    services:
      description: How often in which service.
      type: dict
    first:
      description: When it happened first, of what was read.
      type: str
    last:
      description: When it happened last.
      type: str
    own_frames:
      description: The frames in the plugin, the innermost last, each with file, line, function and code.
      type: list
      elements: dict
    frames:
      description: All frames.
      type: list
      elements: dict
    after:
      description: The line that it came after, such as the request that failed.
      type: str
left_off:
  description: Number of events before those that are returned.
  returned: success
  type: int
summary:
  description: The same for a person.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import (
    PLUGIN_SPEC,
    TOLD_SPEC,
    Module,
    run_module,
)
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.logs import Asked, Logs
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load

LOG_SPEC: dict[str, Any] = {
    "services": {"type": "list", "elements": "str", "default": ["all"]},
    "since": {"type": "str"},
    "grep": {"type": "str"},
    "errors": {"type": "bool", "default": False},
    "lines": {"type": "int", "default": 100},
    "follow": {"type": "float", "default": 0.0},
}


def work(module: AnsibleModule, reporter: Reporter) -> dict[str, Any]:
    given = {key: module.params[key] for key in LOG_SPEC}
    logs = Logs(load(module.params["plugin_path"]), reporter, Asked(follow_s=given.pop("follow"), **given))
    found = logs.run()
    return {"changed": False, **logs.describe(found), "summary": logs.for_people(found)}


def main() -> None:
    spec = {**PLUGIN_SPEC, **TOLD_SPEC, **LOG_SPEC}
    run_module(Module(argument_spec=spec, supports_check_mode=True), work)


if __name__ == "__main__":
    main()
