# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
"""What is saved beside a database comes back; that a real Redis gives and takes it is seen end to end."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils.runtime import beside


class Server:
    """As much of Redis as is used."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}

    def scan_iter(self, match: str = "*", count: int = 0) -> Iterator[bytes]:
        return iter([key for key in self.values if fnmatchcase(key.decode(), match)])

    def dump(self, key: bytes) -> bytes:
        return self.values[key]

    def pttl(self, key: bytes) -> int:
        return -1

    def pipeline(self, transaction: bool) -> Server:
        return self

    def delete(self, key: bytes) -> None:
        del self.values[key]

    def restore(self, key: bytes, left_ms: int, value: bytes, replace: bool) -> None:
        assert left_ms == 0
        self.values[key] = value

    def execute(self) -> None:
        pass


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Server]:
    made = {"tasks": Server(), "caching": Server()}
    monkeypatch.setattr(beside, "connect", made.__getitem__)
    return made


@pytest.fixture
def media(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "media"
    (root / "images").mkdir(parents=True)
    (root / "images/one.png").write_bytes(b"one")
    monkeypatch.setattr(beside, "media_root", lambda: str(root))
    return root


def test_queues_and_cache_come_back_and_who_works_now_stays(servers: dict[str, Server], tmp_path: Path) -> None:
    tasks, caching = servers["tasks"].values, servers["caching"].values
    tasks.update({b"rq:queue:default": b"job", b"rq:worker:old": b"gone"})
    caching.update({b"config": b"\x00\xff"})
    before = beside.digest(["redis"])
    beside.save_redis(str(tmp_path / "saved"))
    del tasks[b"rq:worker:old"]
    tasks.update({b"rq:queue:default": b"other", b"rq:job:new": b"new", b"rq:worker:new": b"works"})
    caching.clear()
    assert beside.digest(["redis"]) != before
    beside.load_redis(str(tmp_path / "saved"))
    assert tasks == {b"rq:queue:default": b"job", b"rq:worker:new": b"works"}
    assert caching == {b"config": b"\x00\xff"}
    assert beside.digest(["redis"]) == before


def test_uploaded_files_come_back_and_later_ones_go(media: Path, tmp_path: Path) -> None:
    before = beside.digest(["media"])
    beside.save_media(str(tmp_path / "saved"))
    (media / "images/one.png").write_bytes(b"two")
    (media / "later.png").write_bytes(b"later")
    assert beside.digest(["media"]) != before
    beside.load_media(str(tmp_path / "saved"))
    assert beside.digest(["media"]) == before
    assert [path.name for path in media.iterdir()] == ["images"]


def test_what_a_killed_run_left_among_the_files_is_no_file(media: Path, tmp_path: Path) -> None:
    before = beside.digest(["media"])
    (media / ".netbox-dev-old").mkdir()
    (media / ".netbox-dev-old/x").write_bytes(b"x")
    assert beside.digest(["media"]) == before
    beside.save_media(str(tmp_path / "saved"))
    beside.load_media(str(tmp_path / "saved"))
    assert [path.name for path in media.iterdir()] == ["images"]


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def _sparse() -> tarfile.TarInfo:
    member = tarfile.TarInfo("terabyte")
    sparse = {"major": "0", "minor": "1", "name": "terabyte", "size": str(10**12), "numblocks": "1", "map": "0,1"}
    member.pax_headers = {f"GNU.sparse.{key}": value for key, value in sparse.items()}
    return member


@pytest.mark.parametrize(
    "member",
    [
        _member("../outside.png"),
        _member("images/../../outside.png"),
        _member("/outside.png"),
        _member("link", tarfile.SYMTYPE, "/etc"),
        _member("images/one.png", tarfile.LNKTYPE, "/etc/passwd"),
        _member("device", tarfile.CHRTYPE),
        _member("pipe", tarfile.FIFOTYPE),
        _member(".netbox-dev-old/x"),
        _member(".netbox-dev-new/x"),
        _sparse(),
    ],
    ids=lambda member: f"{member.name} {member.type.decode()}",
)
def test_what_is_no_uploaded_file_is_not_unpacked_and_nothing_is_lost(
    media: Path, tmp_path: Path, member: tarfile.TarInfo
) -> None:
    with tarfile.open(tmp_path / "evil", "w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(_member("fine.png"), io.BytesIO())
        archive.addfile(member, io.BytesIO())
    with pytest.raises(ValueError, match="is no uploaded file"):
        beside.load_media(str(tmp_path / "evil"))
    assert (media / "images/one.png").read_bytes() == b"one"
    assert not (media / "fine.png").exists()
    assert not (tmp_path / "outside.png").exists()


def test_an_archive_that_grows_when_it_is_unpacked_is_refused(media: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil", "w:gz") as archive:
        archive.add(media / "images/one.png", "one.png")
    with pytest.raises(tarfile.ReadError):
        beside.load_media(str(tmp_path / "evil"))
    assert (media / "images/one.png").read_bytes() == b"one"


def test_nothing_is_asked_for_nothing() -> None:
    answer: Any = beside.digest([])
    assert answer == {}


class TestAsking:
    """What is said over the wire, word for word."""

    @pytest.fixture
    def answers(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[bytes], list[bytes]]]:
        """What the server answers, one for each question; what it was asked."""
        given: list[bytes] = [b"+OK\r\n", b"+OK\r\n"]
        heard: list[bytes] = []
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            wire, _address = listener.accept()
            with wire:
                # What is asked after the last answer is read, too: else the connection would be reset, not closed.
                while said := wire.recv(1 << 16):
                    heard.append(said)
                    if not given:
                        break
                    wire.sendall(given.pop(0))

        options = {"HOST": "127.0.0.1", "PORT": listener.getsockname()[1], "PASSWORD": "secret", "DATABASE": 1}
        monkeypatch.setattr(beside, "_configuration", lambda *_: {"tasks": options})
        thread = threading.Thread(target=serve)
        thread.start()
        yield given, heard
        given.clear()
        listener.close()
        thread.join(5)

    def test_every_kind_of_answer_is_understood(self, answers: tuple[list[bytes], list[bytes]]) -> None:
        given, heard = answers
        given += [b"*3\r\n$4\r\nbu\r\n\r\n$-1\r\n:7\r\n", b"*0\r\n", b"-WRONGTYPE no\r\n"]
        ask = beside.Asking("tasks")
        assert ask("HMGET", b"key", "state") == [b"bu\r\n", None, 7]
        assert ask("SMEMBERS", "x") == []
        with pytest.raises(OSError, match="Redis: WRONGTYPE no"):
            ask("LLEN", "x")
        with pytest.raises(OSError, match="closed"):
            ask("LLEN", "x")
        assert heard[:3] == [
            b"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n",
            b"*2\r\n$6\r\nSELECT\r\n$1\r\n1\r\n",
            b"*3\r\n$5\r\nHMGET\r\n$3\r\nkey\r\n$5\r\nstate\r\n",
        ]

    def test_keys_are_asked_for_until_there_are_no_more(self, answers: tuple[list[bytes], list[bytes]]) -> None:
        given, _heard = answers
        given += [b"*2\r\n$1\r\n7\r\n*1\r\n$1\r\nb\r\n", b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\nb\r\n$1\r\na\r\n"]
        assert beside.Asking("tasks").keys("*") == [b"a", b"b"]
