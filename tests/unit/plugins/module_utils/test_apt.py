# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, Hedgehog
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hedgehog.netbox_dev.plugins.module_utils import apt

DEB822 = """\
# The distribution
Types: deb deb-src
URIs: http://mirror.example/debian http://other.example/debian
# A comment between fields
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://disabled.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://keyed.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 bGV0dGVycw==
 -----END PGP PUBLIC KEY BLOCK-----
"""

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/a.gpg,/b.gpg] http://mirror.example/debian bookworm main contrib # why
deb-src http://mirror.example/debian bookworm main
deb http://plain.example/debian bookworm-updates main
deb cdrom:[Debian 12]/ bookworm main
nonsense
"""


def test_a_deb822_file_gives_its_enabled_sources_of_binary_packages() -> None:
    first, keyed = apt.parse_deb822(DEB822)
    assert first.uris == ("http://mirror.example/debian", "http://other.example/debian")
    assert first.suites == ("bookworm", "bookworm-updates")
    assert first.components == ("main", "contrib")
    assert first.signed_by == "/usr/share/keyrings/debian-archive-keyring.gpg"
    assert keyed.signed_by.startswith("\n -----BEGIN PGP")
    assert keyed.signed_by.endswith("-----END PGP PUBLIC KEY BLOCK-----")


def test_a_one_line_file_gives_its_sources_of_binary_packages() -> None:
    first, second, *_cdrom = apt.parse_one_line(ONE_LINE)
    assert first == apt.Source(
        ("http://mirror.example/debian",), ("bookworm",), ("main", "contrib"), signed_by="/a.gpg /b.gpg"
    )
    assert second == apt.Source(("http://plain.example/debian",), ("bookworm-updates",), ("main",))


def test_all_of_apts_files_are_read_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb http://one.example/debian bookworm main\n")
    for name in ("a.list", "b.sources", "c.list.disabled", "d.list.save"):
        text = DEB822 if name.endswith(".sources") else f"deb http://{name}.example/ bookworm main\n"
        (tmp_path / "sources.list.d" / name).write_text(text)
    uris = [source.uris[0] for source in apt.read_sources(tmp_path)]
    assert uris == [
        "http://one.example/debian",
        "http://a.list.example/",
        "http://mirror.example/debian",
        "http://keyed.example/debian",
    ]


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert apt.read_sources(tmp_path) == []


def test_a_newer_suite_is_borrowed_from_the_mirror_that_gives_the_machines_own() -> None:
    assert apt.borrow(apt.parse_deb822(DEB822), "bookworm", "trixie") == (
        "Types: deb\n"
        "URIs: http://mirror.example/debian http://other.example/debian\n"
        "Suites: trixie\n"
        "Components: main\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
    )


def test_what_is_borrowed_can_be_read_again() -> None:
    borrowed = apt.borrow(apt.parse_deb822(DEB822), "trixie", "forky")
    assert apt.parse_deb822(borrowed)[0].signed_by == apt.parse_deb822(DEB822)[1].signed_by


@pytest.mark.parametrize(
    "source",
    [
        apt.Source(("http://mirror.example/debian",), ("bullseye",), ("main",)),
        apt.Source(("http://mirror.example/debian-security",), ("bookworm-security",), ("main",)),
        apt.Source(("http://mirror.example/extra",), ("bookworm",), ("stable",)),
    ],
    ids=["another release", "security updates only", "a third party's repository"],
)
def test_nothing_is_borrowed_from_a_source_of_something_else(source: apt.Source) -> None:
    assert apt.borrow([source], "bookworm", "trixie") == ""


def test_candidates_leave_out_what_apt_would_not_install() -> None:
    text = """\
docker-compose:
  Installed: (none)
  Candidate: 2.26.1-4
  Version table:
     2.26.1-4 700
docker-cli:
  Installed: (none)
  Candidate: (none)
docker.io:
  Installed: 20.10.24+dfsg1-1
  Candidate: 20.10.24+dfsg1-1
"""
    assert apt.parse_policy(text) == {"docker-compose": "2.26.1-4", "docker.io": "20.10.24+dfsg1-1"}
