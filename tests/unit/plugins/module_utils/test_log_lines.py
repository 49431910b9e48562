# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

import time

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.engine import split_log
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.log_lines import (
    Event,
    Line,
    clean,
    level_of,
    read,
    shorten,
)

LEVELS = [
    # PostgreSQL
    ('2026-11-27 20:00:00.123 UTC [71] ERROR:  relation "x" does not exist at character 15', "error"),
    ('2026-11-27 20:00:00 UTC [71] FATAL:  database "n" does not exist', "critical"),
    ("2026-11-27 20:00:00.123 GMT [1] LOG:  checkpoint starting: ERROR is only a word here", "info"),
    ("2026-11-27 20:00:00.123 UTC [1] WARNING:  there is no transaction in progress", "warning"),
    ("2026-11-27 20:00:00.123 UTC [1] DEBUG2:  x", "debug"),
    # Redis and Valkey
    ("1:M 27 Nov 2026 20:00:00.123 * Ready to accept connections tcp", "info"),
    ("1:M 27 Nov 2026 20:00:00.123 # WARNING Memory overcommit must be enabled!", "warning"),
    ("1:C 27 Nov 2026 20:00:00.123 . a detail", "debug"),
    # Requests, as Django, gunicorn and NGINX write them
    ('[27/Nov/2026 20:00:00] "GET /login/ HTTP/1.1" 200 4035', "info"),
    ('127.0.0.1 - - [27/Nov/2026:20:00:00 +0000] "GET /x/ HTTP/1.1" 404 179 "-" "curl/8"', "warning"),
    ('172.18.0.1 - - [27/Nov/2026:20:00:00 +0000] "POST /api/x/ HTTP/1.1" 500 145 "-" "INFO"', "error"),
    # Django's own words
    ("Internal Server Error: /plugins/example/", "error"),
    ("Not Found: /favicon.ico", "warning"),
    ("Forbidden (CSRF cookie not set.): /login/", "warning"),
    # Servers and Python's logging
    ("[2026-11-27 20:00:00 +0000] [7] [INFO] Booting worker with pid: 7", "info"),
    ("2026/11/27 20:00:00 [error] 7#7: *1 connect() failed", "error"),
    ("[WARNING] Granian worker stopped", "warning"),
    ("ERROR:django.request:boom", "error"),
    ("2026-11-27 20:00:00,123 netbox.jobs WARNING late", "warning"),
    ("/opt/x.py:12: DeprecationWarning: use y", "warning"),
    # RQ
    ("20:00:00 default: netbox_example.jobs.sync_switches() (1f)", ""),
    ("20:00:00 [Job 1f]: exception raised while executing (netbox_example.jobs.sync_switches)", "error"),
    # What says nothing
    ("loaded config '/etc/netbox/config/configuration.py'", ""),
    ("an error is a word, and so is ERRORS", ""),
    (f"{'x' * 90} ERROR too far away to be a level", ""),
]


@pytest.mark.parametrize(("text", "level"), LEVELS)
def test_a_line_has_the_level_that_it_says_or_means(text: str, level: str) -> None:
    assert level_of(text) == level


@pytest.mark.parametrize("piece", ["a", "Warning", "0x", '"GET /', "Forbidden", "Traceback ", " ", "a.", "~^"])
def test_a_long_line_takes_no_longer_than_its_length(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    read([Line("netbox", "1", text)])
    assert time.process_time() - started < 1


def lines(text: str, service: str = "netbox") -> list[Line]:
    return [Line(service, f"2026-11-27T20:00:{n:02d}.0Z", part) for n, part in enumerate(text.splitlines())]


def events(text: str) -> list[Event]:
    return read(lines(text))


FAILED = """\
Internal Server Error: /plugins/example/
Traceback (most recent call last):
  File "/opt/netbox/venv/lib/python3.12/site-packages/django/core/handlers/base.py", line 197, in _get_response
    response = wrapped_callback(request)
               ^^^^^^^^^^^^^^^^^^^^^^^^^
  File "/opt/netbox/netbox/netbox_example/views.py", line 12, in get
    return self.rows[0]
           ~~~~~~~~~^^^
IndexError: list index out of range
[27/Nov/2026 20:00:00] "GET /plugins/example/ HTTP/1.1" 500 145
"""


def test_a_traceback_is_one_event_with_what_was_said_before_it() -> None:
    failed, request = events(FAILED)
    assert (failed.exception, failed.message, failed.level) == ("IndexError", "list index out of range", "error")
    assert failed.text == "Internal Server Error: /plugins/example/"
    assert [(f.line, f.function, f.code) for f in failed.frames] == [
        (197, "_get_response", "response = wrapped_callback(request)"),
        (12, "get", "return self.rows[0]"),
    ]
    assert request.level == "error"
    assert not request.exception


def test_of_chained_exceptions_the_last_counts_and_the_event_is_one() -> None:
    chained = (
        'Traceback (most recent call last):\n  File "a.py", line 1, in a\n    x\nKeyError: 1\n\n'
        "During handling of the above exception, another exception occurred:\n\n"
        'Traceback (most recent call last):\n  File "b.py", line 2, in b\n    y\n'
        "django.db.utils.ProgrammingError: no x\nLINE 1: SELECT x\n               ^\n\nthe next line"
    )
    failed, after = events(chained)
    assert (failed.exception, [f.file for f in failed.frames]) == ("django.db.utils.ProgrammingError", ["b.py"])
    assert "KeyError: 1" in failed.whole()
    assert "LINE 1: SELECT x" in failed.whole()
    assert after.text == "the next line"


def test_a_second_traceback_is_another_event() -> None:
    one = 'Traceback (most recent call last):\n  File "a.py", line 1, in a\n    x\nKeyError: 1\n'
    assert [event.exception for event in events(one + one)] == ["KeyError", "KeyError"]


def test_a_syntax_error_has_the_frame_of_its_file() -> None:
    (failed,) = events(
        'netbox-dev: netbox: Traceback (most recent call last):\n  File "<frozen x>", line 1, in f\n'
        '  File "/opt/netbox/netbox/netbox_example/views.py", line 3\n    def (\n        ^\nSyntaxError: invalid syntax'
    )
    assert (failed.exception, failed.frames[-1].line, failed.frames[-1].function) == ("SyntaxError", 3, "")


def test_a_traceback_that_is_cut_off_swallows_nothing() -> None:
    found = events('Traceback (most recent call last):\n  File "a.py", line 1, in a\n    x\nGET /x came between\nmore')
    assert [event.text for event in found][1:] == ["GET /x came between", "more"]


def test_what_postgres_adds_to_an_error_belongs_to_it() -> None:
    error, after = events(
        '2026-11-27 20:00:00.1 UTC [71] ERROR:  relation "x" does not exist at character 15\n'
        "2026-11-27 20:00:00.1 UTC [71] STATEMENT:  SELECT * FROM x\n"
        "2026-11-27 20:00:00.2 UTC [71] LOG:  next"
    )
    assert error.more == ["2026-11-27 20:00:00.1 UTC [71] STATEMENT:  SELECT * FROM x"]
    assert after.level == "info"


def test_a_statement_of_several_lines_is_one_event() -> None:
    """PostgreSQL begins what belongs to a message with a tab."""
    begin = "2026-11-27 20:00:00.1 UTC [71]"
    text = f"{begin} STATEMENT:  SELECT 1\n    FROM x\n\n      WHERE y\n{begin} LOG:  other"
    error, after = events(f'{begin} ERROR:  relation "x" does not exist\n{text}')
    assert (error.level, error.whole().splitlines()[-1]) == ("error", "      WHERE y")
    assert after.text.endswith("LOG:  other")
    # Another service's lines that are indented are its own.
    assert len(events("INFO one\n    two")) == 2


def test_services_that_write_at_the_same_time_do_not_mix() -> None:
    one, two = lines(FAILED), lines(FAILED, "netbox-worker")
    mixed = [line for pair in zip(one, two) for line in pair]
    assert [(e.service, e.exception) for e in read(mixed) if e.exception] == [
        ("netbox", "IndexError"),
        ("netbox-worker", "IndexError"),
    ]


def test_colours_control_characters_and_bytes_that_are_no_text_are_made_harmless() -> None:
    assert clean(
        b"\x1b[31;1mred\x1b[0m \x1b]0;title\x07\x08bell\x07 \xff\xc3\xa4\t.\r\n"
    ) == "redbell \\xffä    .".replace("redbell", "red bell")


def test_a_long_line_is_shortened_and_says_how_long_it_is() -> None:
    assert shorten("x" * 500) == f"{'x' * 400}… (500 characters)"
    assert shorten("short") == "short"


T1, T2 = b"2026-11-27T20:00:00.000000001Z ", b"2026-11-27T20:00:00.000000002Z "


def test_a_line_that_the_engine_cut_is_whole_again() -> None:
    frames = [T1 + b"one\n", T1 + b"a" * 10, T2 + b"b" * 10, T2 + b"c\n", T2 + b"last"]
    assert list(split_log(frames)) == [
        (T1[:-1].decode(), b"one"),
        (T1[:-1].decode(), b"a" * 10 + b"b" * 10 + b"c"),
        (T2[:-1].decode(), b"last"),
    ]


def test_several_lines_in_one_piece_are_several_lines() -> None:
    # So it comes from a container that has a terminal.
    assert [raw for _time, raw in split_log([T1 + b"one\r\n" + T2 + b"tw", b"o\r\n"])] == [b"one", b"two"]
