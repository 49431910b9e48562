# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import time

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import logs
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidMoment, InvalidPattern
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.log_lines import Event, Frame

NOW = 1_800_000_000.0
OWN = Frame("/opt/netbox/netbox/netbox_example/views.py", 12, "get", "return self.rows[0]")
FOREIGN = Frame("/opt/netbox/venv/lib/python3.12/site-packages/django/db/models/query.py", 122, "__iter__", "fetch()")


def made(**asked: object) -> logs.Logs:
    """What reads logs, without an engine."""
    found = logs.Logs.__new__(logs.Logs)
    found.asked = logs.Asked(["all"], **asked)  # type: ignore[arg-type]
    found.pattern = logs.pattern_of(found.asked.grep)
    found.services = ["netbox", "netbox-worker"]
    found.own = ("/opt/netbox/netbox/netbox_example/", "/opt/netbox-dev/netbox-example/")
    return found


def failure(frames: list[Frame], message: str = "list index out of range", service: str = "netbox") -> Event:
    return Event(
        service,
        "2026-11-27T20:00:00.123456789Z",
        "Traceback (most recent call last):",
        "error",
        ["…"],
        "IndexError",
        message,
        frames,
    )


def line(text: str, level: str = "") -> Event:
    return Event("netbox", "2026-11-27T20:00:01.5Z", text, level)


@pytest.mark.parametrize(("text", "ago"), [("90s", 90), ("10m", 600), ("1h30m", 5400), (" 2d ", 172800), ("0s", 0)])
def test_a_moment_is_how_long_ago(text: str, ago: int) -> None:
    assert logs.moment(text, NOW) == NOW - ago


def test_a_moment_is_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert logs.moment("2027-01-15T08:00:00Z", NOW) == NOW
        assert logs.moment("2027-01-15T09:00:00", NOW) == NOW
        assert logs.moment("2027-01-15 09:00:00+01:00", NOW) == NOW
        assert logs.moment("08:30", NOW) == NOW - 1800
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text", ["", "10", "yesterday", "10 minutes", "25:00", "2026-13-01", "m", "99999999d", f"{10**400}s", "0001-01-01"]
)
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidMoment, match="such as 90s"):
        logs.moment(text, NOW)


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(InvalidPattern, match="no regular expression"):
        logs.pattern_of("a(")


def test_the_same_failure_is_one_group_and_the_plugins_come_first() -> None:
    events = [
        failure([FOREIGN], "elsewhere"),
        failure([FOREIGN], "elsewhere"),
        failure([FOREIGN], "elsewhere"),
        failure([OWN, FOREIGN], "row 7 of 9"),
        failure([OWN, FOREIGN], "row 8 of 9", "netbox-worker"),
        line("no failure", "error"),
    ]
    first, second = made().groups(events)
    assert (first.count, dict(first.services), first.own) == (2, {"netbox": 1, "netbox-worker": 1}, [OWN])
    assert (second.count, second.own) == (3, [])


def test_of_a_traceback_the_plugins_frames_are_shown_first() -> None:
    shown = made().show(failure([FOREIGN, OWN, FOREIGN]))
    assert shown == [
        "20:00:00.123 netbox        E IndexError: list index out of range",
        "    netbox_example/views.py:12 in get: return self.rows[0]",
        "    … 2 frames elsewhere, the last django/db/models/query.py:122 in __iter__: fetch()",
    ]


def test_errors_and_a_pattern_narrow_what_is_wanted() -> None:
    bad, good = line("boom", "error"), line("fine", "info")
    assert [made(errors=True).wanted(e) for e in (bad, good)] == [True, False]
    assert [made(grep="FIN|x").wanted(e) for e in (bad, good)] == [False, True]
    assert made(grep="list index").wanted(failure([OWN])) is False
    assert made(grep="IndexError").wanted(Event("netbox", "", "a", more=["IndexError: b"]))


def test_health_checks_are_left_out_unless_they_are_looked_for() -> None:
    check = line('[27/Nov/2026 20:41:02] "GET /login/ HTTP/1.1" 200 14448', "info")
    assert [made().wanted(check), made(grep="login").wanted(check)] == [False, True]
    assert made().wanted(line('[27/Nov/2026 20:41:02] "GET /login/ HTTP/1.1" 500 14448', "error"))


def test_errors_are_told_once_with_how_often() -> None:
    events = [line("boom", "error"), line("bang", "error"), line("boom", "error"), failure([OWN])]
    found = made(errors=True)
    told = found.for_people(logs.Found(events, found.groups(events)))
    assert [text.partition(" E ")[2] for text in told[:2]] == ["boom (2x)", "bang"]
    assert told[2].startswith("1x IndexError: list index out of range (netbox 1x; last 20:00:00)")
    assert "views.py:12" in told[3]


def test_nothing_found_is_said() -> None:
    assert made().for_people(logs.Found()) == ["nothing was written that was asked for"]
