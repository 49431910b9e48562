# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What others can do through a stack, and to it: docs/security.md."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .stack import Stack

NOBODY = 65534


def test_no_container_reaches_out_of_what_is_the_stacks_and_nobody_reads_its_state(stack: Stack) -> None:
    own = [stack.plugin.resolve(), stack.state.resolve()]
    published = []
    for container in stack.containers().values():
        host = container["HostConfig"]
        assert not [key for key in ("Privileged", "CapAdd", "Devices") if host[key]], container["Name"]
        assert not {host["NetworkMode"], host["PidMode"], host["IpcMode"], host["UsernsMode"]} & {"host"}
        for mount in container["Mounts"]:
            source = Path(mount["Source"]).resolve()
            assert mount["Type"] == "volume" or any(place in (source, *source.parents) for place in own), source
        published += [one["HostIp"] for bound in (host["PortBindings"] or {}).values() for one in bound]
    assert published == ["127.0.0.1"]
    password = (stack.state / "superuser_password").read_text(encoding="utf-8").strip()
    seen = subprocess.run(["ps", "-ww", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    assert password not in seen
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    looked = subprocess.run(["ls", str(stack.state)], capture_output=True, check=False, **who)
    assert looked.returncode != 0


def test_no_program_that_the_checkouts_configuration_names_is_run(stack: Stack, tmp_path: Path) -> None:
    witness, program = tmp_path / "witness", tmp_path / "program"
    program.write_text(f"#!/bin/sh\nid >{witness}\n", encoding="utf-8")
    program.chmod(0o755)
    stack.git(stack.checkout, "config", "core.fsmonitor", str(program))
    try:
        play = stack.setup("--check")
        assert play.status != 0, str(play)
        assert "may name programs which git runs: core.fsmonitor" in play.flat, str(play)
        assert not witness.exists()
    finally:
        stack.git(stack.checkout, "config", "--unset", "core.fsmonitor")
        os.chown(stack.checkout / ".git/config", *stack.owner)
