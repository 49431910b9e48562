# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What snapshot.yml, restore.yml, reset.yml and migrations.yml do, without Ansible; it may end itself with SIGKILL.

Arguments: the plugin; ``present``, ``absent``, ``restored``, ``reset``, ``list``, or ``move`` (migrations.yml); the
module's options as JSON; then, before which of its calls to the engine that change something or ask PostgreSQL it is
killed (0: none). Told is JSON, with ``calls``: how many of them there were.
"""

from __future__ import annotations

import json
import sys

from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import NetBoxDevError
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.migrating import Migrating
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.moving import Moving
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.snapshots import Asked, Snapshots, returned
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import load
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.state import lock
from killing import before_call, made


def main() -> None:
    plugin, state, options, moment = sys.argv[1:]
    before_call(int(moment))
    reporter = Reporter()
    try:
        stack = load(plugin)
        with lock(stack.state, 60, "a test's run"):
            running = Migrating(stack, reporter, check=state == "list")
            if state == "move":
                moved = Moving(running).move(*json.loads(options)["where"])
                told = {**vars(moved), "changed": moved.changed, "steps": reporter.describe()}
                print(json.dumps({**told, "calls": len(made)}))
                return
            snapshots = Snapshots(running)
            if state == "list":
                told = snapshots.all()
            elif state == "reset":
                told = returned(snapshots.reset(), reporter)
            else:
                told = returned(snapshots.bring(state, Asked(**json.loads(options))), reporter)
    except NetBoxDevError as error:
        told = {"failed": error.code, "message": error.message}
    print(json.dumps({**told, "calls": len(made)}))


if __name__ == "__main__":
    main()
