# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import docker.errors
import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.boundary import Module, refuse_small, run_module
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidProject, PortTaken
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter


class Ended(Exception):
    """A module ends by leaving its process."""


class FakeModule:
    def __init__(self, **params: Any) -> None:
        self.params = params
        self.result: dict[str, Any] = {}

    def exit_json(self, **result: Any) -> None:
        self.result = result
        raise Ended("success")

    def fail_json(self, **result: Any) -> None:
        self.result = result
        raise Ended("failure")


def run(work: Any, **params: Any) -> tuple[str, dict[str, Any]]:
    module = FakeModule(**params)
    with pytest.raises(Ended) as caught:
        run_module(module, work)  # type: ignore[arg-type]
    json.dumps(module.result)
    return str(caught.value), module.result


def test_a_result_is_handed_on() -> None:
    assert run(lambda _module, _reporter: {"changed": True}) == ("success", {"changed": True})


def test_a_name_that_is_no_utf8_is_handed_on_escaped() -> None:
    """Ansible refuses a result that has it."""

    def work(_module: Any, reporter: Reporter) -> dict[str, Any]:
        with reporter.step("look") as step:
            step.detail = "caf\udce9"
        return {"paths": ["caf\udce9", 1], "by": {"caf\udce9": ("\udce9", None, True)}, "text": "ü\nline"}

    _how, result = run(work)
    assert result == {"paths": ["caf\\xe9", 1], "by": {"caf\\xe9": ["\\xe9", None, True]}, "text": "ü\nline"}

    def fail(_module: Any, reporter: Reporter) -> dict[str, Any]:
        with reporter.step("look") as step:
            step.detail = "caf\udce9"
        raise PortTaken("caf\udce9", name="\udce9")

    _how, result = run(fail)
    assert (result["msg"], result["failure"]["details"], result["steps"][0]["detail"]) == (
        "caf\\xe9",
        {"name": "\\xe9"},
        "caf\\xe9",
    )


def test_what_a_person_reads_moves_no_cursor_and_data_are_whole() -> None:
    text = "\x1b[31mred\x1b[0m\x1b[2J"
    _how, result = run(lambda _module, _reporter: {"summary": [f"failed job: {text}"], "error": text})
    assert result == {"summary": ["failed job: red"], "error": text}

    def fail(_module: Any, _reporter: Reporter) -> dict[str, Any]:
        raise PortTaken(f"{text}\nnext", said=text)

    _how, result = run(fail)
    assert (result["msg"], result["failure"]["details"]) == ("red\nnext", {"said": text})


def test_a_named_failure_comes_with_its_code_and_the_steps_before_it(tmp_path: Path) -> None:
    def work(_module: Any, reporter: Reporter) -> dict[str, Any]:
        with reporter.step("build") as step:
            step.changed = True
        raise PortTaken("port 8000 is taken", port=8000)

    how, result = run(work, events=str(tmp_path / "events"))
    assert how == "failure"
    assert result["msg"] == "port 8000 is taken"
    assert result["failure"] == {"code": "port_taken", "message": "port 8000 is taken", "details": {"port": 8000}}
    assert [step["step"] for step in result["steps"]] == ["build"]
    assert "build" in (tmp_path / "events").read_text()


@pytest.mark.parametrize("error", [(13, "Permission denied"), (30, "Read-only file system"), (28, "No space left")])
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(error: tuple[int, str]) -> None:
    def work(_module: Any, _reporter: Reporter) -> dict[str, Any]:
        raise OSError(*error, "/somewhere")

    how, result = run(work)
    assert how == "failure"
    assert result["failure"]["code"] == "file_unusable"
    assert "'/somewhere'" in result["msg"]
    assert "become" in result["msg"]


def test_an_option_that_cannot_be_taken_is_an_error_as_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(AnsibleModule, "fail_json", lambda _module, msg, **more: told.append({"msg": msg, **more}))
    module = Module.__new__(Module)
    module.fail_json(msg="value of state must be one of: checked, fixed, got: mended")
    module.fail_json(msg="ours", failure={"code": "port_taken"})
    assert [one["failure"]["code"] for one in told] == ["invalid_option", "port_taken"]
    assert told[0]["failure"]["message"] == told[0]["msg"]


def test_an_error_of_the_engine_is_told_in_its_own_words() -> None:
    def work(_module: Any, _reporter: Reporter) -> dict[str, Any]:
        # What the Docker SDK raises is an OSError without a file.
        raise docker.errors.APIError("409 Client Error: removal of container 1a2b is already in progress")

    how, result = run(work)
    assert how == "failure"
    assert result["failure"]["code"] == "engine_failed"
    assert "removal of container 1a2b is already in progress" in result["msg"]
    assert "None" not in result["msg"]


def test_a_fault_of_ours_is_not_dressed_up_as_the_users() -> None:
    def work(_module: Any, _reporter: Reporter) -> dict[str, Any]:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run_module(FakeModule(), work)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lock_timeout": -1.0}, "lock_timeout: a number of at least 0 was expected, found -1"),
        ({"time_limit": 0.0}, "time_limit: a number of at least 1 was expected, found 0"),
        ({"window": float("nan")}, "window: "),
        ({"lines": -5, "follow": 1.0}, "lines: "),
    ],
)
def test_numbers_that_make_no_sense_are_refused_before_anything_is_done(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidProject, match=words):
        refuse_small(given)


def test_other_options_are_left_alone() -> None:
    refuse_small({"fix": False, "time_limit": 1.0, "lines": 0, "urls": [], "since": None})
