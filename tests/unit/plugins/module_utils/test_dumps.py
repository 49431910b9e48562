# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What is said of a dump that is not whole; that PostgreSQL restores one is seen end to end."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import dumps
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.database import Content, Look
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.errors import InvalidDump
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.stack import Stack

HEADER = {"package": "netbox_example", "postgres": 17, "applied": ["app.0001"], "types": "", "size": 1}


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    database, media = tmp_path / "database", tmp_path / "media"
    database.write_bytes(bytes(range(256)) * 40)
    media.write_bytes(b"picture")
    whole = tmp_path / "team.dump"
    dumps._assemble(whole, HEADER, {"database": database, "media": media})
    return whole


def test_a_whole_dump_says_what_it_is_and_gives_its_parts(dump: Path, tmp_path: Path) -> None:
    found = dumps.read(dump)
    assert {key: found.header[key] for key in HEADER} == HEADER
    assert dumps.extract(found, "media", tmp_path / "copy").read_bytes() == b"picture"
    with found.opened("database") as stream:
        assert stream.len == 256 * 40
        assert b"".join([stream.read(100), *stream]) == bytes(range(256)) * 40
        assert stream.len == 0
    assert json.loads(dump.read_bytes().split(b"\n")[1])["package"] == "netbox_example"


def test_a_dump_that_is_damaged_anywhere_is_refused(dump: Path) -> None:
    whole = dump.read_bytes()
    for offset in [*range(400), *range(400, len(whole), 97), len(whole) - 1]:
        dump.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        with pytest.raises(InvalidDump):
            dumps.read(dump)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda whole: b"", "it is empty"),
        (lambda whole: b"PGDMP\x01", "one of pg_dump's own"),
        (lambda whole: b"--\n-- PostgreSQL database dump\n", "looks like SQL"),
        (lambda whole: whole.replace(b"dump 1 ", b"dump 0 ", 1), "older than the 1"),
        (lambda whole: whole.replace(b"dump 1 ", b"dump 2 ", 1), "newer than the 1"),
        (lambda whole: whole.replace(b"app.0001", b"app.0002", 1), "its header is other"),
        (lambda whole: whole[:-1], "is cut off"),
        (lambda whole: whole[:100], "is damaged"),
        (lambda whole: whole + b"x", "longer than it was"),
        (lambda whole: whole[:-1] + b"?", "'media' is other than was written"),
    ],
)
def test_what_is_wrong_with_a_dump_is_said(dump: Path, change: Callable[[bytes], bytes], said: str) -> None:
    dump.write_bytes(change(dump.read_bytes()))
    with pytest.raises(InvalidDump, match=re.escape(said)):
        dumps.read(dump)


def test_a_dump_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidDump, match="No such file"):
        dumps.read(tmp_path / "none")


@pytest.mark.parametrize(
    ("package", "version", "said"),
    [
        ("netbox_other", 170004, "is of the plugin 'netbox_example', and this stack is 'netbox_other'"),
        ("netbox_example", 160001, "is of PostgreSQL 17, and the stack has 16"),
        ("netbox_example", 180000, ""),
    ],
)
def test_a_dump_of_something_else_is_refused(
    make_stack: Callable[..., Stack], dump: Path, package: str, version: int, said: str
) -> None:
    look: Any = Look("netbox", version, {}, Content([], "", ""), 0)
    stack = make_stack(package_path=package)
    if not said:
        dumps.refuse_foreign(dumps.read(dump), stack, look)
        return
    with pytest.raises(InvalidDump, match=re.escape(said)):
        dumps.refuse_foreign(dumps.read(dump), stack, look)


PARTS = [{"name": "database", "size": 0, "sha256": hashlib.sha256(b"").hexdigest()}]


@pytest.mark.parametrize(
    "header",
    [
        "{x",
        "[" * 100_000,
        [1],
        {},
        {**HEADER, "parts": {}},
        {**HEADER, "parts": [1]},
        {**HEADER, "parts": [{**PARTS[0], "name": "../../etc/cron.d/x"}]},
        {**HEADER, "parts": [{**PARTS[0], "size": 5}, {**PARTS[0], "name": "media", "size": -5}]},
        {**HEADER, "parts": [{**PARTS[0], "size": "0"}]},
        {**HEADER, "parts": [*PARTS, *PARTS]},
        {**HEADER, "parts": PARTS, "applied": "app.0001"},
        {**HEADER, "parts": PARTS, "size": "much"},
    ],
)
def test_a_header_that_no_dump_has_is_refused_whoever_made_its_digest(tmp_path: Path, header: Any) -> None:
    second = (header if isinstance(header, str) else json.dumps(header)).encode() + b"\n"
    path = tmp_path / "evil.dump"
    path.write_bytes(f"{dumps.MAGIC} 1 {hashlib.sha256(second).hexdigest()}\n".encode() + second)
    with pytest.raises(InvalidDump, match="has a header that no dump has"):
        dumps.read(path)
