# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.cause import cause_of

TRACEBACK = """\
Traceback (most recent call last):
  File "/opt/netbox/netbox/manage.py", line 9, in <module>
  File "/opt/netbox/netbox/netbox_example/models.py", line 3, in <module>
  File "/opt/netbox/venv/lib/python3.12/importlib/__init__.py", line 90, in import_module
ModuleNotFoundError: No module named 'no_such'
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (TRACEBACK, "netbox_example/models.py:3: ModuleNotFoundError: No module named 'no_such'"),
        # What is written after an exception does not explain it.
        (f"{TRACEBACK}netbox-dev: netbox: gone\nbye\n", "netbox_example/models.py:3: ModuleNotFoundError: No module"),
        (
            "django.db.utils.OperationalError: connection refused",
            "django.db.utils.OperationalError: connection refused",
        ),
        (
            "netbox-worker-1  | redis.exceptions.ConnectionError: Error 111",
            "redis.exceptions.ConnectionError: Error 111",
        ),
        ("LOG: starting\nFATAL:  database files are incompatible with server\nDETAIL: 15\n", "FATAL:  database files"),
        ("starting\nlast words\n", "last words"),
        ("", "its log is empty"),
    ],
)
def test_the_line_that_explains_an_end_is_found(text: str, cause: str) -> None:
    assert cause_of(text, "netbox_example").startswith(cause)
