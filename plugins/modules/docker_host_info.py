#!/usr/bin/python
# Copyright: (c) 2026, Hedgehog
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_host_info
short_description: What a machine lacks to run a stack
version_added: 0.1.0
author:
  - Hedgehog (@hedgehog)
description:
  - Looks for a Docker engine that answers, for Compose v2, git and the Python packages that this collection's modules
    import, all as the user that runs the module.
  - Says what installing or starting would mend (RV(needs)) and what only a person can mend (RV(problem)). The role
    P(hedgehog.netbox_dev.docker_host#role) acts on it.
options:
  min_engine_version:
    description: The oldest engine that will do.
    type: str
    default: 20.10.0
  min_compose_version:
    description: The oldest Compose that will do.
    type: str
    default: 2.18.0
  installable:
    description: Also say what apt could install, from its lists as they are (RV(installable)).
    type: bool
    default: false
  borrow_suite:
    description:
      - The newer Debian release to borrow a Compose from where this one's is too old.
      - Empty for never.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: It only reads.
  diff_mode:
    support: none
    description: It changes nothing.
  idempotent:
    support: full
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: What is missing on this machine?
  hedgehog.netbox_dev.docker_host_info:
  register: machine

- name: Stop with the reason and the remedy
  ansible.builtin.fail:
    msg: "{{ machine.problem.message }} {{ machine.problem.remedy }}"
  when: machine.problem is not none
"""

RETURN = r"""
ready:
  description: Whether a stack can run here as things are.
  type: bool
  returned: always
  sample: true
needs:
  description:
    - What installing or starting mends, as name and reason, in the order in which to do it.
    - The names are V(engine), V(start), V(compose) and V(packages).
  type: dict
  returned: always
  sample:
    start: the Docker engine is not running
problem:
  description: What only a person can mend, or null.
  type: dict
  returned: always
  contains:
    code:
      description:
        - One of V(permission), V(unreachable), V(engine_too_old), V(compose_v1), V(podman), V(python_packages) and
          V(unsupported_system).
      type: str
      returned: always
      sample: permission
    message:
      description: What was found.
      type: str
      returned: always
      sample: The Docker engine is there, but alice may not use it
    remedy:
      description: What to do.
      type: str
      returned: always
      sample: "Add the user to the group docker, then log in anew: sudo usermod -aG docker alice"
engine_version:
  description: The version of the engine that answers; empty if none does.
  type: str
  returned: always
  sample: 20.10.24+dfsg1
compose_version:
  description: The version of C(docker compose); empty if there is none.
  type: str
  returned: always
  sample: 2.26.1-4
init_system:
  description: What starts services here, V(systemd), V(sysvinit) or V(none).
  type: str
  returned: always
  sample: systemd
is_root:
  description: Whether the module ran as root, and installing needs no C(become).
  type: bool
  returned: always
  sample: false
check_mode:
  description: Whether the module ran in check mode, which a task's C(check_mode) sets and C(ansible_check_mode) hides.
  type: bool
  returned: always
  sample: false
packages:
  description: Debian's packages for what RV(needs) has as V(packages).
  type: list
  elements: str
  returned: always
  sample: [python3-docker]
installable:
  description: What apt could install.
  type: dict
  returned: when O(installable=true) and the machine has apt
  contains:
    engine:
      description: The engine's packages.
      type: list
      elements: str
      returned: always
      sample: [docker.io]
    compose:
      description: The first package that gives a Compose that will do, with its version; empty if none does.
      type: str
      returned: always
      sample: docker-compose=2.26.1-4
    borrowed_source:
      description: A deb822 source of O(borrow_suite) at this machine's own mirror, when Compose has to come from there.
      type: str
      returned: always
      sample: ""
"""

import os
import pwd

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import docker_host


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "min_engine_version": {"type": "str", "default": "20.10.0"},
            "min_compose_version": {"type": "str", "default": "2.18.0"},
            "installable": {"type": "bool", "default": False},
            "borrow_suite": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    found = docker_host.look(_user_name())
    verdict = docker_host.judge(found, module.params["min_engine_version"], module.params["min_compose_version"])
    result = {
        "ready": not verdict.needs and verdict.problem is None,
        "needs": verdict.needs,
        "problem": verdict.problem,
        "engine_version": found.engine_version,
        "compose_version": found.compose_version,
        "init_system": docker_host.init_system(),
        "is_root": os.geteuid() == 0,
        "check_mode": module.check_mode,
        "packages": docker_host.node_packages(found),
    }
    if module.params["installable"] and found.has_apt:
        result["installable"] = docker_host.installable(
            module.params["min_compose_version"], module.params["borrow_suite"]
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
