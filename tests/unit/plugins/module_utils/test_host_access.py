# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidProject
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.host_access import refuse_host_access
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack, resolve

MakeStack = Callable[..., Stack]
Base = dict[str, Any]


def base(stack: Stack, **service: Any) -> Base:
    """netbox-docker's own configuration, and what else a service has there."""
    own = {"type": "bind", "source": f"{stack.checkout}/configuration", "target": "/etc/netbox/config"}
    volumes = [own, {"type": "volume", "source": "media", "target": "/media"}, *service.pop("volumes", [])]
    return {
        "services": {"netbox": {"image": "x", "volumes": volumes, "network_mode": None, **service}},
        "volumes": {"media": {"name": "x_media", "driver": "local"}},
    }


def test_netbox_dockers_own_reaches_nothing(make_stack: MakeStack) -> None:
    stack = make_stack()
    refuse_host_access(stack, base(stack))
    refuse_host_access(stack, base(stack, ports=[{"host_ip": "127.0.0.1", "target": 5432, "published": "15432"}]))


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"ports": [{"target": 5432, "published": "5432"}]}, "netbox: port 5432 on all"),
        ({"ports": [{"host_ip": "0.0.0.0", "target": 80, "published": "80"}]}, "netbox: port 80 on 0.0.0.0"),
        ({"ports": [{"host_ip": "192.0.2.1", "target": 80}]}, "netbox: port 80 on 192.0.2.1"),
        ({"privileged": True}, "netbox: privileged"),
        ({"network_mode": "host"}, "netbox: network_mode: host"),
        ({"pid": "host"}, "netbox: pid: host"),
        ({"cap_add": ["SYS_ADMIN"]}, "netbox: cap_add"),
        ({"devices": [{"source": "/dev/sda"}]}, "netbox: devices"),
        ({"security_opt": ["apparmor:unconfined"]}, "netbox: security_opt"),
        ({"provider": {"type": "x"}}, "netbox: provider"),
        ({"use_api_socket": True}, "netbox: use_api_socket"),
        ({"build": {"context": "/"}}, "netbox: build"),
        *(
            ({"volumes": [{"type": "bind", "source": source, "target": "/x"}]}, f"netbox: '{source}'")
            for source in ("/", "/var/run/docker.sock", "/home")
        ),
    ],
)
def test_what_reaches_the_node_is_refused_unless_it_was_said(
    make_stack: MakeStack, service: dict[str, Any], said: str
) -> None:
    stack = make_stack()
    with pytest.raises(InvalidProject, match="reaches the machine") as caught:
        refuse_host_access(stack, base(stack, **service))
    assert caught.value.details["found"] == [said]
    stack = resolve(str(stack.plugin.root), {"host_access": "true"})
    refuse_host_access(stack, base(stack, **service))


def test_a_link_in_the_checkout_and_a_volume_that_is_a_folder_are_refused(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.checkout.mkdir(parents=True)
    (stack.checkout / "link").symlink_to("/")
    link = str(stack.checkout / "link/etc")
    found = base(stack, volumes=[{"type": "bind", "source": link, "target": "/x"}])
    found["volumes"]["data"] = {"driver_opts": {"type": "none", "o": "bind", "device": "/etc"}}
    found["secrets"] = {"key": {"file": "/etc/shadow"}}
    with pytest.raises(InvalidProject) as caught:
        refuse_host_access(stack, found)
    assert caught.value.details["found"] == [
        f"netbox: '{link}'",
        "volumes: data: '/etc'",
        "secrets: key: '/etc/shadow'",
    ]


def test_a_project_file_does_not_say_that_it_is_fine(make_plugin: Callable[..., Path]) -> None:
    root = make_plugin(files={"netbox-dev.yml": "host_access: true\n"})
    with pytest.raises(InvalidProject, match="netbox_dev_host_access"):
        resolve(str(root))
