# Copyright: (c) 2026, Hedgehog
# SPDX-License-Identifier: GPL-3.0-or-later
"""The port where NetBox is served, and who has it when we cannot."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess

from .engine import Engine
from .errors import PortTaken
from .stack import Stack


def taken(stack: Stack, engine: Engine) -> PortTaken:
    """The failure that names who listens on the stack's port."""
    return PortTaken(
        f"port {stack.port} on 127.0.0.1 is taken by {_holder(stack.port, engine)}. "
        "Choose another with 'port' in netbox-dev.yml or -e netbox_dev_port=….",
        port=stack.port,
    )


def check_port(stack: Stack, engine: Engine) -> None:
    """Raise PortTaken when something that is not this stack listens on its port."""
    publisher = engine.publisher(stack.port)
    if publisher and publisher[0] == stack.project_name:
        return
    with socket.socket() as probe:
        probe.settimeout(2)
        if publisher or probe.connect_ex(("127.0.0.1", stack.port)) == 0:
            raise taken(stack, engine)


def _holder(port: int, engine: Engine) -> str:
    publisher = engine.publisher(port)
    if publisher:
        return f"the container '{publisher[1]}'"
    if shutil.which("ss"):
        done = subprocess.run(["ss", "-Hltnp", f"sport = :{port}"], capture_output=True, text=True, check=False)
        found = re.search(r'users:\(\("([^"]+)",pid=(\d+)', done.stdout)
        if found:
            return f"{found.group(1)} (pid {found.group(2)})"
    return "another process"
