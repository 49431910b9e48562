# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.splitter import parse_kv
from ansible_collections.hedgehog.netbox_dev.plugins.plugin_utils.live import lost_words, whose


@pytest.mark.parametrize(
    ("typed", "lost"),
    [
        ("command=showmigrations", ""),
        ("command='showmigrations netbox_example'", ""),
        ("command=showmigrations netbox_example", "netbox_example"),
        ("command=migrate --database=default", "--database=default"),
        ("command=migrate --database=default netbox_example 0001", "--database=default netbox_example 0001"),
    ],
)
def test_words_that_ansible_cut_off_are_seen(typed: str, lost: str) -> None:
    variables: dict[str, Any] = parse_kv(typed)
    assert lost_words(variables) == lost


@pytest.mark.parametrize(("hosts", "begin"), [(["one"], ""), (["one", "two"], "[one] "), ([], "")])
def test_lines_say_whose_they_are_where_there_are_several_hosts(hosts: list[str], begin: str) -> None:
    assert whose({"ansible_play_hosts_all": hosts, "inventory_hostname": "one"}) == begin
