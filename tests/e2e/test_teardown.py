# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""The stack is taken down, in the last file of all: what was not named stays, and nothing else is touched."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.dumps import read

from .stack import Stack


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    return done.stdout


def there(project: str) -> dict[str, list[str]]:
    """Names of what carries a project's label."""
    label = f"label=com.docker.compose.project={project}"
    return {
        "containers": docker("ps", "-aq", "--filter", label).split(),
        "networks": docker("network", "ls", "-q", "--filter", label).split(),
        "volumes": docker("volume", "ls", "-q", "--filter", label).split(),
    }


@pytest.fixture
def foreign(stack: Stack) -> Iterator[str]:
    """A volume of a project whose name begins as this stack's does."""
    name = f"{stack.project}-other"
    docker("volume", "create", "--label", f"com.docker.compose.project={name}", f"{name}_data")
    yield name
    docker("volume", "rm", f"{name}_data")


def test_a_stack_goes_and_its_data_stays_until_it_is_named(stack: Stack, foreign: str) -> None:
    project, image = stack.project, stack.image
    volumes = there(project)["volumes"]
    play = stack.playbook("teardown.yml", "--check", volumes=True)
    assert (play.status, play.changed) == (0, 1), str(play)
    assert "a run stops before that: with the volumes goes the database 'netbox'" in play.flat
    assert there(project)["containers"], "check mode touches nothing"
    play = stack.playbook("teardown.yml", volumes=True)
    assert play.status != 0
    # A path with a space is quoted for the shell and for Ansible.
    told = [line.strip() for line in play.output.splitlines() if line.rstrip().endswith("-e without_dump=true")]
    line = next(one for one in told if one.startswith("ansible-playbook "))
    assert there(project)["containers"], "the question comes before anything is removed"
    assert there(project)["volumes"]
    words = shlex.split(line)
    assert words[:2] == ["ansible-playbook", "hedgehog.netbox_dev.teardown"]
    assert json.loads(words[3]) == {"plugin_path": str(stack.plugin)}

    play = stack.playbook("teardown.yml")
    assert (play.status, play.changed) == (0, 1), str(play)
    assert there(project) == {"containers": [], "networks": [], "volumes": volumes}
    assert "remains, volumes: " in play.flat
    assert docker("image", "ls", "-q", image)
    assert stack.playbook("teardown.yml").changed == 0

    extra = stack.checkout / "configuration" / "mine.py"
    extra.write_text("X = 1\n", encoding="utf-8")
    everything = {"volumes": True, "image": True, "checkout": True}
    play = stack.playbook("teardown.yml", **everything)
    assert play.status != 0
    assert "configuration/mine.py" in play.flat, str(play)
    assert there(project)["volumes"] == volumes, "nothing was removed"
    extra.unlink()

    dump = stack.sandbox / "kept.dump"
    dump.unlink(missing_ok=True)
    play = stack.playbook("teardown.yml", dump=str(dump), **everything)
    assert (play.status, play.changed) == (0, 1), str(play)
    assert read(dump).header["package"] == "netbox_example"
    assert there(project) == {"containers": [], "networks": [], "volumes": []}
    assert not docker("image", "ls", "-q", image)
    assert not stack.checkout.parent.exists()
    assert stack.package.exists()
    assert there(foreign)["volumes"] == [f"{foreign}_data"]
    assert stack.playbook("teardown.yml", **everything).changed == 0
