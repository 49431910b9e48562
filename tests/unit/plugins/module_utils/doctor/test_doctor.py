# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""A visit as a whole: what is told, what is mended, and that looking changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor import doctor
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.check import Finding
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.doctor.facts import Facts
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import BuildFailed
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.events import Reporter
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

PENDING = Finding("migrations", "1 migrations are not applied", "x.0003", "run apply-change.yml", "migrate")
CLOCK = Finding("clock", "clocks do not agree", "1 h", "set it")


class Patient:
    """A stack in which mending mends, or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stack: Stack, findings: list[Finding], fails: bool) -> None:
        self.findings = findings
        self.asked: list[Finding] = []
        monkeypatch.setattr(doctor, "collect", lambda *_: Facts(stack=stack))
        monkeypatch.setattr(doctor, "examine", lambda *_: list(self.findings))

        def mend(_stack: Stack, fixable: Iterable[Finding], reporter: Reporter, _limits: object) -> None:
            self.asked = list(fixable)
            if fails:
                raise BuildFailed("no room")
            with reporter.step("migrate") as step:
                step.changed = True
            self.findings = [finding for finding in self.findings if not finding.fix]

        monkeypatch.setattr(doctor, "mend", mend)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, make_stack: Callable[..., Stack]) -> Callable[..., Patient]:
    return lambda *findings, fails=False: Patient(monkeypatch, make_stack(), list(findings), fails)


def test_looking_mends_nothing(patient: Callable[..., Patient]) -> None:
    one = patient(PENDING, CLOCK)
    made = doctor.visit(None, Reporter())
    assert (made.findings, made.mended, made.changed, one.asked) == ([PENDING, CLOCK], [], False, [])
    assert doctor.for_people(made)[-1].startswith("2 found, 1 of them mended by -e fix=true")


def test_check_mode_says_what_would_be_mended(patient: Callable[..., Patient]) -> None:
    one = patient(PENDING, CLOCK)
    made = doctor.visit(None, Reporter(), fix=True, check=True)
    assert (made.findings, made.mended, made.changed, one.asked) == ([CLOCK], [PENDING], True, [])
    told = doctor.for_people(made, check=True)
    assert told[0].endswith("[migrations]: would be mended")
    assert "applies the migrations" in told[2]


def test_what_can_be_is_mended_and_the_rest_is_told(patient: Callable[..., Patient]) -> None:
    one = patient(PENDING, CLOCK)
    made = doctor.visit(None, Reporter(), fix=True)
    assert (made.findings, made.mended, made.changed, one.asked) == ([CLOCK], [PENDING], True, [PENDING])


def test_with_nothing_to_mend_nothing_is_touched(patient: Callable[..., Patient]) -> None:
    one = patient(CLOCK)
    made = doctor.visit(None, Reporter(), fix=True)
    assert (made.mended, made.changed, one.asked) == ([], False, [])


def test_why_mending_ended_is_told_beside_what_is_left(patient: Callable[..., Patient]) -> None:
    patient(PENDING, fails=True)
    made = doctor.visit(None, Reporter(), fix=True)
    assert (made.findings, made.mended, made.failed) == ([PENDING], [], "no room")
    assert "mending ended with: no room" in doctor.for_people(made)
    assert made.describe()["mending_failed"] == "no room"


def test_a_stack_that_is_well_is_one_line(patient: Callable[..., Patient]) -> None:
    patient()
    (line,) = doctor.for_people(doctor.visit(None, Reporter()))
    assert line.startswith("nothing is wrong with http://127.0.0.1:8000")


def test_each_finding_is_three_lines_and_the_same_for_machines(patient: Callable[..., Patient]) -> None:
    patient(CLOCK)
    made = doctor.visit(None, Reporter())
    assert len(doctor.for_people(made)) == 4
    told: dict[str, Any] = json.loads(json.dumps(made.describe()))
    assert told["findings"] == [
        {
            "check": "clock",
            "finding": "clocks do not agree",
            "evidence": "1 h",
            "remedy": "set it",
            "fixable": False,
        }
    ]
