# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.parsing.splitter import parse_kv
from ansible.plugins.action import ActionBase
from ansible_collections.hedgehog.netbox_dev.plugins.plugin_utils import live
from ansible_collections.hedgehog.netbox_dev.plugins.plugin_utils.live import LiveAction, lost_words, whose


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


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(live, "display", SimpleNamespace(display=lambda text: lines.extend(text.split("\n"))))
    return lines


def action(output: str) -> LiveAction:
    made = LiveAction.__new__(LiveAction)
    made._task = SimpleNamespace(args={"output": output})
    return made


def test_for_machines_what_ansible_repeats_of_a_failure_is_one_line(printed: list[str]) -> None:
    message = 'it ended with status 3. Last lines:\n{"row": 1}'
    failure = {"code": "command_failed", "message": message, "details": {}}
    # Ansible has made an error of the message already, which it would repeat with its lines.
    result = {"failed": True, "msg": message, "failure": failure, "exception": object()}
    action("json")._tell(result, "here")
    (line,) = printed
    assert json.loads(line) == {"host": "here", "failed": True, "msg": message, "failure": failure}
    assert result["msg"] == 'it ended with status 3. Last lines: {"row": 1}'
    assert "exception" not in result


def test_for_people_a_failure_keeps_its_lines(printed: list[str]) -> None:
    result = {"failed": True, "msg": "one\ntwo", "exception": "kept", "summary": ["said"]}
    action("text")._tell(result, "here")
    assert (printed, result) == (["  said"], {"failed": True, "msg": "one\ntwo", "exception": "kept"})


@pytest.mark.parametrize("output", ["json", "text"])
def test_a_run_that_is_refused_for_lost_words_tells_its_failure(
    monkeypatch: pytest.MonkeyPatch, printed: list[str], output: str
) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda *_args: {})
    result = action(output).run(None, {"inventory_hostname": "here", "_raw_params": "b"})
    assert result["failed"]
    assert result["failure"]["code"] == "invalid_option"
    assert "'b' was not understood" in result["msg"]
    assert [json.loads(line)["failure"] for line in printed] == ([result["failure"]] if output == "json" else [])


def test_progress_of_several_lines_is_told_as_lines_of_progress(printed: list[str]) -> None:
    made = action("json")
    made._say('one\n{"row": 1}')
    assert printed == ["  one", '  {"row": 1}']
