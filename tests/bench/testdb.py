# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What a test database costs: a copy of a kept one against Django's own, by migrations, in one process of one stack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from e2e.stack import Stack

_CODE = """\
import json, sys, time
from netbox_dev_runtime.netbox import set_up
set_up()
from django.db import connection
from netbox_dev_runtime.testdb import TestDatabases
databases = TestDatabases(connection, {package!r}, lambda text: None)
own, ours, theirs = connection.settings_dict["NAME"], [], []
# What is kept is made once.
databases.make("bench_ours")
for _turn in range({repetitions}):
    started = time.monotonic()
    databases.make("bench_ours")
    ours.append(time.monotonic() - started)
    connection.settings_dict["TEST"]["NAME"] = "bench_theirs"
    started = time.monotonic()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    theirs.append(time.monotonic() - started)
    connection.creation.destroy_test_db(own, verbosity=0)
with connection._nodb_cursor() as cursor:
    cursor.execute("DROP DATABASE bench_ours WITH (FORCE)")
print("times", json.dumps([ours, theirs]))
"""


def measure(stack: Stack, repetitions: int, package: str = "netbox_example") -> tuple[list[float], list[float]]:
    """Seconds of each: ours, Django's."""
    options = ("--rm", "--no-deps", "-T", "-e", "NETBOX_DEV_TEST_RUN=6", "--entrypoint", "/opt/netbox/venv/bin/python")
    code = _CODE.format(package=package, repetitions=repetitions)
    done = stack.compose("run", *options, "netbox", "-c", code)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("times ")]
    ours, theirs = json.loads(line.partition(" ")[2])
    return ours, theirs
